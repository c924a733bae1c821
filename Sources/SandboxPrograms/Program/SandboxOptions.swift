// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Notation
import WorkbenchSandbox

/// The options of every command that runs a sandbox.
enum SandboxOptions {
    /// Declares them; `clock` is the name of the preset in force where none is given.
    static func options(clock: String) -> [Option] {
        [
            Option(
                "address",
                .value("HOST:PORT", .address),
                help: "Where the workbench listens; port 0 takes any free one.",
                defaultValue: "127.0.0.1:0"
            ),
            Option(
                "api-key",
                .value("KEY"),
                help: "The key that it accepts; a random one unless given. On a shared machine, use the environment.",
                environment: "SLIPWAY_SANDBOX_API_KEY"
            ),
            Option(
                "clock",
                .value("PRESET", .choice(LifeCycleClock.presets.map(\.name))),
                help: "How long registering, building and deploying take.",
                defaultValue: clock
            ),
            Option(
                "runs",
                .value("FILE", .file),
                help: "Recorded projects, experiments and runs that it holds from the start."
            ),
            Option("audit-file", .value("FILE", .file), help: "Append every mutating call to FILE as it happens."),
            Option(
                "seed",
                .value("N", .integer(0...Int.max)),
                help: "Decides identifiers and durations; random unless given."
            ),
        ]
    }

    /// Reads their values.
    ///
    /// - Throws: `RecordedRunsFailure` if the recorded runs can't be read, `UsageError` for an empty key.
    static func settings(_ invocation: Invocation) throws -> SandboxServer.Settings {
        let key = invocation.text("api-key") ?? self.randomKey()
        guard !key.isEmpty else { throw UsageError("option '--api-key' must not be empty") }
        let seed = invocation.integer("seed").map(UInt64.init) ?? .random(in: 0...UInt64(Int64.max))
        var settings = SandboxServer.Settings(apiKey: key, seed: seed)
        if let address = invocation.address("address") {
            settings.host = address.host
            settings.port = address.port
        }
        let clock = LifeCycleClock.presets.first { $0.name == invocation.text("clock") }
        if let clock { settings.clock = clock.clock }
        settings.auditFile = invocation.text("audit-file")
        settings.runs = try invocation.text("runs").map { try RecordedRuns(file: $0) }
        return settings
    }

    private static func randomKey() -> String {
        (0..<32).map { _ in String(UInt8.random(in: 0..<16), radix: 16) }.joined()
    }
}
