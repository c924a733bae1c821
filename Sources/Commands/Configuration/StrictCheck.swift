// SPDX-License-Identifier: Apache-2.0

import Files
import Kafka
import Rollouts
import Settings
import Values
import Worker

/// What works and is weaker than it need be: what 'config check --strict' fails on.
struct StrictCheck {
    private let settings: Settings
    private let routes: Routes
    private let routesPath: String

    init(_ settings: Settings, routes: Routes, routesPath: String) {
        self.settings = settings
        self.routes = routes
        self.routesPath = routesPath
    }

    /// What settings, files and routes tell, each with the next step.
    var findings: [SettingProblem] {
        WorkbenchAddresses(self.settings).warnings + self.keyBelowAddress + self.kafka + self.modes + self.openRoutes
    }

    /// Reads the access rules of all topics.
    ///
    /// - Returns: What is too wide, and what could not be looked at, as lines for people.
    func rights(
        _ configuration: Configuration,
        timeout: Duration
    ) async -> (findings: [SettingProblem], unseen: [String]) {
        let admin: Admin
        do {
            admin = try Admin(properties: try KafkaProperties(configuration.kafka))
        } catch {
            return ([], ["the topics' access rules: \(error)"])
        }
        var topics: [TopicRights.Topic] = []
        var unseen: [String] = []
        for (role, name) in Self.topics(configuration.topics) {
            do throws(KafkaError) {
                let rules = try await admin.accessRules(ofTopic: name, timeout: timeout)
                topics.append(TopicRights.Topic(role: role, name: name, rules: rules))
                // All brokers of a cluster have one, or none has.
                guard rules != nil else { break }
            } catch {
                let advice = error.isAuthorization ? "; needs the right Describe on the cluster" : ""
                unseen.append("the access rules of topic \(name): \(error)\(advice)")
                // Who can't be reached, or refuses, does so for each topic.
                break
            }
        }
        await admin.close()
        // librdkafka 2.0.2 shows a refusal as no rules, and without any rule nobody but super users could work at all.
        if !topics.isEmpty, topics.allSatisfy({ $0.rules?.isEmpty ?? false }) {
            unseen.append(
                "the access rules of all topics: the brokers name none; who asks needs the right Describe on the cluster"
            )
        }
        return (TopicRights(topics: topics).findings, unseen)
    }

    private static func topics(_ names: TopicNames) -> [(TopicRole, String)] {
        names.events.map { (.events, $0) }
            + [
                (.inbox, names.inbox), (.journal, names.journal), (.commands, names.commands), (.status, names.status),
                (.dead, names.dead),
            ]
    }

    // MARK: - Settings

    /// A file is easier to change than the environment of a process: who changes it would get a key that it does not hold.
    private var keyBelowAddress: [SettingProblem] {
        guard self.settings.keySource == .workbenchAPIKey, let key = self.settings[.workbenchAPIKey],
            case .environment = key.source
        else { return [] }
        return [SettingKey.workbenchURL, .workbenchModelServiceURL].compactMap { address in
            guard let value = self.settings[address], case .file = value.source else { return nil }
            return self.problem(
                address,
                "comes from a file, the API key from \(key.source), so who may write the file gets the key; give both by the "
                    + "environment (\(address.environmentName)), or the key as workbench.apiKeyFile"
            )
        }
    }

    private var kafka: [SettingProblem] {
        var findings: [SettingProblem] = []
        func property(_ name: String) -> Settings.Property? { self.settings.properties.last { $0.name == name } }
        func find(_ name: String, _ message: String) {
            let place = property(name)?.value.source.description
            findings.append(SettingProblem(place: place, key: "kafka.\(name)", message: message))
        }
        // librdkafka knows several spellings of a value; it is asked what it makes of them.
        let properties: KafkaProperties
        do {
            properties = try KafkaProperties(Configuration(self.settings).kafka)
        } catch {
            return [SettingProblem(place: nil, key: "kafka", message: "\(error)")]
        }
        func value(_ name: String) -> String? { properties.effectiveValue(of: name)?.lowercased() }
        let way = value("security.protocol") ?? "plaintext"
        if way == "plaintext" || way == "sasl_plaintext" {
            let password = way == "sasl_plaintext" ? ", the password too" : ", and nobody proves who they are"
            find("security.protocol", "is \(way), so all goes in clear\(password); set ssl or sasl_ssl")
        }
        if value("enable.ssl.certificate.verification") == "false" {
            find(
                "enable.ssl.certificate.verification",
                "is false, so anybody can stand in for a broker; give ssl.ca.location instead"
            )
        }
        if value("ssl.endpoint.identification.algorithm") == "none" {
            let message = "is none, so any certificate of the authority can stand in for a broker; take it away"
            find("ssl.endpoint.identification.algorithm", message)
        }
        for name in self.settings.properties.map(\.name) where KafkaProperties.Property(name, "").runsCode {
            find(name, "loads code or runs commands; take it away unless it is needed")
        }
        return findings
    }

    // MARK: - Files

    /// Files that librdkafka reads: those that say whom it believes, and those that are secret.
    private static let kafkaFiles = [
        "ssl.ca.location", "ssl.certificate.location", "ssl.crl.location", "ssl.key.location", "ssl.keystore.location",
        "sasl.kerberos.keytab",
    ]
    private static let secretKafkaFiles: Set = ["ssl.key.location", "ssl.keystore.location", "sasl.kerberos.keytab"]

    private var modes: [SettingProblem] {
        let keys: [SettingKey] = [.workbenchAPIKeyFile, .workbenchCABundle]
        let named: [(String, String?)] =
            [("the configuration file", self.settings.file)]
            + [("the routes file", self.routesPath.isEmpty ? nil : self.routesPath)]
            + keys.map { ($0.path, self.settings.path($0)) }
        var findings: [SettingProblem] = []
        for case (let name, let path?) in named + self.kafkaFiles.map({ ("kafka.\($0)", $1) }) {
            for hand in FileHand.all(of: path) {
                findings.append(SettingProblem(place: nil, key: name, message: hand.description))
            }
        }
        for (name, path) in self.kafkaFiles
        where Self.secretKafkaFiles.contains(name) && FileMode(of: path)?.isReadableByEverybody == true {
            let message = "everybody on this machine may read \(path); chmod o-r \(path)"
            findings.append(SettingProblem(place: nil, key: "kafka.\(name)", message: message))
        }
        return findings
    }

    private var kafkaFiles: [(name: String, path: String)] {
        Self.kafkaFiles.compactMap { name in
            self.settings.properties.last { $0.name == name }?.value.text.map { (name, $0) }
        }
    }

    // MARK: - Routes

    private var openRoutes: [SettingProblem] {
        self.routes.rules.filter(\.takesEveryProject).compactMap { route in
            let open = [
                ("modelNames", route.limits.modelNames), ("runtimes", route.limits.runtimes),
                ("environment", route.limits.environment),
            ]
            .filter { $0.1.contains(where: \.isOpen) }.map(\.0)
            guard !open.isEmpty else { return nil }
            let place = self.routesPath.isEmpty ? "the built-in route" : self.routesPath
            return SettingProblem(
                place: place,
                key: "route \(route.name)",
                message:
                    "takes every project's runs and lets their events choose any of \(open.joined(separator: ", ")); give it "
                    + "projects or match.project that name projects, or limits that name what may be chosen"
            )
        }
    }

    private func problem(_ key: SettingKey, _ message: String) -> SettingProblem {
        SettingProblem(place: self.settings[key]?.source.description, key: key.path, message: message)
    }
}

extension Route {
    /// Whether runs of every project may be deployed by it.
    ///
    /// Only a project keeps anybody out. Experiments don't: a project's owner names them as they like; a source even less: it is
    /// what the event says of itself.
    fileprivate var takesEveryProject: Bool {
        let isAllowed = self.projects?.contains(where: \.isOpen) ?? true
        let isMatched = self.match.projects.isEmpty || self.match.projects.contains(where: \.isOpen)
        return isAllowed && isMatched
    }
}

extension Glob {
    /// Whether any name fits, however the pattern says so.
    fileprivate var isOpen: Bool { self.matches("a") && self.matches("Zq.7_-x") }
}
