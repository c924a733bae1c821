// SPDX-License-Identifier: Apache-2.0

package import CommandTable
import Files
import Simulation

/// Declares `slipway-sandbox simulate`.
package enum SimulateCommand {
    /// The command.
    package static let command: Command = Command(
        "simulate",
        summary: "Run the worker's machine through worlds in which everything goes wrong",
        discussion: """
            Runs the machine that ships, in this one thread and on a virtual clock, over a modelled Kafka and the simulated \
            workbench behind a misbehaving proxy. A seed decides all of it; the same seed gives the same world on every \
            machine. After each world everything is compared: events, statuses, dead letters, journal, the workbench's audit.

            Faults: \(FaultKind.allCases.map(\.rawValue).joined(separator: ", ")). Without --faults: those that are handled; \
            \(FaultKind.allCases.filter(\.isBeyond).map(\.rawValue).joined(separator: ", ")) are beyond what workers can mend.

            --plan runs one world from a file, as --shrink writes it. --story tells what happens in it.
            """,
        options: [
            Option("seeds", .value("A..B"), help: "Seeds, the last one included.", defaultValue: "1..100"),
            Option("minutes", .value("N", .integer(1...100_000)), help: "Goes on with further seeds for that long."),
            Option("faults", .value("FAULT,..."), help: "What goes wrong; 'none' for nothing."),
            Option("plan", .value("FILE", .file), help: "Runs the plan of a file."),
            Option("sabotage", .value("NAME"), help: "Takes a guarantee of a port away: the worlds must show it."),
            Option("shrink", .flag(), help: "Makes each failing plan as small as it can be, and prints it."),
            Option("story", .flag(), help: "Tells what happens."),
            Option("coverage", .flag(), help: "Prints which pairs of a state and an input were taken."),
            Option("json", .flag(), help: "Prints one object of JSON."),
        ],
        rules: [.atMostOne(["plan", "minutes"]), .atMostOne(["plan", "faults"])],
        examples: [
            Command.Example("A thousand worlds:", "slipway-sandbox simulate --seeds 1..1000"),
            Command.Example("One world in words:", "slipway-sandbox simulate --seeds 7..7 --story"),
            Command.Example("A known one:", "slipway-sandbox simulate --plan known-twins.json --story"),
        ],
        exitStatuses: [ExitStatus(code: 1, meaning: "a world was not as it must be, or could not be run")],
        body: { invocation, output in
            let settings = try SimulateSettings(invocation)
            CurrentSeed.tellIfTrapped()
            var run = SimulateRun(settings, StoryOutput(output))
            try run.run()
            return run.isClean ? .success : .failure
        }
    )
}

/// What `simulate` was asked for, checked.
struct SimulateSettings {
    let seeds: ClosedRange<UInt64>
    let minutes: Int?
    let kinds: [FaultKind]
    let plan: Plan?
    let sabotage: Sabotage?
    let shrinks: Bool
    let tells: Bool
    let coverage: Bool
    let isJSON: Bool
    /// How the faults were given, for the command that replays a seed.
    let faultsText: String?

    init(_ invocation: Invocation) throws {
        self.seeds = try Self.seeds(invocation.text("seeds") ?? "1..100")
        self.minutes = invocation.integer("minutes")
        self.faultsText = invocation.text("faults")
        self.kinds = try Self.kinds(self.faultsText)
        self.plan = try invocation.text("plan").map { try Self.plan($0) }
        self.sabotage = try invocation.text("sabotage").map { try Self.sabotage($0) }
        self.shrinks = invocation.flag("shrink")
        self.tells = invocation.flag("story")
        self.coverage = invocation.flag("coverage")
        self.isJSON = invocation.flag("json")
    }

    private static func seeds(_ text: String) throws(UsageError) -> ClosedRange<UInt64> {
        let ends = text.split(separator: ".", omittingEmptySubsequences: false)
        guard ends.count == 3, ends[1].isEmpty, let first = UInt64(ends[0]), let last = UInt64(ends[2]), first <= last
        else {
            throw UsageError(
                "option '--seeds': '\(text)' is no range; must be A..B with whole numbers, A not above B, such as 1..1000"
            )
        }
        return first...last
    }

    private static func kinds(_ text: String?) throws(UsageError) -> [FaultKind] {
        guard let text else { return PlanGenerator.usualKinds }
        guard text != "none" else { return [] }
        var kinds: [FaultKind] = []
        for word in text.split(separator: ",") {
            guard let kind = FaultKind(rawValue: String(word)) else {
                let words = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("option '--faults': unknown fault '\(word)'; there are \(words)")
            }
            if !kinds.contains(kind) { kinds.append(kind) }
        }
        guard !kinds.isEmpty else { throw UsageError("option '--faults': names no fault; 'none' for nothing") }
        return kinds
    }

    private static func plan(_ path: String) throws -> Plan {
        let bytes = try FileReader.read(path, maximumBytes: 16 << 20)
        do throws(PlanFailure) {
            return try Plan(parsing: bytes)
        } catch {
            throw PlanFailure("\(path): \(error)")
        }
    }

    private static func sabotage(_ text: String) throws(UsageError) -> Sabotage {
        guard let sabotage = Sabotage(rawValue: text) else {
            let words = Sabotage.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("option '--sabotage': unknown name '\(text)'; there are \(words)")
        }
        return sabotage
    }
}
