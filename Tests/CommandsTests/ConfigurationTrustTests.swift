// SPDX-License-Identifier: Apache-2.0

import CommandTable
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Commands

/// What a configuration may come from, and where the API key may go.
@Suite struct ConfigurationTrustTests {
    private static let key = "SLIPWAY_WORKBENCH_API_KEY"

    private func run(_ words: [String], _ environment: [String: String] = [:]) async -> CommandFixture.Result {
        let capture = CapturedOutput()
        let status = await Program.table().run(words, environment: environment, output: Output(to: capture))
        return CommandFixture.Result(status: status, text: capture.text, errorText: capture.errorText)
    }

    private func check(_ settings: String..., environment: [String: String] = [:]) async -> CommandFixture.Result {
        let base = ["SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": "k:9092", Self.key: "k"]
        return await self.run(
            ["config", "check"] + settings.flatMap { ["--set", $0] },
            base.merging(environment) { _, new in new }
        )
    }

    /// Of a folder that somebody else has filled; the tests' own has one.
    @Test func aFileOfTheWorkingDirectoryIsNamedAndNotRead() async {
        let result = await self.run(["config", "show"])
        #expect(!result.text.contains("localhost:9092"))
        #expect(result.errorText.components(separatedBy: "--config config/slipway.yaml").count == 2)
        let named = await self.run(["config", "show", "--config", "config/slipway.yaml"])
        #expect(named.text.contains("localhost:9092"))
        #expect(named.errorText == "")
    }

    @Test func theUsersOwnFileIsReadBeforeTheSystems() async throws {
        let folder = "\(FileManager.default.temporaryDirectory.path)/\(KafkaFixture.uniqueName("home"))"
        try FileManager.default.createDirectory(atPath: "\(folder)/slipway", withIntermediateDirectories: true)
        defer { do { try FileManager.default.removeItem(atPath: folder) } catch { Issue.record(error) } }
        try Data("log: {level: debug}\n".utf8).write(to: URL(filePath: "\(folder)/slipway/slipway.yaml"))
        let result = await self.run(["config", "show"], ["XDG_CONFIG_HOME": folder])
        #expect(result.text.contains("debug"))
    }

    @Test(arguments: [
        "plugin.library.paths", "sasl.kerberos.kinit.cmd", "ssl.engine.location", "ssl.providers",
    ])
    func whatLoadsCodeOrRunsCommandsIsTakenFromTheCommandLineAlone(name: String) async throws {
        try await withScratchFile("kafka: {\(name): /nowhere/evil.so}\n") { path in
            let result = await self.run(["config", "show", "--config", path])
            #expect(result.status == .configuration)
            #expect(result.errorText.contains("kafka.\(name): loads code or runs commands"))
            #expect(result.errorText.contains("--set kafka.\(name)="))
        }
        let variable = "SLIPWAY_KAFKA_" + name.uppercased().replacing(".", with: "_")
        let result = await self.run(["config", "show"], [variable: "/nowhere/evil.so"])
        #expect(result.errorText.contains("loads code or runs commands"))
    }

    @Test func aKerberosNameThatAShellWouldRunIsRefused() async {
        let result = await self.check("workbench.url=https://w", "kafka.sasl.kerberos.principal=a;touch /tmp/x")
        #expect(result.status == .configuration)
        #expect(result.errorText.contains("kafka.sasl.kerberos.principal: is put into a shell's command"))
    }

    @Test func theKeyGoesOverPlainHTTPOnlyWhereThatIsAllowed() async {
        let refused = await self.check("workbench.url=http://plain.example")
        #expect(refused.status == .configuration)
        #expect(refused.errorText.contains("workbench.url: would send the API key in clear"))
        #expect(refused.errorText.contains("workbench.allowPlaintext"))
        let allowed = await self.check("workbench.url=http://plain.example", "workbench.allowPlaintext=true")
        #expect(allowed.status == .success)
        #expect(allowed.text.contains("warning: workbench.url"))
        for host in ["127.0.0.1:8090", "localhost", "[::1]:80"] {
            let loopback = await self.check("workbench.url=http://\(host)")
            #expect(loopback.status == .success, "\(loopback.errorText)")
        }
        let disguised = await self.check("workbench.url=http://127.0.0.1.example.com")
        #expect(disguised.status == .configuration)
    }

    @Test func modelsAreNotAskedOverAWeakerSchemeThanTheAPI() async {
        let result = await self.check("workbench.url=https://w", "workbench.modelServiceURL=http://m.example")
        #expect(result.status == .configuration)
        #expect(result.errorText.contains("workbench.modelServiceURL: "))
    }

    @Test func aFileThatOthersMayWriteIsRefused() async throws {
        try await withScratchFile("log: {level: debug}\n") { path in
            #expect(chmod(path, 0o646) == 0)
            let result = await self.run(["config", "show", "--config", path])
            #expect(result.status == .configuration)
            #expect(result.errorText.contains("may be written by everybody"))
            #expect(result.errorText.contains("chmod"))
        }
        try await withScratchFile("the-key\n") { path in
            #expect(chmod(path, 0o602) == 0)
            let environment = [
                "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": "k:9092", "SLIPWAY_WORKBENCH_URL": "https://w",
                "SLIPWAY_WORKBENCH_API_KEY_FILE": path,
            ]
            let written = await self.run(["config", "check"], environment)
            #expect(written.status == .configuration)
            #expect(chmod(path, 0o644) == 0)
            let read = await self.run(["config", "check"], environment)
            #expect(read.status == .success)
            #expect(read.text.contains("warning: workbench.apiKeyFile"))
            #expect(chmod(path, 0o600) == 0)
            #expect(await self.run(["config", "check"], environment).text.hasPrefix("OK"))
        }
    }
}
