// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import Threads
import Values

/// Follows the consumer group: takes partitions on, hands them over, starts over after a lost producer.
struct GroupEvents: Sendable {
    let settings: WorkerSettings
    let parts: Worker.Parts
    let holdings: Holdings
    let health: WorkerHealth
    let metrics: WorkerMetrics
    let logger: Logger
    let handOvers: AsyncStream<HandOver.Request>.Continuation
    let flow: IntakeFlow

    /// Handles one event of the consumer that brings no records.
    ///
    /// - Throws: `WorkerFailure` for what makes going on pointless.
    func handle(_ event: ConsumerEvent) async throws {
        switch event {
        case .records: preconditionFailure("records go to intake")
        case .assigned(let partitions, let membership): try self.assigned(partitions, membership)
        case .membershipChanged(let membership): self.holdings.setMembership(membership)
        case .revoked(let partitions, let hold):
            await self.handOver(partitions)
            hold.release()
        case .lost(let partitions):
            self.logger.warning("partitions lost", ["partitions": .string(Self.list(partitions))])
            self.holdings.setMembership(nil)
            await self.drop(partitions.map(\.partition))
        case .offsetOutOfRange(let partition, let offset):
            self.metrics.eventsLost()
            self.logger.error(
                "committed offset is out of range: events were deleted before they were accepted",
                ["partition": .integer(partition.partition.rawValue), "offset": .integer(offset.rawValue)]
            )
        case .error(let error):
            guard !error.isFatal, !error.isAuthentication else { throw WorkerFailure(.kafka, error.description) }
            if error.isAuthorization { self.health.consumerFailed(error) }
            self.logger.warning("consumer error", ["error": .error(error)])
        }
    }

    private func assigned(_ partitions: [TopicPartition], _ membership: GroupMembership) throws {
        self.logger.info("partitions assigned", ["partitions": .string(Self.list(partitions))])
        self.holdings.setMembership(membership)
        self.health.consumerWorks()
        for partition in partitions {
            guard partition.partition.rawValue < self.parts.topics.partitionCount else {
                throw WorkerFailure(
                    .topics,
                    "topic '\(partition.topic)' has grown beyond \(self.parts.topics.partitionCount) partitions: "
                        + "drain it, give the journal as many, and restart (slipway topics check)"
                )
            }
            self.request(partition.partition)
        }
        self.health.restoring(self.holdings.restoring)
    }

    private func request(_ partition: Partition) {
        let epoch = self.holdings.beginRestoring(partition)
        self.handOvers.yield(.takeOver(HandOver.Assignment(partition: partition, epoch: epoch)))
    }

    /// Gives partitions up while they are still ours: nothing new is sent, what may have been sent is awaited.
    private func handOver(_ partitions: [TopicPartition]) async {
        self.logger.info("partitions revoked", ["partitions": .string(Self.list(partitions))])
        let numbers = partitions.map(\.partition)
        self.holdings.beginLeaving(numbers)
        await self.parts.driver.leave(numbers)
        let deadline = ContinuousClock.now + self.settings.revocationTimeout
        await self.journalQuiet(until: deadline)
        let holdings = self.holdings
        let left = max(.zero, deadline - ContinuousClock.now)
        if await !holdings.wait(timeout: left, until: { holdings.creatingCalls(numbers) == 0 }) {
            self.logger.warning("partitions handed over while a creating call was under way")
        }
        // What the calls brought may be on its way into the journal; what is not is found by looking.
        await self.journalQuiet(until: deadline)
        await self.drop(numbers)
    }

    private func journalQuiet(until deadline: ContinuousClock.Instant) async {
        let quiet = Completion()
        self.parts.journal.tellWhenQuiet(quiet)
        await quiet.wait(until: deadline)
    }

    private func drop(_ partitions: [Partition]) async {
        self.holdings.remove(partitions)
        // Ends what still reads their journals, maybe behind somebody's open transaction.
        for partition in partitions { self.handOvers.yield(.leave(partition)) }
        self.parts.journal.dropUnheld()
        self.parts.journal.forgetObstacles()
        await self.parts.driver.release(partitions)
        self.health.restoring(self.holdings.restoring)
        if self.holdings.partitions.isEmpty { self.health.waitingForAssignment() }
    }

    /// Rule 7: after a fatal error or a commit of unknown outcome, a new producer, and every partition from its journal.
    func startOver(_ error: KafkaError) async throws {
        self.metrics.startedOver()
        let topic = self.settings.topics.events
        // What memory says is of older epochs from here on, so nothing of it is sent again.
        let requests = self.holdings.beginRestoringAgain()
        self.parts.journal.dropUnheld()
        if let epoch = requests.map(\.epoch).min() {
            await self.parts.driver.release(requests.map(\.partition), before: epoch)
        }
        self.health.restoring(self.holdings.restoring)
        // Before anybody takes them over, who resumes them.
        try await self.parts.consumer.pause(requests.map { TopicPartition(topic, $0.partition) })
        for request in requests {
            self.handOvers.yield(
                .takeOver(HandOver.Assignment(partition: request.partition, epoch: request.epoch))
            )
        }
        // What was assigned anew and taken over meanwhile must not stay paused.
        try await self.flow.settle()
        try await self.parts.slot.replace()
        try await self.parts.slot.initialise()
    }

    private static func list(_ partitions: [TopicPartition]) -> String {
        partitions.map { $0.partition.description }.joined(separator: ",")
    }
}
