// SPDX-License-Identifier: Apache-2.0

import CommandTable
import SandboxPrograms
import Testing

@testable import Drill

/// `slipway-sandbox` with the command that comes from another target.
@Suite("slipway-sandbox drill: command line", .timeLimit(.minutes(1)))
struct DrillCommandTests {
    private func run(_ words: [String]) async -> (status: UInt8, text: String, errorText: String) {
        let capture = CapturedOutput()
        let table = SandboxProgram.table(adding: [DrillCommand.command])
        let status = await table.run(["drill"] + words, environment: [:], output: Output(to: capture))
        return (status.code, capture.text, capture.errorText)
    }

    @Test func helpNamesEveryFault() async {
        let result = await self.run(["--help"])
        #expect(result.status == 0)
        #expect(result.text.contains("Usage\n  slipway-sandbox drill"))
        for fault in DrillFault.allCases { #expect(result.text.contains(fault.rawValue)) }
    }

    @Test(arguments: [
        (["--workers", "0"], "from 1 to 32"), (["--kafka", "127.0.0.1:9", "--faults", "flood"], "flood"),
        ([], "--kafka"),
        (
            ["--kafka", "127.0.0.1:9", "--worker", "/bin/true", "--hostile", "--tenant-properties", "/no/file"],
            "/no/file"
        ),
        (["--kafka", "127.0.0.1:9", "--hostile", "--flood", "20001"], "from 0 to 20000"),
    ])
    func whatIsWrongIsNamed(words: [String], hint: String) async {
        let result = await self.run(words)
        #expect(result.status == 2)
        #expect(result.errorText.contains(hint), "\(result.errorText)")
    }
}
