// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WorkbenchSandbox

@Suite("slipway-sandbox serve: options")
struct ServeCommandTests {
    @Test("reads every option")
    func reads() throws {
        _ = try ServeCommand(
            ["--address", "127.0.0.1:0", "--api-key", "k", "--clock", "quick", "--audit-file", "f", "--seed", "7"],
            environment: { _ in nil }
        )
    }

    @Test(
        "refuses what it does not know, and says what it does",
        arguments: [
            (["--clock", "slow"], "instant, quick, real"), (["--address", "here"], "HOST:PORT"),
            (["--seed", "x"], "whole number"), (["--port", "1"], "--help"), (["--seed"], "needs a value"),
            (["--api-key", ""], "empty"),
        ]
    )
    func refuses(arguments: [String], hint: String) {
        let error = #expect(throws: ServeCommand.UsageError.self) {
            try ServeCommand(arguments, environment: { _ in nil })
        }
        #expect(error?.description.contains(hint) == true)
    }
}
