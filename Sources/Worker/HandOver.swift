// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import Threads
import Values

/// Takes partitions over: reads their journal, goes on with their rollouts, then lets their events in.
///
/// Each partition by itself, so that a long journal or an open transaction in one delays no other.
struct HandOver: Sendable {
    /// What is to become of a partition; either ends an earlier taking over of it.
    enum Request: Sendable {
        /// Take it over in this epoch, unless that is over by then.
        case takeOver(Assignment)
        /// It is no longer ours.
        case leave(Partition)

        fileprivate var partition: Partition {
            switch self {
            case .takeOver(let assignment): assignment.partition
            case .leave(let partition): partition
            }
        }
    }

    /// A partition in an epoch of it.
    struct Assignment: Sendable {
        var partition: Partition
        var epoch: UInt64
    }

    let consumer: Consumer
    let reader: JournalReader
    let holdings: Holdings
    let driver: Driver
    let journal: Journal
    let health: WorkerHealth
    let metrics: WorkerMetrics
    let logger: Logger
    let clock: WorkerClock
    let eventsTopic: String
    let journalTopic: String
    let start: WorkerSettings.StartFrom
    /// How long ended rollouts are known; `nil` for ever.
    let horizon: Span?
    /// Whether the journal is read; `false` only where a test takes that away.
    let restores: Bool
    let requests: AsyncStream<Request>
    /// Lets events in where that may be now; else the intake does it later.
    let flow: IntakeFlow

    /// Between attempts while Kafka is away.
    private static let backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))

    /// Takes over what is asked for, until the stream of requests ends.
    ///
    /// A partition's earlier taking over ends first: two readers of one partition would take each other's records.
    ///
    /// - Throws: `WorkerFailure` when a journal can't be read by this version.
    func run() async throws {
        // A child's error ends neither the wait for the next request nor the group: it goes this way.
        let (failures, failed) = AsyncThrowingStream.makeStream(of: Never.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.takeOverAll { failed.finish(throwing: $0) } }
            group.addTask { for try await _ in failures {} }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// One taking over of a partition.
    private struct Turn: Sendable {
        /// Another one is to follow.
        let isOver = Completion()
        /// It has ended.
        let hasEnded = Completion()
    }

    private func takeOverAll(failed: @escaping @Sendable (any Error) -> Void) async {
        await withDiscardingTaskGroup { group in
            var newest: [Partition: Turn] = [:]
            for await request in self.requests {
                // One of an epoch that is over must not end the taking over of a later one.
                if case .takeOver(let assignment) = request, !self.isWanted(assignment) { continue }
                let (earlier, turn) = (newest[request.partition], Turn())
                newest[request.partition] = turn
                earlier?.isOver.complete()
                group.addTask {
                    await earlier?.hasEnded.wait()
                    if case .takeOver(let assignment) = request {
                        do { try await self.takeOver(assignment, until: turn.isOver) } catch { failed(error) }
                    }
                    turn.hasEnded.complete()
                }
            }
        }
    }

    private func takeOver(_ assignment: Assignment, until isOver: Completion) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // Whoever waits for the other child, which no cancellation ends, goes on.
                defer { isOver.complete() }
                try await self.takeOver(assignment)
            }
            group.addTask { await isOver.wait() }
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func takeOver(_ assignment: Assignment) async throws {
        let logger = self.logger.with(["partition": .integer(assignment.partition.rawValue)])
        var failures = 0
        while self.isWanted(assignment), !Task.isCancelled {
            do {
                try await self.restore(assignment, logger)
                self.health.restoring(self.holdings.restoring)
                return
            } catch let error as JournalImage.Failure {
                throw WorkerFailure(.journalUnreadable, "partition \(assignment.partition): \(error)")
            } catch is CancellationError {
                return
            } catch let error as KafkaError {
                // A closed client says that the worker is stopping: its partitions are the next one's.
                guard !Task.isCancelled, self.isWanted(assignment), !error.isClosed else { return }
                failures += 1
                self.health.restoring(self.holdings.restoring, obstacle: error)
                logger.warning("journal could not be read, trying again", ["error": .error(error)])
                // Ends early with the task; then the loop ends, too.
                try? await Task.sleep(for: Self.backoff.delay(afterFailures: failures).duration)
            }
        }
    }

    private func isWanted(_ assignment: Assignment) -> Bool {
        self.holdings.restoringEpoch(of: assignment.partition) == assignment.epoch
    }

    private func restore(_ assignment: Assignment, _ logger: Logger) async throws {
        let began = self.clock.monotonic
        let events = TopicPartition(self.eventsTopic, assignment.partition)
        let journal = TopicPartition(self.journalTopic, assignment.partition)
        let image = self.restores ? try await self.reader.image(of: journal) : JournalImage()
        let (records, begunAt) = (image.recordCount, image.begunAt)
        let restored = try image.restored()
        let position = try await self.position(events, begunAt: begunAt, logger)
        let unfinished = restored.unfinished.count
        let seek = try await self.consumer.seek(events, to: position)
        guard
            self.holdings.beginHolding(assignment.partition, epoch: assignment.epoch, position: position, seek: seek)
        else { return }
        // Fixes where a new group begins, and warms the producer up: its first transaction can take a second.
        self.journal.append([
            JournalItem(
                partition: assignment.partition,
                epoch: assignment.epoch,
                content: .begun(isFirst: begunAt == nil),
                next: position
            )
        ])
        await self.driver.restore(assignment.partition, epoch: assignment.epoch, restored)
        guard self.holdings.open(assignment.partition, epoch: assignment.epoch) else { return }
        try await self.letIn(assignment)
        let took = self.clock.monotonic - began
        self.metrics.restored(records: records, took)
        logger.info(
            "partition taken over",
            [
                "journalRecords": .integer(records), "unfinished": .integer(unfinished),
                "position": .integer(position.rawValue), "milliseconds": .integer(took.milliseconds),
            ]
        )
    }

    /// Lets the partition's events in, unless intake is closed just now.
    private func letIn(_ assignment: Assignment) async throws {
        while self.holdings.isHeld(assignment.partition, epoch: assignment.epoch) {
            do throws(KafkaError) {
                return try await self.flow.settle()
            } catch {
                guard !error.isClosed else { return }
                self.logger.warning("partition could not be resumed, trying again", ["error": .error(error)])
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// The next event to accept: as committed, or where a new group begins.
    ///
    /// Brokers delete the offsets of a group that nobody was a member of for a week (`offsets.retention.minutes`). The
    /// journal still knows what was accepted, so everything since its own beginning is read again.
    private func position(_ events: TopicPartition, begunAt: Offset?, _ logger: Logger) async throws -> Offset {
        if let committed = try await self.consumer.committed([events])[events] { return committed }
        guard let watermarks = try await self.consumer.watermarks([events])[events] else {
            throw WorkerFailure(.topics, "the leader of \(events) named no offsets")
        }
        if let begunAt {
            let position = try await self.position(events, within: watermarks, begunAt: begunAt)
            logger.warning(
                "the committed offset is gone, reading again what the journal may know",
                ["position": .integer(position.rawValue), "end": .integer(watermarks.high.rawValue)]
            )
            return position
        }
        return try await self.first(events, within: watermarks)
    }

    /// Where to read again what the journal may know: not what it may have forgotten.
    private func position(
        _ events: TopicPartition,
        within watermarks: Watermarks,
        begunAt: Offset
    ) async throws -> Offset {
        if case .beginning = self.start { return watermarks.low }
        // Beyond the end lies what the journal says of an events topic that was deleted and made anew.
        guard begunAt <= watermarks.high else { return watermarks.low }
        let oldest = max(begunAt, watermarks.low)
        guard let horizon else { return oldest }
        let time = Timestamp.now().advanced(by: .zero - horizon.duration)
        return max(oldest, try await self.consumer.offsets(of: [events], at: time)[events] ?? watermarks.high)
    }

    /// Where a first start begins.
    private func first(_ events: TopicPartition, within watermarks: Watermarks) async throws -> Offset {
        switch self.start {
        case .beginning: return watermarks.low
        case .now: return watermarks.high
        case .time(let time):
            return try await self.consumer.offsets(of: [events], at: time)[events] ?? watermarks.high
        }
    }
}
