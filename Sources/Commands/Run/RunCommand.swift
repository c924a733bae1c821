// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Kafka
import Machine
import Operations
import Processes
import Rollouts
import Telemetry
import Values
import WorkbenchAPI
import Worker

/// `slipway run`: the worker.
enum RunCommand {
    /// Changes the worker's settings after all of them were read.
    typealias Adjustment = @Sendable (inout WorkerSettings) throws -> Void

    /// Declares the command.
    static func command(_ load: @escaping ConfigurationLoader, _ adjust: @escaping Adjustment) -> Command {
        Command(
            "run",
            summary: "Run the worker",
            discussion: """
                Takes events from the event topics, deploys their runs on the workbench and writes every step to the status \
                topic, until SIGTERM or Ctrl-C. Then it stops taking events, lets calls under way end, writes everything \
                down and leaves the consumer group. A second signal ends it at once, which loses nothing either.

                Several workers of one group share the partitions of the event topics and of the inbox. Health is served at operations.address: /livez, /readyz \
                with the named cause, /metrics.
                """,
            options: ConfigurationOptions.all,
            examples: [
                Command.Example(
                    "Run with a configuration file:",
                    "slipway run --config config/slipway.yaml"
                ),
                Command.Example(
                    "Run with nothing but the environment:",
                    "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS=localhost:9092 SLIPWAY_WORKBENCH_URL=https://workbench.example.com "
                        + "SLIPWAY_WORKBENCH_API_KEY=... slipway run"
                ),
            ],
            exitStatuses: [.configuration, .unavailable, .stalled, .interrupted],
            body: { invocation, output in
                let configuration = try load(invocation, output)
                return try await Self.run(configuration, adjust, output)
            }
        )
    }

    private static func run(
        _ configuration: Configuration,
        _ adjust: Adjustment,
        _ output: Output
    ) async throws -> ExitStatus {
        Allocator.limitRetainedMemory()
        let memory = HeapTrimmer()
        defer { memory.stop() }
        let logger = Self.logger(configuration, output)
        let graph: RunGraph
        do {
            graph = try RunGraph(configuration, adjusting: adjust, logger: logger)
        } catch let problem as ConfigurationProblem {
            output.writeErrorLine("slipway run: \(problem)")
            return .configuration
        }
        do {
            try await graph.run()
            return .success
        } catch let failure as WorkerFailure {
            output.writeErrorLine("slipway run: \(failure)")
            switch failure.kind {
            case .kafka: return .unavailable
            case .properties: return .configuration
            case .topics, .journalUnreadable, .journalUnwritable: return .failure
            }
        }
    }

    private static func logger(_ configuration: Configuration, _ output: Output) -> Logger {
        let format =
            configuration.logFormat
            ?? (output.errorStyle.isTerminal ? .human(colour: output.errorStyle.allowsColour) : .json)
        return Logger(level: configuration.logLevel, sink: StreamLogSink(format: format))
    }
}
