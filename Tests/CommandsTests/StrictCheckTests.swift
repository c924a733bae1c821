// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Files
import Glibc
import Kafka
import Settings
import Testing
import Worker

@testable import Commands

/// What `config check --strict` fails on, and the brokers' rules as it judges them.
@Suite struct StrictCheckTests {
    private func check(_ settings: String..., environment: [String: String] = [:]) async -> CommandFixture.Result {
        let capture = CapturedOutput()
        let base = ["SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "SLIPWAY_WORKBENCH_API_KEY": "k"]
        let status = await Program.table().run(
            ["config", "check", "--strict"] + settings.flatMap { ["--set", $0] },
            environment: base.merging(environment) { _, new in new },
            output: Output(to: capture)
        )
        return CommandFixture.Result(status: status, text: capture.text, errorText: capture.errorText)
    }

    private static let narrow = """
        routes:
          - name: ours
            match: {project: [team-a]}
            model: {name: "{experimentId|slug}"}
        """

    /// librdkafka takes several spellings, and a pattern has many ways to let everything through.
    @Test(arguments: [
        ("kafka.enable.ssl.certificate.verification=0", "[team-a]", "certificate.verification: is false"),
        ("kafka.enable.ssl.certificate.verification=f", "[team-a]", "certificate.verification: is false"),
        ("kafka.client.id=x", #"["*"]"#, "takes every project's runs"),
        ("kafka.client.id=x", #"[team-a, "?*"]"#, "takes every project's runs"),
        ("kafka.client.id=x", #"["**"]"#, "takes every project's runs"),
    ])
    func meaningsAreComparedAndNotSpellings(setting: String, projects: String, words: String) async throws {
        try await withScratchFile(Self.narrow.replacing("[team-a]", with: projects)) { routes in
            #expect(chmod(routes, 0o644) == 0)
            let result = await self.check(
                "workbench.url=https://w",
                "kafka.security.protocol=ssl",
                "routes=\(routes)",
                setting
            )
            #expect(result.status == .configuration && result.errorText.contains(words), "\(result.errorText)")
        }
    }

    /// Whether routes are named as open to every project's runs.
    private func isOpen(_ rule: String) async throws -> Bool {
        var isOpen = false
        try await withScratchFile("routes:\n  - {name: ours, model: {name: m}, \(rule)}\n") { routes in
            #expect(chmod(routes, 0o644) == 0)
            let result = await self.check(
                "workbench.url=https://w",
                "kafka.security.protocol=ssl",
                "routes=\(routes)"
            )
            isOpen = result.errorText.contains("route ours: takes every project's runs")
            // Else nothing was found: nobody answers who knows the access rules.
            #expect(result.status == (isOpen ? .configuration : .unavailable), "\(result.errorText)")
        }
        return isOpen
    }

    /// Only a project keeps others out: experiments are named by whoever makes them, and a pattern for any project is none.
    @Test(arguments: [
        #"projects: ["*"]"#, #"projects: [team-a, "?*"]"#, #"projects: ["**"], match: {project: ["*"]}"#,
        #"match: {experiment: "churn-*"}"#, #"match: {experiment: churn, topic: team-a, source: "/team-a"}"#,
        #"match: {experiment: churn}, projects: ["*"]"#,
    ])
    func aRouteIsClosedByItsProjectsAlone(rule: String) async throws {
        #expect(try await self.isOpen(rule))
    }

    @Test(arguments: [
        "projects: [team-a]", #"projects: ["team-*"], match: {project: ["*"]}"#,
        #"match: {project: "team-*"}, projects: ["*"]"#,
        #"match: {experiment: "*", project: team-a}"#,
    ])
    func aRouteThatNamesItsProjectsIsClosed(rule: String) async throws {
        #expect(try await !self.isOpen(rule))
    }

    @Test func whatCannotBeLookedAtIsNotPassed() async throws {
        try await withScratchFile(Self.narrow) { routes in
            #expect(chmod(routes, 0o644) == 0)
            let result = await self.check(
                "workbench.url=https://w",
                "kafka.security.protocol=ssl",
                "routes=\(routes)"
            )
            // A gate must not take what nobody could look at for good.
            #expect(result.status == .unavailable, "\(result.errorText)")
            #expect(result.text.contains("not looked at: the access rules of topic"))
            #expect(result.errorText.contains("nothing weak was found, and not everything could be looked at"))
        }
    }

    @Test func eachWeaknessIsNamedWithTheNextStep() async throws {
        try await withScratchFile("workbench: {url: https://w}\n") { file in
            #expect(chmod(file, 0o664) == 0)
            let result = await self.check(
                "workbench.verifyTLS=false",
                "kafka.enable.ssl.certificate.verification=false",
                environment: ["SLIPWAY_CONFIG": file, "SLIPWAY_ROUTES": ""]
            )
            #expect(result.status == .configuration)
            for words in [
                "workbench.verifyTLS: ", "kafka.security.protocol: is plaintext", "set ssl or sasl_ssl",
                "kafka.enable.ssl.certificate.verification: is false", "chmod g-w \(file)",
                "workbench.url: comes from a file, the API key from SLIPWAY_WORKBENCH_API_KEY",
            ] {
                #expect(result.errorText.contains(words), "\(words) in \(result.errorText)")
            }
        }
        let open = await self.check("workbench.url=https://w", "routes=")
        #expect(open.errorText.contains("the built-in route: route default: takes every project's runs"))
        let plain = await self.check("workbench.url=http://w.example", "workbench.allowPlaintext=true")
        #expect(plain.errorText.contains("workbench.url: the API key goes to w.example in clear"))
    }

    /// A folder that others may write, a foreign owner and what librdkafka reads are as good as a loose mode.
    @Test func filesThatOthersMayExchangeAreNamed() async throws {
        var template = Array("/tmp/slipway-strict-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let (key, authority) = ("\(folder)/client.key", "\(folder)/authority.pem")
        defer {
            unlink(key)
            unlink(authority)
            rmdir(folder)
        }
        try FileWriter.write(Array("x".utf8), to: key)
        try FileWriter.write(Array("x".utf8), to: authority)
        #expect(chmod(key, 0o644) == 0 && chmod(authority, 0o666) == 0 && chmod(folder, 0o775) == 0)
        let isRoot = geteuid() == 0
        if isRoot { #expect(chown(authority, 12_345, 12_345) == 0) }
        try await withScratchFile(Self.narrow) { routes in
            #expect(chmod(routes, 0o644) == 0)
            let result = await self.check(
                "workbench.url=https://w",
                "kafka.security.protocol=ssl",
                "kafka.ssl.key.location=\(key)",
                "kafka.ssl.ca.location=\(authority)",
                "routes=\(routes)"
            )
            #expect(result.status == .configuration, "\(result.errorText)")
            var wanted = [
                "kafka.ssl.key.location: everybody on this machine may read \(key); chmod o-r \(key)",
                "kafka.ssl.key.location: its group may write folder \(folder)", "chmod g-w \(folder)",
                "kafka.ssl.ca.location: everybody may write \(authority)", "chmod o-w \(authority)",
            ]
            if isRoot { wanted.append("kafka.ssl.ca.location: user 12345 owns \(authority)") }
            for words in wanted { #expect(result.errorText.contains(words), "\(words) in \(result.errorText)") }
        }
    }

    private func findings(_ rules: [(TopicRights.Topic)]) -> [String] {
        TopicRights(topics: rules).findings.map(\.description)
    }

    private func rule(_ principal: String, _ operation: AccessRule.Operation, allows: Bool = true) -> AccessRule {
        AccessRule(principal: principal, operation: operation, isAllowed: allows)
    }

    @Test func rightsForEverybodyAreTooWide() {
        let found = self.findings([
            .init(role: .events, name: "e", rules: [self.rule("User:*", .write)]),
            .init(role: .journal, name: "j", rules: [self.rule("User:*", .all), self.rule("User:w", .write)]),
            .init(role: .status, name: "s", rules: [self.rule("User:*", .read)]),
        ])
        #expect(found.count == 3, "\(found)")
        #expect(found.first?.hasPrefix("topic e (events): everybody (User:*) may write it") == true)
        #expect(found.contains { $0.hasPrefix("topic j (journal): everybody (User:*) may read it") })
    }

    @Test func aProducerThatMayWriteTheJournalIsNamed() {
        let found = self.findings([
            .init(role: .events, name: "e", rules: [self.rule("User:train", .write)]),
            .init(role: .journal, name: "j", rules: [self.rule("User:train", .all), self.rule("User:w", .write)]),
        ])
        #expect(found.map { $0.prefix(30) } == ["topic j (journal): User:train m"].map { $0.prefix(30) })
    }

    /// What is told there operations and audits believe.
    @Test(arguments: [TopicRole.status, .dead])
    func aProducerThatMayWriteWhatIsToldIsNamed(role: TopicRole) throws {
        let found = self.findings([
            .init(role: .events, name: "e", rules: [self.rule("User:train", .write), self.rule("User:w", .read)]),
            .init(role: role, name: "t", rules: [self.rule("User:train", .all), self.rule("User:w", .write)]),
        ])
        let only = try #require(found.first)
        #expect(found.count == 1, "\(found)")
        let words = "topic t (\(role.rawValue)): User:train may write events and this topic too: who writes it can "
        #expect(only.hasPrefix(words), "\(only)")
        #expect(only.hasSuffix("give producers principals of their own"))
    }

    @Test func aRuleThatDeniesWins() {
        let denied = [self.rule("User:*", .write), self.rule("User:*", .all, allows: false)]
        #expect(self.findings([.init(role: .journal, name: "j", rules: denied)]) == [])
    }

    /// Who is kept out from one address comes from another.
    @Test func aRuleThatDeniesFromOneAddressDoesNotWin() {
        let deny = AccessRule(principal: "User:*", operation: .write, isAllowed: false, host: "10.0.0.1")
        let found = self.findings([.init(role: .journal, name: "j", rules: [self.rule("User:*", .write), deny])])
        #expect(found.count == 1)
    }

    @Test func brokersWithoutAnAuthorizerAreNamed() {
        let found = self.findings([.init(role: .events, name: "e", rules: nil)])
        #expect(found.first?.contains("these brokers check no rights (no authorizer)") == true)
    }
}
