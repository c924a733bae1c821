// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
package import Telemetry
import Threads
import Values

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
    let progress = ProgressNotes()
    let process: String
    private let stopRequest = StopRequest()

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
    package func stop() { self.stopRequest.make() }

    /// Works until `stop()` is called.
    ///
    /// - Throws: `WorkerFailure`, which names why it can't start or can't go on; `CancellationError`.
    package func run() async throws {
        do {
            try await self.startAndWork()
        } catch let error as KafkaError {
            // A call that was under way when the clients were closed is no failure of a worker that was told to stop.
            guard error.isClosed, self.stopRequest.isMade else {
                throw WorkerFailure(error.isClientImpossible ? .properties : .kafka, error.description)
            }
        }
        self.logger.notice("stopped")
    }

    private func startAndWork() async throws {
        let observer = KafkaLog(logger: self.logger).observer
        let check = TopicCheck(settings: self.settings, observer: observer, logger: self.logger)
        // Both wait for Kafka however long it is away.
        guard let topics = try await self.stopRequest.unlessMade({ try await check.run() }) else { return }
        let parts = try self.makeParts(topics, observer)
        do {
            if try await self.stopRequest.unlessMade({ try await parts.slot.initialise() }) != nil {
                try await self.work(parts)
            }
        } catch {
            await self.close(parts)
            throw error
        }
        await self.close(parts)
    }

    /// Puts the parts of one run together; connects nothing yet.
    func makeParts(_ topics: TopicCheck.Result, _ observer: ClientObserver) throws(KafkaError) -> Parts {
        let slot = try self.makeProducerSlot(observer)
        var consumerSettings = ConsumerSettings(groupID: self.settings.groupID)
        consumerSettings.groupInstanceID = self.settings.groupInstanceID
        consumerSettings.sessionTimeout = self.settings.sessionTimeout
        consumerSettings.revocationTimeout = self.settings.revocationTimeout
        let consumer = try Consumer(properties: self.settings.kafka, settings: consumerSettings, observer: observer)
        let properties = self.settings.kafka
        let reader = JournalReader { () throws(KafkaError) in
            // Waits a quarter of the usual time at the journal's end, where it seldom stays.
            try PartitionReader(properties: properties, endWait: .milliseconds(25), observer: observer)
        }
        let journal = self.makeJournal(topics)
        return Parts(
            slot: slot,
            consumer: consumer,
            reader: reader,
            journal: journal,
            driver: self.makeDriver(journal),
            topics: topics
        )
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
                maximumEventBytes: checked.maximumEventBytes,
                checkpoints: self.settings.checkpoints,
                isFenced: !self.settings.ablation.contains(.fence)
            ),
            holdings: self.holdings,
            health: self.health,
            metrics: self.metrics,
            logger: self.logger,
            clock: self.clock,
            progress: self.progress
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
            progress: self.progress,
            pressure: self.pressure,
            seed: UInt64.random(in: 0...UInt64.max)
        )
    }

    /// Runs all loops; the end of the first one that fails ends the others, and so does the orderly stop.
    private func work(_ parts: Parts) async throws {
        let (requests, handOvers) = AsyncStream.makeStream(of: HandOver.Request.self)
        let handOver = self.makeHandOver(parts, requests)
        let membership = self.makeGroupEvents(parts, handOvers)
        let intake = self.makeIntake(parts)
        try await parts.consumer.subscribe([self.settings.topics.events])
        self.health.waitingForAssignment()
        await parts.driver.begin()
        let watch = self.makeWatch(parts)
        watch.start()
        defer { watch.stop() }
        self.logger.notice("started", ["group": .string(self.settings.groupID), "process": .string(self.process)])
        try await withThrowingTaskGroup(of: LoopEnd.self) { group in
            func run(_ loop: @escaping @Sendable () async throws -> Void) {
                group.addTask {
                    try await loop()
                    return .loopEnded
                }
            }
            run {
                try await parts.journal.run(
                    for: Journal.User(
                        producer: { await parts.slot.current },
                        listener: parts.driver,
                        rebuild: { try await membership.startOver($0) }
                    )
                )
            }
            run { await self.makeCallLoop(parts).run() }
            run { for await _ in self.ticks.signals { await parts.driver.timePassed() } }
            run { try await handOver.run() }
            run { try await self.makeLagWatch(parts).run() }
            run { try await intake.openAgain(self.pressure) }
            run { try await self.readEvents(parts, membership, intake) }
            group.addTask {
                await self.stopRequest.wait()
                try await self.shutDown(parts, handOvers)
                return .shutDown
            }
            defer { group.cancelAll() }
            // What still tries after the shutdown, such as the journal while Kafka is away, has had its time.
            for try await end in group where end == .shutDown { return }
        }
    }

    /// Why one of the loops has ended without an error.
    private enum LoopEnd: Sendable {
        case loopEnded
        case shutDown
    }

    private func makeLagWatch(_ parts: Parts) -> LagWatch {
        LagWatch(
            consumer: parts.consumer,
            holdings: self.holdings,
            metrics: self.metrics,
            logger: self.logger,
            eventsTopic: self.settings.topics.events
        )
    }

    /// Follows the group for one run.
    func makeGroupEvents(_ parts: Parts, _ handOvers: AsyncStream<HandOver.Request>.Continuation) -> GroupEvents {
        GroupEvents(
            settings: self.settings,
            parts: parts,
            holdings: self.holdings,
            health: self.health,
            metrics: self.metrics,
            logger: self.logger,
            handOvers: handOvers,
            flow: self.makeIntakeFlow(parts)
        )
    }

    /// Makes the calls of one run.
    func makeCallLoop(_ parts: Parts) -> CallLoop {
        CallLoop(
            runner: self.runner,
            holdings: self.holdings,
            clock: self.clock,
            progress: self.progress,
            driver: parts.driver,
            checkpoints: self.settings.checkpoints,
            ablation: self.settings.ablation
        )
    }

    /// Looks whether the worker gets on in one run.
    func makeWatch(_ parts: Parts) -> ProgressWatch {
        let (clock, consumer) = (self.clock, parts.consumer)
        return ProgressWatch(
            judge: ProgressJudge(
                stallAfter: Span(self.settings.stallAfter),
                requestTimeout: self.settings.policy.requestTimeout
            ),
            exitAfter: Span(self.settings.exitAfter),
            progress: self.progress,
            lastPoll: { consumer.lastPoll.map { clock.time(of: $0) } },
            health: self.health,
            logger: self.logger,
            clock: clock,
            end: self.settings.stalled
        )
    }

    /// Takes partitions over in one run.
    func makeHandOver(_ parts: Parts, _ requests: AsyncStream<HandOver.Request>) -> HandOver {
        HandOver(
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
            horizon: self.settings.policy.dedupeHorizon,
            restores: !self.settings.ablation.contains(.journal),
            requests: requests,
            flow: self.makeIntakeFlow(parts)
        )
    }

    private func makeIntakeFlow(_ parts: Parts) -> IntakeFlow {
        IntakeFlow(
            gate: self.intakeGate,
            consumer: parts.consumer,
            holdings: self.holdings,
            eventsTopic: self.settings.topics.events
        )
    }

    /// Takes the events of one run over.
    func makeIntake(_ parts: Parts) -> Intake {
        Intake(
            settings: self.settings,
            decision: IntakeDecision(
                settings: self.settings,
                partitionCount: parts.topics.partitionCount,
                maximumDeadBytes: parts.topics.maximumDeadBytes
            ),
            driver: parts.driver,
            journal: parts.journal,
            holdings: self.holdings,
            flow: self.makeIntakeFlow(parts),
            health: self.health,
            logger: self.logger
        )
    }

    /// Hands each of the consumer's events to the part that it concerns, until the consumer is closed.
    private func readEvents(_ parts: Parts, _ membership: GroupEvents, _ intake: Intake) async throws {
        while let event = await parts.consumer.next() {
            self.progress.handling(since: self.clock.monotonic)
            defer { self.progress.handling(since: nil) }
            switch event {
            case .records(let records, let seeks): try await intake.take(records, seeks: seeks)
            case .assigned, .membershipChanged, .revoked, .lost, .offsetOutOfRange, .error:
                try await membership.handle(event)
            }
        }
    }

    /// Stop intake, let calls end, write everything down, leave the group: each within what is left of the time.
    private func shutDown(_ parts: Parts, _ handOvers: AsyncStream<HandOver.Request>.Continuation) async throws {
        self.logger.notice("stopping")
        self.health.stopping()
        self.intakeGate.close(.stopping)
        let deadline = ContinuousClock.now + self.settings.stopTimeout
        try await self.makeIntakeFlow(parts).settle()
        await parts.driver.stop()
        let idle = Completion()
        await parts.driver.tellWhenIdle(idle)
        await idle.wait(until: deadline)
        let written = Completion()
        parts.journal.tellWhenIdle(written)
        await written.wait(until: deadline)
        handOvers.finish()
        // A journal that is being read may be held back by an open transaction for longer than anybody waits.
        await parts.reader.close()
        await parts.driver.close()
        parts.journal.close()
        self.pressure.finish()
        self.ticks.finish()
        await parts.consumer.close()
    }

    /// Closes what C libraries hold, in order; each part bounds its own end.
    func close(_ parts: Parts) async {
        await parts.driver.close()
        await parts.consumer.close()
        await parts.slot.close()
    }
}
