// SPDX-License-Identifier: Apache-2.0

import Telemetry
import Testing
import Values

@testable import Settings

/// Loads settings, with rules of the tests' own.
struct SettingsFixture {
    private let rules = SettingsLoader.Rules(
        isSecretProperty: { $0 == "sasl.password" },
        complaint: { path, text in
            switch path {
            case "kafka.enable.idempotence": "is reserved"
            case "workbench.projectId" where text == "bad": "is a bad one"
            default: nil
            }
        }
    )

    func load(
        _ file: String? = nil,
        _ environment: [String: String] = [:],
        _ assignments: [String] = []
    ) throws(SettingsError) -> Settings {
        try SettingsLoader.load(
            file: file.map { ("etc/s.yaml", Array($0.utf8)) },
            environment: environment,
            assignments: assignments,
            rules: self.rules
        )
    }

    /// What is wrong.
    func problems(
        _ file: String? = nil,
        _ environment: [String: String] = [:],
        _ assignments: [String] = []
    ) -> [String] {
        do throws(SettingsError) {
            _ = try self.load(file, environment, assignments)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }
}

@Suite struct SettingsLoaderTests {
    private let bed = SettingsFixture()

    @Test func aLaterLayerOutranksAnEarlierOne() throws {
        let key = SettingKey.workbenchProjectID
        let session = ["CDSW_PROJECT_ID": "s"]
        let file = "workbench:\n  projectId: f\n"
        let environment = session.merging(["SLIPWAY_WORKBENCH_PROJECT_ID": "e"]) { $1 }
        #expect(try self.bed.load()[key] == nil)
        #expect(try self.bed.load(nil, session)[key]?.source == .session("CDSW_PROJECT_ID"))
        let fromFile = try self.bed.load(file, session)[key]
        #expect(fromFile?.text == "f")
        #expect(fromFile?.source.description == "etc/s.yaml:2:3")
        #expect(try self.bed.load(file, environment)[key]?.source == .environment("SLIPWAY_WORKBENCH_PROJECT_ID"))
        let given = try self.bed.load(file, environment, ["workbench.projectId=c", "workbench.projectId=d"])[key]
        #expect(given?.text == "d")
        #expect(given?.source == .commandLine)
    }

    @Test func defaultsHoldWhereNothingIsSet() throws {
        let settings = try self.bed.load()
        #expect(settings.integer(.workbenchMaximumConcurrentCalls) == 64)
        #expect(settings.duration(.workbenchRequestTimeout) == .seconds(30))
        #expect(settings.flag(.workbenchVerifyTLS))
        #expect(settings[.kafkaGroupID]?.source == .builtIn)
        #expect(settings.text(.workbenchURL) == nil)
        for key in SettingKey.all where key.defaultText != nil {
            #expect(key.accepts(key.defaultText ?? ""), "the default of \(key.path) is not allowed")
        }
    }

    @Test func theRoutesFileLiesBesideTheConfiguration() throws {
        #expect(try self.bed.load().path(.routes) == "")
        #expect(try self.bed.load("").path(.routes) == "etc/routes.yaml")
        #expect(try self.bed.load("routes: r/x.yaml").path(.routes) == "etc/r/x.yaml")
        #expect(try self.bed.load("routes: /r.yaml").path(.routes) == "/r.yaml")
        #expect(try self.bed.load("", ["SLIPWAY_ROUTES": "r.yaml"]).path(.routes) == "r.yaml")
        #expect(try self.bed.load("routes: r.yaml", ["SLIPWAY_ROUTES": ""]).path(.routes) == "")
    }

    @Test func eventTopicsAreOneOrSeveral() throws {
        func events(_ file: String?, _ environment: [String: String] = [:]) throws -> [String] {
            try self.bed.load(file, environment).list(.topicsEvents)
        }
        #expect(try events(nil) == ["experiments.finished"])
        #expect(try events("topics:\n  events: a\n") == ["a"])
        #expect(try events("topics:\n  events: [a, b.c]\n") == ["a", "b.c"])
        #expect(try events("topics:\n  events:\n    - a\n    - b\n") == ["a", "b"])
        #expect(try events("topics:\n  events: a, b\n") == ["a", "b"])
        #expect(try events("topics:\n  events: [a, b]\n", ["SLIPWAY_TOPICS_EVENTS": "c,d"]) == ["c", "d"])
        #expect(self.bed.problems("topics:\n  events: []\n").count == 1)
        #expect(self.bed.problems("topics:\n  events: 'a,'\n").count == 1)
        #expect(self.bed.problems("topics:\n  events: ['a,b']\n").count == 1)
    }

    @Test func librdkafkaPropertiesPassThroughFromEverywhere() throws {
        let file = "kafka:\n  bootstrap.servers: a:1\n  sasl:\n    mechanism: PLAIN\n  linger.ms: 5\n"
        let environment = ["SLIPWAY_KAFKA_SASL_PASSWORD": "geheim", "SLIPWAY_KAFKA_LINGER_MS": "6"]
        let settings = try self.bed.load(file, environment, ["kafka.client.id=x"])
        #expect(
            settings.properties.map { "\($0.name)=\($0.value.text ?? "***")" } == [
                "bootstrap.servers=a:1", "client.id=x", "linger.ms=6", "sasl.mechanism=PLAIN", "sasl.password=***",
            ]
        )
        #expect(settings.properties.last?.value.secret == Secret("geheim"))
        #expect(settings.properties.first?.path == "kafka.bootstrap.servers")
    }

    @Test func environmentNamesFollowThePath() {
        #expect(SettingKey.workbenchAPIKeyFile.environmentName == "SLIPWAY_WORKBENCH_API_KEY_FILE")
        #expect(SettingKey.workbenchVerifyTLS.environmentName == "SLIPWAY_WORKBENCH_VERIFY_TLS")
        #expect(SettingKey.workbenchModelServiceURL.environmentName == "SLIPWAY_WORKBENCH_MODEL_SERVICE_URL")
        #expect(SettingKey.kafkaSessionTimeout.environmentName == "SLIPWAY_KAFKA_SESSION_TIMEOUT_MS")
        let names = SettingKey.all.map(\.environmentName)
        #expect(Set(names).count == names.count)
        #expect(Set(SettingKey.all.map(\.path)).count == names.count)
    }

    @Test(arguments: [
        ("SLIPWAY_CONFIG", "x"), ("SLIPWAY_SANDBOX_API_KEY", "x"), ("SLIPWAY_SERVICE_HOST", "10.0.0.1"),
        ("SLIPWAY_SERVICE_PORT_HTTP", "80"), ("SLIPWAY_PORT", "tcp://10.0.0.1:80"),
        ("SLIPWAY_PORT_9464_TCP_ADDR", "10.0.0.1"), ("SLIPWAY_WORKER_PORT_9464_TCP", "tcp://10.0.0.1:9464"),
        ("PATH", "/bin"), ("SLIPWAY_LOG_LEVEL", ""),
    ])
    func variablesOfOthersAreLeftAlone(name: String, value: String) {
        #expect(self.bed.problems(nil, [name: value]) == [])
    }

    @Test func ofKeyAndKeyFileTheHigherLayerCounts() throws {
        let file = "workbench:\n  apiKeyFile: /k\n"
        #expect(try self.bed.load(file).keySource == .workbenchAPIKeyFile)
        #expect(try self.bed.load(file, ["CDSW_APIV2_KEY": "s"]).keySource == .workbenchAPIKeyFile)
        #expect(try self.bed.load(file, ["SLIPWAY_WORKBENCH_API_KEY": "e"]).keySource == .workbenchAPIKey)
        #expect(try self.bed.load(nil, ["CDSW_APIV2_KEY": "s"]).keySource == .workbenchAPIKey)
        #expect(try self.bed.load().keySource == nil)
    }

    @Test func aSecretIsNoText() throws {
        let settings = try self.bed.load(nil, ["SLIPWAY_WORKBENCH_API_KEY": "geheim"])
        #expect(settings[.workbenchAPIKey]?.text == nil)
        #expect(settings.secret(.workbenchAPIKey) == Secret("geheim"))
        #expect(!"\(settings)".contains("geheim"))
    }
}
