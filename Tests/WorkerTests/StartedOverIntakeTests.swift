// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Kafka
import TestSupport
import Testing
import Values
import WorkbenchAPI

@testable import Machine
@testable import Rollouts
@testable import Worker

/// Guarantee 1 where a partition starts over: what somebody has in hand by then is read again, not accepted.
@Suite(.timeLimit(.minutes(1)))
struct StartedOverIntakeTests {
    /// What the group's port has told so far.
    private struct Told {
        let inbox: LoopInbox
        var membership: GroupMembership?
        var assigned: Set<ReadPartition> = []
        var records: [(lease: Lease, entries: [IntakeEntry])] = []

        /// Waits until it has told enough.
        mutating func wait(until isDone: (Told) -> Bool) async throws {
            while !isDone(self) {
                for input in self.inbox.take() {
                    switch input {
                    case .group(.assigned(let partitions, let membership)):
                        self.assigned.formUnion(partitions)
                        self.membership = membership
                    case .group(.records(let lease, let entries)): self.records.append((lease, entries))
                    case .group, .journal, .workbench, .commands, .woke, .stop: break
                    }
                }
                guard !isDone(self) else { return }
                for await _ in self.inbox.signals { break }
                try Task.checkCancellation()
            }
        }

        func offsets(_ lease: Lease) -> [Int64] {
            self.records.filter { $0.lease == lease }.flatMap { $0.entries.map(\.next.rawValue) }
        }
    }

    @Test func recordsInHandWhenTheirPartitionStartsOverAreReadAgain() async throws {
        try await WorkerFixture.with(partitionCount: 1) { bed in
            for (index, run) in try await bed.seedRuns(2).enumerated() {
                try await bed.emit(run.data(model: "churn"), id: "\(index)", key: "churn")
            }
            let settings = bed.settings(.catchAll)
            let inbox = LoopInbox()
            let group = KafkaGroup(
                consumer: try Consumer(properties: bed.kafka, settings: settings.consumerSettings),
                endReader: try PartitionReader(properties: bed.kafka, isolation: .uncommitted),
                topics: bed.topics,
                intake: Intake(settings.intake(inboxPartitions: 1)),
                clock: WorkerClock(),
                inbox: inbox
            )
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                let events = ReadPartition(.events(0), 0)
                var told = Told(inbox: inbox)
                try await told.wait { $0.assigned.contains(events) }
                var ownership = PartitionOwnership.holding([events: 0])
                let first = try #require(ownership.held.first)
                group.perform(.read(first, from: 0, isPaused: false))
                // Read, and in somebody's hand: the loop has not looked at it.
                try await told.wait { $0.offsets(first).count == 2 }
                // The first event's transaction was lost with its producer.
                let orders = ownership.startOver()
                #expect(!ownership.accepts(first), "what was read under the old lease is not accepted")
                guard case .locate(let second, _)? = orders.first else {
                    Issue.record("the partition is not looked up again")
                    return
                }
                #expect(!ownership.accepts(second), "nor anything before its rollouts go on")
                _ = ownership.located(second, .success(.committed(0)), now: Now(monotonic: .zero, wall: .epoch))
                #expect(ownership.accepts(second))
                group.perform(.read(second, from: 0, isPaused: false))
                try await told.wait { $0.offsets(second).count == 2 }
                #expect(told.offsets(second) == [1, 2], "all of it is read again, and in order")
                await group.close()
                try await tasks.waitForAll()
            }
        }
    }

    /// A creating call that was made before its partition started over, or went and came back, is still under way.
    @Test func aCallOfAnEarlierLeaseIsNotCountedAsEnded() throws {
        let dialect = Dialect(
            baseURL: try ServiceURL("http://workbench.test"),
            modelServiceURL: try ServiceURL("http://models.test")
        )
        var calls = CallsUnderWay(dialect: dialect)
        var requests: [PlannedRequest] = []
        let leases = [1, 2].map { Lease(.inbox(0), epoch: $0) }
        for (number, lease) in leases.enumerated() {
            let request = ModelRequest(
                projectID: "p",
                name: "churn",
                description: "",
                registeredModelID: "",
                disableAuthentication: false
            )
            let end = calls.begin(
                UInt64(number),
                .createModel(request),
                lease: lease,
                startBefore: .zero,
                now: .zero,
                requests: &requests
            )
            #expect(end == nil)
        }
        let answer = WorkbenchAnswer.Outcome.failure(
            HTTPFailure(kind: .timeout, mayHaveBeenSent: true, message: "late")
        )
        let now = Now(monotonic: .zero, wall: .epoch)
        var reports: [Report] = []
        func isCreating() -> Bool { calls.isCreating { $0.subject == .inbox(0) } }
        #expect(isCreating())
        _ = calls.answered(WorkbenchAnswer(id: requests[0].id, answer), now: now, reports: &reports)
        #expect(isCreating())
        _ = calls.answered(WorkbenchAnswer(id: requests[1].id, answer), now: now, reports: &reports)
        #expect(!isCreating())
    }
}
