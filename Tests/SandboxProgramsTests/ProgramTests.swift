// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Synchronization
import Testing
import WorkbenchSandbox

@testable import SandboxPrograms

@Suite("slipway-sandbox: command line", .timeLimit(.minutes(1)))
struct ProgramTests {
    @Test("every command has help with its options", arguments: ["serve", "demo", "tally"])
    func helps(command: String) async {
        let result = await runProgram([command, "--help"])
        #expect(result.status == 0)
        #expect(result.text.contains("Usage\n  slipway-sandbox \(command)"))
    }

    @Test("the help of serve says what lies below the URL")
    func teaches() async {
        let help = await runProgram(["serve", "--help"]).text
        for word in ["/sandbox/audit", "/sandbox/faults", "/modelservice/model", "sandbox.fail=WORD", "instant"] {
            #expect(help.contains(word))
        }
        for kind in FaultRule.Kind.allCases { #expect(help.contains("\n  \(kind.rawValue) "), "\(kind)") }
        for family in WorkbenchFamily.allCases { #expect(help.contains(family.rawValue), "\(family)") }
    }

    @Test("shows its version, and those of the linked libraries")
    func shows() async {
        let lines = await runProgram(["--version"]).text.split(separator: "\n")
        #expect(lines.first == "slipway-sandbox \(SandboxProgram.version)")
        #expect(lines.dropFirst().map { $0.prefix { $0 != " " } } == ["librdkafka", "libcurl", "libevent"])
        #expect(lines.allSatisfy { $0.wholeMatch(of: /\S+ \d+\.\d+\S*.*/) != nil })
    }

    @Test("has the reference and a completion script for each shell")
    func completes() async {
        let reference = await runProgram(["help", "--markdown"]).text
        #expect(reference.contains("## slipway-sandbox demo") && reference.contains("--audit-file"))
        for shell in ["bash", "zsh", "fish"] {
            let script = await runProgram(["completion", shell])
            #expect(script.status == 0)
            #expect(script.text.contains("audit-file"))
        }
    }

    @Test(
        "refuses what it does not know, and says what it does",
        arguments: [
            (["serve", "--clock", "slow"], "instant, quick, real"), (["serve", "--address", "here"], "host:port"),
            (["serve", "--seed", "x"], "whole number"), (["serve", "--port", "1"], "--help"),
            (["serve", "--seed"], "needs a value"), (["serve", "--api-key", ""], "empty"),
            (["demo", "--partitions", "0"], "from 1 to 100"), (["dmo"], "did you mean 'demo'?"),
            (["tally"], "--expect"),
        ]
    )
    func refuses(words: [String], hint: String) async {
        let result = await runProgram(words)
        #expect(result.status == 2)
        #expect(result.errorText.contains(hint), "\(result.errorText)")
    }

    @Test("takes the key from the environment, and all other values from options")
    func reads() async throws {
        let probe = Mutex<SandboxServer.Settings?>(nil)
        let command = Command("probe", summary: "Read", options: SandboxOptions.options(clock: "instant")) { given, _ in
            let settings = try SandboxOptions.settings(given)
            probe.withLock { $0 = settings }
            return .success
        }
        let table = CommandTable(name: "test", summary: "Test", version: { "" }, commands: [command])
        let status = await table.run(
            ["probe", "--address", "127.0.0.1:81", "--clock", "quick", "--audit-file", "f", "--seed", "7"],
            environment: ["SLIPWAY_SANDBOX_API_KEY": "k"],
            output: Output(to: CapturedOutput())
        )
        #expect(status == .success)
        let settings = try #require(probe.withLock { $0 })
        #expect(settings.apiKey == "k")
        #expect(settings.port == 81)
        #expect(settings.clock == .quick)
        #expect(settings.auditFile == "f")
        #expect(settings.seed == 7)
    }

    @Test("says which file of recorded runs can't be read")
    func names() async {
        let result = await runProgram(["serve", "--runs", "no-such-file.json"])
        #expect(result.status == 1)
        #expect(result.errorText.contains("no-such-file.json"))
    }
}

/// Runs a command line of `slipway-sandbox`.
func runProgram(
    _ words: [String],
    environment: [String: String] = [:]
) async -> (status: UInt8, text: String, errorText: String) {
    let captured = CapturedOutput()
    let status = await SandboxProgram.table().run(words, environment: environment, output: Output(to: captured))
    return (status.code, captured.text, captured.errorText)
}
