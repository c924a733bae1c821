// SPDX-License-Identifier: Apache-2.0

package import CommandTable
import FoundationEssentials
import HTTPClient
import JSON
import Kafka
import Notation
import Processes
import Synchronization

/// The program `slipway-bench`.
package enum BenchProgram {
    /// Its commands.
    package static let table = CommandTable(
        name: "slipway-bench",
        summary: "Measure Slipway beside the limits of the machine that it runs on",
        version: {
            """
            slipway-bench
            librdkafka \(KafkaProperties.librdkafkaVersion)
            libcurl \(HTTPClient.libraryVersion)
            """
        },
        commands: [Self.run]
    )

    private static let run = Command(
        "run",
        summary: "Measure, and print each figure beside its limit",
        discussion: """
            Starts a simulated workbench and workers as processes of their own and puts load on them. Each figure stands \
            beside what bare clients reach on the same machine in the same run, since all share it.

            With a genuine Kafka all figures are taken, on topics of their own, which are deleted again. Without one \
            librdkafka's mock cluster stands in, which forgets offsets and old records: then only start, idling, latency \
            and throughput are measured.
            """,
        options: [
            Option("kafka", .value("BOOTSTRAP"), help: "A genuine Kafka, host:port; the mock cluster unless given."),
            Self.count("rollouts", 1...100_000, "Rollouts of a round.", 3_000),
            Self.count(
                "rounds",
                1...20,
                "Rounds of throughput and restore; the best counts, of workers that are compared the median.",
                3
            ),
            Self.count("singles", 1...10_000, "Events of the latency measurement.", 200),
            Self.count("idle-events", 100...10_000_000, "Repeated events; a quarter as many without a route.", 200_000),
            Option(
                "waiting",
                .value("N", .integer(1...1_000_000)),
                help: "Waiting rollouts whose memory is measured; 10,000 and 100,000 unless given.",
                isRepeatable: true
            ),
            Self.count("journal", 1_000...10_000_000, "Records of the journal that is restored.", 1_000_000),
            Self.count("takeovers", 1...20, "Workers that are killed, one after the other, under another's eyes.", 5),
            Self.count("concurrency", 1...1_024, "API calls at a time.", 64),
            Option(
                "idle-time",
                .value("TIME", .duration),
                help: "How long the worker is watched doing nothing.",
                defaultValue: "20s"
            ),
            Option(
                "programs",
                .value("FOLDER", .directory),
                help: "Where slipway and slipway-sandbox are; beside this program unless given."
            ),
            Option(
                "only",
                .value("NAME", .choice(Measurement.allCases.map(\.rawValue))),
                help: "What is measured; all of it unless given.",
                isRepeatable: true
            ),
            Option(
                "worker",
                .value("PATH", .file),
                help: "Another slipway, such as an earlier commit's, to be measured in turns with this one."
            ),
            Option(
                "broker",
                .value("PID", .integer(1...Int(Int32.max))),
                help: "Process of a broker on this machine, whose time is told beside the workers'.",
                isRepeatable: true
            ),
            Option("json", .flag(), help: "Print one JSON object."),
        ],
        examples: [
            Command.Example("All figures:", "slipway-bench run --kafka localhost:9092"),
            Command.Example(
                "Two workers, in five turns each:",
                "slipway-bench run --kafka localhost:9092 --worker old/slipway --rounds 5 --only rollouts --only restore"
            ),
        ],
        exitStatuses: [.interrupted],
        body: { invocation, output in
            let settings = Self.settings(invocation)
            if let problem = settings.problem { throw BenchFailure(problem) }
            let isJSON = invocation.flag("json")
            let figures = Mutex<[Figure]>([])
            let report = Report(settings: settings)
            if !isJSON { try output.write(report.head) }
            let bench = Bench(
                settings: settings,
                progress: { output.writeErrorLine("bench: \($0)") },
                take: { figure in
                    figures.withLock { $0.append(figure) }
                    if !isJSON { output.writeUnlessClosed(figure.lines) }
                }
            )
            try await ShutdownSignal.cancelling { try await bench.run() }
            if isJSON { try output.writeLine(report.json(figures.withLock { $0 })) }
            return .success
        }
    )

    private static func count(_ name: String, _ range: ClosedRange<Int>, _ help: String, _ value: Int) -> Option {
        Option(name, .value("N", .integer(range)), help: help, defaultValue: String(value))
    }

    private static func settings(_ invocation: Invocation) -> BenchSettings {
        let waiting = invocation.texts("waiting").compactMap { Int($0) }
        let only = Set(invocation.texts("only").compactMap { Measurement(rawValue: $0) })
        let own = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().path
        return BenchSettings(
            bootstrap: invocation.text("kafka"),
            programs: invocation.text("programs") ?? own,
            rollouts: invocation.integer("rollouts") ?? 0,
            rounds: invocation.integer("rounds") ?? 1,
            singles: invocation.integer("singles") ?? 1,
            idleEvents: invocation.integer("idle-events") ?? 0,
            waiting: waiting.isEmpty ? [10_000, 100_000] : waiting,
            journalRecords: invocation.integer("journal") ?? 0,
            takeovers: invocation.integer("takeovers") ?? 0,
            idleTime: invocation.duration("idle-time") ?? .seconds(20),
            bareTime: .seconds(3),
            concurrency: invocation.integer("concurrency") ?? 64,
            only: only.isEmpty ? Set(Measurement.allCases) : only,
            otherWorker: invocation.text("worker"),
            brokers: invocation.texts("broker").compactMap { Int32($0) }
        )
    }
}

extension Output {
    /// Writes lines; the figures go on for whoever reads the other stream.
    fileprivate func writeUnlessClosed(_ lines: [String]) {
        do { try self.write(lines.joined(separator: "\n") + "\n") } catch { self.writeErrorLine("bench: nobody reads") }
    }
}
