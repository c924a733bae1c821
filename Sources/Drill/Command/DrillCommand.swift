// SPDX-License-Identifier: Apache-2.0

package import CommandTable
import Glibc
import Processes

/// Declares `slipway-sandbox drill`.
package enum DrillCommand {
    /// The command.
    package static let command: Command = Command(
        "drill",
        summary: "Let everything go wrong, and judge what has become of every event",
        discussion: """
            Runs real workers against your Kafka and a simulated workbench in this process, on topics of its own that it \
            deletes again. While it sends events, it kills, freezes, adds and removes workers, restarts brokers and lets \
            the workbench fail, all of it decided by the seed. Then it waits until everything has ended, compares events, \
            journal, status topic, dead letters and the workbench's audit, and prints a ledger.

            Faults: \(DrillFault.allCases.map(\.rawValue).joined(separator: ", ")). Without --faults: all of them, broker \
            only where --broker-control says how.

            The ledger is clean when every column below the counts is 0. An object that no rollout knows is no fault where \
            a late call or a freeze explains it: that window remains, and each case is listed. ARCHITECTURE.md says more.

            With --hostile the workbench never fails and one worker is killed; instead a tenant that may write to one event \
            topic does there what it can, beside honest teams on another topic. --tenant-properties names a file of librdkafka properties, one NAME=VALUE a line, \
            with which the tenant connects: brokers must give it the right Write on topics that begin with \
            \(DrillTopics.tenantPrefix), and nothing else, which is tried first. Clean is a drill in which it comes beyond \
            its rights in nothing, and no honest rollout is lost, displaced, stuck or delayed.
            """,
        options: [
            Option("seed", .value("N", .integer(0...Int.max)), help: "Decides everything.", defaultValue: "1"),
            Option("rollouts", .value("N", .integer(1...100_000)), help: "Rollouts asked for.", defaultValue: "200"),
            Option("workers", .value("N", .integer(1...32)), help: "Workers.", defaultValue: "3"),
            Option(
                "kafka",
                .value("HOST:PORT,..."),
                help: "A genuine Kafka.",
                environment: "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS",
                isRequired: true
            ),
            Option("faults", .value("FAULT,..."), help: "What goes wrong; 'none' for nothing."),
            Option(
                "broker-control",
                .value("COMMAND"),
                help:
                    "Shell command with {action} (kill or boot) and {node} (1 to --brokers) that ends and starts a broker."
            ),
            Option("brokers", .value("N", .integer(1...100)), help: "Brokers it knows.", defaultValue: "3"),
            Option(
                "worker",
                .value("FILE", .file),
                help: "The worker's program; 'slipway' beside this one unless given."
            ),
            Option(
                "time-limit",
                .value("TIME", .duration),
                help: "What has not ended by then is judged as it is.",
                defaultValue: "5m"
            ),
            Option("hostile", .flag(), help: "Let one tenant do all that a right to one event topic allows."),
            Option(
                "tenant-properties",
                .value("FILE", .file),
                help: "With --hostile: how the tenant connects; like the drill itself unless given."
            ),
            Option(
                "flood",
                .value("N", .integer(0...20_000)),
                help: "With --hostile: models that the tenant has deployed within its rights, all at once.",
                defaultValue: "\(HostileSettings.flood)"
            ),
            Option("json", .flag(), help: "Print the ledger as one object of JSON."),
        ],
        examples: [
            Command.Example(
                "Two minutes of everything but broken brokers:",
                "slipway-sandbox drill --seed 7 --kafka localhost:9092"
            ),
            Command.Example(
                "With brokers that a script controls:",
                "slipway-sandbox drill --kafka localhost:9092 --broker-control './kafka.sh {action} {node}'"
            ),
        ],
        exitStatuses: [ExitStatus(code: 1, meaning: "the ledger is not clean, or the drill could not be held")],
        body: { invocation, output in
            guard !invocation.flag("hostile") else { return try await HostileCommand.run(invocation, output) }
            let settings = try Self.settings(invocation)
            let isJSON = invocation.flag("json")
            let drill = try Drill(settings) { output.writeErrorLine("drill \(settings.seed): \($0)") }
            let began = ContinuousClock.now
            guard let ledger = try await Self.untilSignal({ try await drill.run() }) else { return .interrupted }
            let seconds = (ContinuousClock.now - began).tenths
            if isJSON {
                try output.writeLine(ledger.json(seed: settings.seed, seconds: seconds))
            } else {
                for line in ledger.table() { try output.writeLine(line) }
            }
            return ledger.isClean ? .success : .failure
        }
    )

    /// Holds the drill, unless a signal comes first; then it is given up in order.
    static func untilSignal<Ledger: Sendable>(
        _ hold: @escaping @Sendable () async throws -> Ledger
    ) async throws -> Ledger? {
        let shutdown = ShutdownSignal()
        defer { withExtendedLifetime(shutdown) {} }
        let signals = shutdown.signals
        return try await withThrowingTaskGroup(of: Ledger?.self) { group in
            group.addTask { try await hold() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            let first = try await group.next()
            group.cancelAll()
            // A drill that is given up still puts things away.
            if case .some(.none) = first { do { _ = try await group.next() } catch is CancellationError {} }
            return first ?? nil
        }
    }

    static func settings(_ invocation: Invocation) throws -> DrillSettings {
        var settings = DrillSettings(
            seed: UInt64(invocation.integer("seed") ?? 1),
            bootstrapServers: invocation.text("kafka") ?? "",
            workerPath: invocation.text("worker") ?? Self.programBeside("slipway")
        )
        settings.rollouts = invocation.integer("rollouts") ?? settings.rollouts
        settings.workers = invocation.integer("workers") ?? settings.workers
        settings.brokerControl = invocation.text("broker-control")
        settings.brokers = invocation.integer("brokers") ?? settings.brokers
        settings.timeLimit = invocation.duration("time-limit") ?? settings.timeLimit
        settings.faults = try Self.faults(invocation.text("faults"), hasControl: settings.brokerControl != nil)
        guard access(settings.workerPath, X_OK) == 0 else {
            throw UsageError("option '--worker': there is no program \(settings.workerPath)")
        }
        // What the tests' own worker is told stays between the two.
        settings.environment = invocation.environment.filter { name, _ in
            name.hasPrefix("DRILL_") || ["PATH", "TMPDIR", "LD_LIBRARY_PATH"].contains(name)
        }
        return settings
    }

    private static func faults(_ text: String?, hasControl: Bool) throws(UsageError) -> Set<DrillFault> {
        guard let text else { return Set(DrillFault.allCases).subtracting(hasControl ? [] : [.broker]) }
        guard text != "none" else { return [] }
        var faults: Set<DrillFault> = []
        for word in text.split(separator: ",") {
            guard let fault = DrillFault(rawValue: String(word)) else {
                let words = DrillFault.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("option '--faults': unknown fault '\(word)'; there are \(words)")
            }
            faults.insert(fault)
        }
        guard hasControl || !faults.contains(.broker) else {
            throw UsageError("option '--faults': broker needs --broker-control, a command that kills and boots brokers")
        }
        return faults
    }

    /// The path of a program in the folder of this one.
    private static func programBeside(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return name }
        let path = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/\(name)"
    }
}
