// SPDX-License-Identifier: Apache-2.0

import Kafka
import Telemetry
import TestSupport
import Testing
import Values

@testable import Rollouts
@testable import Worker

/// Guarantee 1 where a partition starts over: what somebody has in hand by then is read again, not accepted.
@Suite(.timeLimit(.minutes(1)))
struct StartedOverIntakeTests {
    @Test func recordsInHandWhenTheirPartitionStartsOverAreReadAgain() async throws {
        try await WorkerFixture.with(partitionCount: 1) { bed in
            let worker = Worker(
                settings: bed.settings(.catchAll),
                runner: CallRunner(client: bed.client, credentials: bed.credentials),
                logger: .disabled,
                metrics: WorkerMetrics(MetricsRegistry())
            )
            let limits = TopicCheck.Result(
                partitionCount: 1,
                maximumRecordBytes: 1_000_000,
                maximumDeadBytes: 1_000_000
            )
            let parts = try worker.makeParts(limits, .silent)
            let intake = worker.makeIntake(parts)
            for (index, run) in try await bed.seedRuns(2).enumerated() {
                try await bed.emit(run.data(model: "churn"), id: "\(index)", key: "churn")
            }
            try await parts.consumer.subscribe([bed.topics.events])
            var probe = KafkaProbe(parts.consumer)
            _ = try await probe.assignment()

            let first = worker.holdings.beginRestoring(0)
            try await Self.takeOver(worker, parts, bed, epoch: first)
            let inHand = try await Self.records(parts.consumer, until: 2)
            // The first event's transaction was lost with its producer. The reader is so slow that it hears of it late.
            for request in worker.holdings.beginRestoringAgain() {
                try await Self.takeOver(worker, parts, bed, epoch: request.epoch)
            }
            try await intake.take(inHand.records, seeks: inHand.seeks)
            #expect(await parts.driver.unfinishedCount == 0)
            #expect(parts.journal.pendingCount == 0)

            let again = try await Self.records(parts.consumer, until: 2)
            #expect(again.records.map(\.offset.rawValue) == [0, 1])
            try await intake.take(again.records, seeks: again.seeks)
            #expect(parts.journal.pendingCount == 2)
            await worker.close(parts)
        }
    }

    /// Another partition that is let in resumes whatever is open; this one's rollouts are not restored yet.
    @Test func nothingIsReadBeforeTheRolloutsGoOn() {
        let holdings = Holdings()
        let epoch = holdings.beginRestoring(0)
        #expect(holdings.beginHolding(0, epoch: epoch, position: Offset(rawValue: 0), seek: 1))
        #expect(holdings.open == [])
        #expect(holdings.accepting(0, seeks: 1) == nil)
        #expect(!holdings.open(0, epoch: epoch - 1))
        #expect(holdings.open(0, epoch: epoch))
        #expect(holdings.open == [0])
        #expect(holdings.accepting(0, seeks: 1) == epoch)
        #expect(holdings.accepting(0, seeks: 0) == nil)
        for request in holdings.beginRestoringAgain() {
            #expect(holdings.beginHolding(0, epoch: request.epoch, position: Offset(rawValue: 0), seek: 2))
        }
        #expect(holdings.open == [])
    }

    @Test func aCallOfAnEarlierAssignmentIsNotCountedAsEnded() {
        let holdings = Holdings()
        func hold() -> UInt64 {
            let epoch = holdings.beginRestoring(0)
            #expect(holdings.beginHolding(0, epoch: epoch, position: Offset(rawValue: 0), seek: 0))
            return epoch
        }
        let first = hold()
        #expect(holdings.beginCreatingCall(0, epoch: first))
        holdings.remove([0])
        let second = hold()
        #expect(holdings.beginCreatingCall(0, epoch: second))
        holdings.endCreatingCall(0, epoch: first)
        #expect(holdings.creatingCalls([0]) == 1)
        // One that was made before the partition started over is still ours.
        _ = holdings.beginRestoringAgain()
        holdings.endCreatingCall(0, epoch: second)
        #expect(holdings.creatingCalls([0]) == 0)
    }

    /// What a hand-over does, from the partition's beginning.
    private static func takeOver(
        _ worker: Worker,
        _ parts: Worker.Parts,
        _ bed: WorkerFixture,
        epoch: UInt64
    ) async throws {
        let events = TopicPartition(bed.topics.events, 0)
        let start = Offset(rawValue: 0)
        try await parts.consumer.pause([events])
        let seek = try await parts.consumer.seek(events, to: start)
        #expect(worker.holdings.beginHolding(0, epoch: epoch, position: start, seek: seek))
        await parts.driver.restore(0, epoch: epoch, try JournalImage().restored())
        #expect(worker.holdings.open(0, epoch: epoch))
        try await parts.consumer.resume([events])
    }

    /// Takes so many records out of the consumer; the number is that of the last.
    private static func records(
        _ consumer: Consumer,
        until count: Int
    ) async throws -> (records: [ConsumedRecord], seeks: Int) {
        var all: [ConsumedRecord] = []
        var newest = 0
        while all.count < count, let event = await consumer.next() {
            guard case .records(let records, let seeks) = event else { continue }
            all += records
            newest = seeks
        }
        return (all, newest)
    }
}
