// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import Kafka
import Machine
import Rollouts
package import Telemetry
import Values
import WorkbenchAPI

/// The worker: events in, rollouts on the workbench, statuses out.
///
/// Everything is decided by a `WorkerMachine`; this puts the loop and the ports around it together, runs them and ends them in
/// order. One `run()` in its life. Stopped by `stop()`: intake ends, what is under way reaches its next step boundary within
/// `stopTimeout`, all of it is committed, the group is left. Cancelling the task ends it at once, as a crash would.
package final class Worker: Sendable {
    let settings: WorkerSettings
    let workbench: WorkbenchAccess
    let logger: Logger
    /// What readiness is told from.
    package let health = WorkerHealth()
    private let observer: WorkerObservers
    private let clock = WorkerClock()
    private let inbox = LoopInbox()
    private let stopRequest = StopRequest()
    /// The transactional id of this process.
    let process: String

    /// Creates a worker that does nothing yet.
    ///
    /// - Parameters:
    ///   - settings: What it depends on.
    ///   - workbench: How the workbench is reached.
    ///   - logger: Takes its log.
    ///   - metrics: Takes its metrics.
    package init(settings: WorkerSettings, workbench: WorkbenchAccess, logger: Logger, metrics: WorkerMetrics) {
        self.settings = settings
        self.workbench = workbench
        self.logger = logger
        self.observer = WorkerObservers([self.health, metrics, WorkerLog(logger: logger)])
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
        guard let name = self.settings.groupInstanceID else { return }
        self.logger.notice(
            """
            a static member keeps its partitions until its session ends: start it again by then, or others take them over; \
            if it stopped for good, 'slipway group leave' gives them away at once
            """,
            [
                "kafka.group.instance.id": .string(name),
                "kafka.session.timeout.ms": .integer(Int(Span(self.settings.sessionTimeout).milliseconds)),
            ]
        )
    }

    private func startAndWork() async throws {
        let observer = KafkaLog(logger: self.logger).observer
        let health = self.health
        let check = TopicCheck(
            settings: self.settings,
            observer: observer,
            logger: self.logger,
            waits: { health.waitsAtStart(for: $0) }
        )
        // Both wait for Kafka however long it is away.
        guard let topics = try await self.stopRequest.unlessMade({ try await check.run() }) else { return }
        health.waitsAtStart()
        let parts = try self.makeParts(topics, observer)
        guard
            let producer = try await self.stopRequest.unlessMade({
                await parts.journal.rebuild { health.waitsAtStart(for: $0) }
            }) ?? nil
        else {
            await parts.group.close()
            // The journal's port has told why; nobody but a person can help.
            if let failure = self.inbox.take().lazy.compactMap(\.producerFailure).first {
                throw WorkerFailure(.kafka, failure.message)
            }
            return
        }
        try await self.work(parts, producer, topics)
    }

    /// What one run is made of.
    private struct Parts: Sendable {
        var group: KafkaGroup
        var journal: KafkaJournal
        var commands: KafkaCommands
        var workbench: HTTPWorkbench

        var ports: Ports {
            Ports(group: self.group, journal: self.journal, commands: self.commands, workbench: self.workbench)
        }
    }

    private func makeParts(_ checked: TopicCheck.Result, _ observer: ClientObserver) throws(KafkaError) -> Parts {
        let (settings, names, marks) = (self.settings, self.settings.topics, ReadMarks())
        let health = self.health
        let consumer = try Consumer(properties: settings.kafka, settings: settings.consumerSettings, observer: observer)
        let group = KafkaGroup(
            consumer: consumer,
            endReader: try PartitionReader(properties: settings.kafka, isolation: .uncommitted, observer: observer),
            topics: names,
            intake: Intake(settings.intake(inboxPartitions: checked.partitionCount)),
            clock: self.clock,
            inbox: self.inbox,
            inboxCount: checked.partitionCount,
            marks: marks,
            watch: GroupWatch(settings, consumer: consumer, logger: self.logger) { health.group($0) },
            logger: self.logger
        )
        let journal = KafkaJournal(
            settings: self.journalSettings(checked, observer, marks),
            group: group,
            clock: self.clock,
            inbox: self.inbox,
            logger: self.logger
        )
        let workbench = HTTPWorkbench(
            client: self.workbench.client,
            credentials: self.workbench.credentials,
            clock: self.clock,
            inbox: self.inbox
        )
        return Parts(
            group: group,
            journal: journal,
            commands: self.makeCommands(checked, observer),
            workbench: workbench
        )
    }

    private func journalSettings(
        _ checked: TopicCheck.Result,
        _ observer: ClientObserver,
        _ marks: ReadMarks
    ) -> KafkaJournal.Settings {
        var transactions = TransactionSettings(transactionalID: self.process)
        transactions.transactionTimeout = self.settings.transactionTimeout
        let (properties, final) = (self.settings.kafka, transactions)
        return KafkaJournal.Settings(
            topics: self.settings.topics,
            groupID: self.settings.groupID,
            encoder: self.settings.encoder(process: self.process, checked),
            makeProducer: { (lost) throws(KafkaError) in
                try TransactionalProducer(
                    properties: properties,
                    settings: final,
                    observer: observer,
                    connectionLost: lost
                )
            },
            makeReader: { () throws(KafkaError) in
                // Waits a quarter of the usual time at the journal's end, where it seldom stays.
                try PartitionReader(properties: properties, endWait: .milliseconds(25), observer: observer)
            },
            backoff: Backoff(base: .milliseconds(100), cap: .seconds(5)),
            hourlyRoutes: self.settings.routes.hourlyRoutes,
            marks: marks
        )
    }

    private func makeCommands(_ checked: TopicCheck.Result, _ observer: ClientObserver) -> KafkaCommands {
        let properties = self.settings.kafka
        return KafkaCommands(
            topics: self.settings.topics,
            intake: Intake(self.settings.intake(inboxPartitions: checked.partitionCount)),
            clock: self.clock,
            inbox: self.inbox,
            makeReader: { () throws(KafkaError) in
                try PartitionReader(
                    properties: properties,
                    isolation: .uncommitted,
                    endWait: .milliseconds(500),
                    stepsOver: true,
                    observer: observer
                )
            }
        )
    }

    /// Runs loop and ports; the end of the loop, or the first port that fails, ends the others.
    private func work(_ parts: Parts, _ producer: TransactionalProducer, _ checked: TopicCheck.Result) async throws {
        let heartbeat = Heartbeat()
        let loop = WorkerLoop(
            inbox: self.inbox,
            clock: self.clock,
            alarm: Alarm(clock: self.clock, inbox: self.inbox),
            observer: self.observer,
            heartbeat: heartbeat,
            overhear: self.settings.overhear
        )
        self.equip(checked)
        let watchdog = self.makeWatchdog(heartbeat, parts.group)
        watchdog.start()
        defer { watchdog.stop() }
        self.logger.notice("started", ["group": .string(self.settings.groupID), "process": .string(self.process)])
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await parts.group.run()
                return false
            }
            group.addTask {
                await parts.journal.run(producer)
                return false
            }
            group.addTask {
                await parts.commands.run()
                return false
            }
            group.addTask {
                await self.askToStop()
                return false
            }
            group.addTask {
                try await self.run(loop, parts, checked)
                return true
            }
            // The loop's end is the worker's; a port that fails before it is, too.
            defer { group.cancelAll() }
            for try await isLoop in group where isLoop { return }
        }
    }

    private func run(_ loop: WorkerLoop, _ parts: Parts, _ checked: TopicCheck.Result) async throws {
        let machine = WorkerMachine(
            self.settings.machine(self.workbench.dialect, checked),
            seed: .random(in: 0...UInt64.max)
        )
        do {
            try await loop.run(machine, self.settings.decorate(parts.ports))
        } catch {
            await self.close(parts)
            throw error
        }
        await self.close(parts)
    }

    private func equip(_ checked: TopicCheck.Result) {
        self.health.warns(checked.warnings)
        for warning in checked.warnings {
            self.logger.warning("the cluster is weak", ["weakness": .string(warning)])
        }
        let inbox = self.inbox
        self.settings.equip(
            PortSurroundings(
                deliver: { inbox.deliver($0) },
                encoder: self.settings.encoder(process: self.process, checked)
            )
        )
    }

    private func askToStop() async {
        await self.stopRequest.wait()
        guard self.stopRequest.isMade else { return }
        self.logger.notice("stopping")
        self.inbox.deliver(.stop(by: self.clock.monotonic + Span(self.settings.stopTimeout)))
    }

    /// Closes what C libraries hold, in order; each part bounds its own end.
    private func close(_ parts: Parts) async {
        // Whoever brings records stops waiting, so that the consumer's events come to their end.
        self.inbox.close()
        parts.journal.close()
        parts.commands.close()
        await parts.group.close()
    }

    private func makeWatchdog(_ heartbeat: Heartbeat, _ group: KafkaGroup) -> Watchdog {
        Watchdog(
            detector: StallDetector(
                stallAfter: Span(self.settings.stallAfter),
                requestTimeout: self.settings.policy.requestTimeout
            ),
            exitAfter: Span(self.settings.exitAfter),
            heartbeat: heartbeat,
            lastPoll: { group.lastPoll },
            health: self.health,
            logger: self.logger,
            clock: self.clock,
            end: self.settings.stalled
        )
    }
}

extension Input {
    /// Why the producer can't be made, where this says so.
    fileprivate var producerFailure: PortFailure? {
        if case .journal(.producerFailed(let failure)) = self { failure } else { nil }
    }
}
