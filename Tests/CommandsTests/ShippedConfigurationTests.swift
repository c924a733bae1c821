// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Settings
import Testing

@testable import Commands

/// The files of `config/` as they are shipped.
@Suite struct ShippedConfigurationTests {
    private static let file: String = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return root + "/config/slipway.yaml"
    }()

    private func run(_ words: String...) async -> CommandFixture.Result {
        let capture = CapturedOutput()
        // What has no default and is no one's but the operator's.
        let environment = ["SLIPWAY_WORKBENCH_URL": "https://workbench.example.com", "SLIPWAY_WORKBENCH_API_KEY": "k"]
        let status = await Program.table().run(words, environment: environment, output: Output(to: capture))
        return CommandFixture.Result(status: status, text: capture.text, errorText: capture.errorText)
    }

    @Test func bothFilesHaveNoMistake() async {
        let result = await self.run("config", "check", "--config", Self.file)
        #expect(result.status == .success, "\(result.errorText)")
        #expect(result.text == "OK: \(Self.file), \(Self.file.replacing("slipway.yaml", with: "routes.yaml"))\n")
    }

    @Test func asShippedTheyChangeNothingButTheBrokers() async throws {
        let shown = await self.run("config", "show", "--json", "--config", Self.file)
        let set = try shown.json.filter { $0["source"]?.text?.hasPrefix(Self.file) == true }
        #expect(set.compactMap { $0["key"]?.text } == ["kafka.bootstrap.servers"])
    }

    @Test func theReferenceShowsEverySetting() async {
        let reference = await self.run("help", "--markdown").text
        #expect(reference.contains("## Settings\n"))
        let row = "| `workbench.requestTimeout` | `SLIPWAY_WORKBENCH_REQUEST_TIMEOUT` | duration, 1s to 10m | `30s` | "
        #expect(reference.contains(row))
        #expect(reference.contains(#"| true \| false | `true` |"#), "bars in a cell are escaped")
        for key in SettingKey.all { #expect(reference.contains("| `\(key.path)` | `\(key.environmentName)` |")) }
    }
}
