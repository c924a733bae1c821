// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
package import Telemetry
import Threads

/// The worker: events in, rollouts on the workbench, statuses out.
///
/// One `run()` in its life. Stopped by `stop()`: intake ends, what is under way reaches its next step boundary within
/// `stopTimeout`, all of it is committed, the group is left. Cancelling the task ends it at once, as a crash would.
package final class Worker: Sendable {
    let settings: WorkerSettings
    let runner: CallRunner
    let logger: Logger
    let metrics: WorkerMetrics
    /// What readiness is told from.
    package let health: WorkerHealth
    let clock = WorkerClock()
    let holdings = Holdings()
    let intakeGate = IntakeGate()
    let pressure = Signal()
    let ticks = Signal()
    let process: String
    private let stopping = Completion()

    /// Creates a worker that does nothing yet.
    ///
    /// - Parameters:
    ///   - settings: What it goes by.
    ///   - runner: Makes the calls on the workbench.
    ///   - logger: Takes its log.
    ///   - metrics: Takes its metrics.
    package init(settings: WorkerSettings, runner: CallRunner, logger: Logger, metrics: WorkerMetrics) {
        self.settings = settings
        self.runner = runner
        self.logger = logger
        self.metrics = metrics
        self.health = WorkerHealth()
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        self.process = "\(settings.transactionalIDPrefix)-\(settings.groupID)-\(random)"
    }

    /// Asks for an orderly end; `run()` returns when it is done.
    ///
    /// Callable from anywhere, any number of times.
    package func stop() { self.stopping.complete() }

    /// Works until `stop()` is called.
    ///
    /// - Throws: `WorkerFailure` when it can't start or can't go on; `KafkaError` when librdkafka can't make a client.
    package func run() async throws {
        let observer = KafkaLog(logger: self.logger).observer
        let checked = try await TopicCheck(settings: self.settings, observer: observer, logger: self.logger).run()
        let slot = try self.makeProducerSlot(observer)
        try await slot.initialise()
        var consumerSettings = ConsumerSettings(groupID: self.settings.groupID)
        consumerSettings.groupInstanceID = self.settings.groupInstanceID
        consumerSettings.sessionTimeout = self.settings.sessionTimeout
        consumerSettings.revocationTimeout = self.settings.revocationTimeout
        let consumer = try Consumer(properties: self.settings.kafka, settings: consumerSettings, observer: observer)
        let properties = self.settings.kafka
        let reader = JournalReader { () throws(KafkaError) in
            try PartitionReader(properties: properties, observer: observer)
        }
        let journal = self.makeJournal(checked)
        let driver = self.makeDriver(journal)
        let parts = Parts(
            slot: slot,
            consumer: consumer,
            reader: reader,
            journal: journal,
            driver: driver,
            topics: checked
        )
        do {
            try await self.work(parts)
        } catch {
            await self.close(parts)
            throw error
        }
        await self.close(parts)
        self.logger.notice("stopped")
    }

    /// What one run is made of.
    struct Parts: Sendable {
        var slot: ProducerSlot
        var consumer: Consumer
        var reader: JournalReader
        var journal: Journal
        var driver: Driver
        var topics: TopicCheck.Result
    }

    private func makeProducerSlot(_ observer: ClientObserver) throws(KafkaError) -> ProducerSlot {
        var settings = TransactionSettings(transactionalID: self.process)
        settings.transactionTimeout = self.settings.transactionTimeout
        let (properties, final, checkpoints) = (self.settings.kafka, settings, self.settings.checkpoints)
        return try ProducerSlot(logger: self.logger) { () throws(KafkaError) in
            try TransactionalProducer(
                properties: properties,
                settings: final,
                observer: observer,
                committing: { checkpoints(.beforeCommit) }
            )
        }
    }

    private func makeJournal(_ checked: TopicCheck.Result) -> Journal {
        let topics = self.settings.topics
        return Journal(
            settings: Journal.Settings(
                topics: JournalBatch.Topics(
                    events: topics.events,
                    status: topics.status,
                    journal: topics.journal,
                    dead: topics.dead
                ),
                process: self.process,
                status: JournalBatch.StatusContext(
                    source: "/slipway/\(self.settings.groupID)",
                    endpointURL: self.settings.endpointURL
                ),
                maximumRecordBytes: checked.maximumRecordBytes,
                checkpoints: self.settings.checkpoints,
                isFenced: !self.settings.ablation.contains(.fence)
            ),
            holdings: self.holdings,
            health: self.health,
            metrics: self.metrics,
            logger: self.logger,
            clock: self.clock
        )
    }

    private func makeDriver(_ journal: Journal) -> Driver {
        Driver(
            policy: self.settings.policy,
            journal: journal,
            holdings: self.holdings,
            health: self.health,
            metrics: self.metrics,
            logger: self.logger,
            clock: self.clock,
            alarm: Alarm(clock: self.clock, signal: self.ticks),
            pressure: self.pressure,
            seed: UInt64.random(in: 0...UInt64.max)
        )
    }

    /// Runs all loops; the end of the first one that fails ends the others.
    private func work(_ parts: Parts) async throws {
        let (requests, handOvers) = AsyncStream.makeStream(of: HandOver.Request.self)
        let handOver = self.makeHandOver(parts, requests)
        let membership = GroupEvents(
            settings: self.settings,
            parts: parts,
            holdings: self.holdings,
            health: self.health,
            metrics: self.metrics,
            logger: self.logger,
            handOvers: handOvers
        )
        let intake = self.makeIntake(parts)
        try await parts.consumer.subscribe([self.settings.topics.events])
        self.health.waitingForAssignment()
        self.logger.notice("started", ["group": .string(self.settings.groupID), "process": .string(self.process)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await parts.journal.run(
                    producer: { await parts.slot.current },
                    listener: parts.driver,
                    rebuild: { try await membership.startOver($0) }
                )
            }
            group.addTask {
                await CallLoop(
                    runner: self.runner,
                    holdings: self.holdings,
                    clock: self.clock,
                    driver: parts.driver,
                    checkpoints: self.settings.checkpoints,
                    ablation: self.settings.ablation
                )
                .run()
            }
            group.addTask { for await _ in self.ticks.signals { await parts.driver.timePassed() } }
            group.addTask { try await handOver.run() }
            group.addTask { try await intake.openAgain(self.pressure) }
            group.addTask { try await self.readEvents(parts, membership, intake) }
            group.addTask {
                await self.waitForStop()
                try await self.shutDown(parts, handOvers)
            }
            defer { group.cancelAll() }
            for try await _ in group {}
        }
    }

    private func makeHandOver(_ parts: Parts, _ requests: AsyncStream<HandOver.Request>) -> HandOver {
        let gate = self.intakeGate
        return HandOver(
            consumer: parts.consumer,
            reader: parts.reader,
            holdings: self.holdings,
            driver: parts.driver,
            journal: parts.journal,
            health: self.health,
            metrics: self.metrics,
            logger: self.logger,
            clock: self.clock,
            eventsTopic: self.settings.topics.events,
            journalTopic: self.settings.topics.journal,
            start: self.settings.startFrom,
            restores: !self.settings.ablation.contains(.journal),
            requests: requests,
            isOpen: { gate.isOpen }
        )
    }

    private func makeIntake(_ parts: Parts) -> Intake {
        Intake(
            settings: self.settings,
            decision: IntakeDecision(
                settings: self.settings,
                partitionCount: parts.topics.partitionCount,
                maximumDeadBytes: parts.topics.maximumDeadBytes
            ),
            consumer: parts.consumer,
            driver: parts.driver,
            journal: parts.journal,
            holdings: self.holdings,
            gate: self.intakeGate,
            health: self.health,
            logger: self.logger
        )
    }

    /// Hands each of the consumer's events to the part that it concerns, until the consumer is closed.
    private func readEvents(_ parts: Parts, _ membership: GroupEvents, _ intake: Intake) async throws {
        while let event = await parts.consumer.next() {
            switch event {
            case .records(let records): try await intake.take(records)
            default: try await membership.handle(event)
            }
        }
    }

    private func waitForStop() async {
        await withTaskCancellationHandler {
            await self.stopping.wait()
        } onCancel: {
            self.stopping.complete()
        }
    }

    /// Stop intake, let calls end, write everything down, leave the group: each within what is left of the time.
    private func shutDown(_ parts: Parts, _ handOvers: AsyncStream<HandOver.Request>.Continuation) async throws {
        self.logger.notice("stopping")
        self.health.stopping()
        self.intakeGate.close(.stopping)
        let deadline = ContinuousClock.now + self.settings.stopTimeout
        let held = self.holdings.partitions.map { TopicPartition(self.settings.topics.events, $0) }
        try await parts.consumer.pause(held)
        await parts.driver.stop()
        let idle = Completion()
        await parts.driver.tellWhenIdle(idle)
        await idle.wait(until: deadline)
        let written = Completion()
        parts.journal.tellWhenIdle(written)
        await written.wait(until: deadline)
        handOvers.finish()
        await parts.driver.close()
        parts.journal.close()
        self.pressure.finish()
        self.ticks.finish()
        await parts.consumer.close()
    }

    /// Closes what C libraries hold, in order; each part bounds its own end.
    private func close(_ parts: Parts) async {
        await parts.driver.close()
        await parts.consumer.close()
        await parts.slot.close()
    }
}
