// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Files
import Glibc
import HTTPClient
import HTTPServer
import HTTPValues
import Kafka
import Operations
import Processes
import Rollouts
import Telemetry
import Values
import WorkbenchAPI
import Worker

/// All parts of a running worker, put together in one place, top to bottom.
struct RunGraph: Sendable {
    private let workbench: Workbench
    private let worker: Worker
    private let operations: OperationsServer
    private let logger: Logger

    /// Puts the parts together; connects nothing yet.
    ///
    /// - Throws: `ConfigurationProblem` for what can't be used; what `adjust` throws.
    init(_ configuration: Configuration, adjusting adjust: RunCommand.Adjustment, logger: Logger) throws {
        let registry = MetricsRegistry()
        let metrics = WorkerMetrics(registry)
        self.logger = logger
        self.workbench = try Workbench(configuration)
        var settings = try Self.settings(configuration, self.workbench, logger)
        try adjust(&settings)
        self.worker = Worker(
            settings: settings,
            workbench: WorkbenchAccess(
                client: self.workbench.transport,
                credentials: self.workbench.credentials,
                dialect: self.workbench.dialect
            ),
            logger: logger,
            metrics: metrics
        )
        let address: ListenAddress
        do {
            address = try ListenAddress(configuration.operationsAddress)
        } catch {
            throw ConfigurationProblem("operations.address: \(error)")
        }
        self.operations = OperationsServer(
            address: address,
            registry: registry,
            readiness: WorkerReadiness(health: self.worker.health, warnings: configuration.warnings),
            logger: logger
        )
        for warning in configuration.warnings {
            logger.warning("the configuration is weak", ["weakness": .string(warning)])
        }
    }

    private static func settings(
        _ configuration: Configuration,
        _ workbench: Workbench,
        _ logger: Logger
    ) throws -> WorkerSettings {
        let kafka: KafkaProperties
        do {
            kafka = try KafkaProperties(configuration.kafka)
        } catch {
            throw ConfigurationProblem("kafka: \(error)")
        }
        guard kafka["bootstrap.servers"] != nil else {
            throw ConfigurationProblem("kafka.bootstrap.servers is not set (SLIPWAY_KAFKA_BOOTSTRAP_SERVERS)")
        }
        var settings = WorkerSettings(
            kafka: kafka,
            groupID: configuration.groupID,
            workbench: workbench.url.description,
            routes: try Self.routes(configuration.routesPath)
        )
        settings.groupInstanceID = configuration.groupInstanceID
        settings.transactionalIDPrefix = configuration.transactionalIDPrefix
        settings.transactionTimeout = configuration.transactionTimeout
        settings.sessionTimeout = configuration.sessionTimeout
        settings.topics = configuration.topics
        settings.startFrom = configuration.startFrom
        settings.maximumUnfinished = configuration.maximumUnfinished
        settings.maximumEventBytes = configuration.maximumEventBytes
        settings.endpointURL = "\(workbench.modelServiceURL)/model"
        settings.defaultProjectID = configuration.workbench.projectID
        settings.policy = configuration.policy
        settings.policy.checksModels = settings.routes.rules.contains { $0.verification != nil }
        settings.policy.dedupeHorizon = Span(configuration.dedupeHorizon)
        settings.stopTimeout = configuration.stopTimeout
        settings.stallAfter = configuration.stallAfter
        settings.exitAfter = configuration.exitAfter
        settings.stalled = { cause in
            logger.error("stuck, ending the process", ["cause": .string(cause)])
            // The log has a thread of its own: a moment for the last line, however its reader does.
            usleep(200_000)
            // What is stuck can't be trusted to end in order; to the next process this is a crash like any other.
            _exit(Int32(ExitStatus.stalled.code))
        }
        return settings
    }

    private static func routes(_ path: String) throws -> Routes {
        do {
            return try RoutesSource(path: path).load()
        } catch let error as FileError {
            throw ConfigurationProblem("routes: \(error)")
        }
    }

    /// Works until the first SIGTERM or SIGINT, then stops in order.
    ///
    /// - Throws: `WorkerFailure` when it can't start or go on, `HTTPServerError` when operations can't listen.
    func run() async throws {
        let worker = self.worker
        let address = try self.operations.start()
        self.logger.notice("operations listen", ["url": .string(address.url)])
        let shutdown = ShutdownSignal { worker.stop() }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await self.operations.run() }
                defer { group.cancelAll() }
                try await worker.run()
            }
        } catch {
            await self.workbench.transport.close()
            shutdown.cancel()
            throw error
        }
        await self.workbench.transport.close()
        shutdown.cancel()
    }
}

/// The worker's health in the words of the operations endpoint.
struct WorkerReadiness: ReadinessSource {
    let health: WorkerHealth
    /// What is weak for as long as the process runs.
    let warnings: [String]

    func readiness() -> ReadinessReport {
        let snapshot = self.health.snapshot
        let limits = snapshot.filter { !$0.isNeededToBeReady }
        return ReadinessReport(
            snapshot.filter(\.isNeededToBeReady).map { condition in
                let since = condition.since
                guard let cause = condition.cause else { return .met(condition.name, since: since) }
                return .unmet(condition.name, cause: cause, since: since)
            },
            warnings: self.warnings + self.health.warnings
                + limits.compactMap { limit in limit.cause.map { "\(limit.name): \($0)" } }
        )
    }
}
