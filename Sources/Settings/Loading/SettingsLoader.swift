// SPDX-License-Identifier: Apache-2.0

import Notation

/// Puts the layers of settings together: built in, session, file, environment, command line; a later one wins.
///
/// Checks every layer, also what a later one outranks, and reports all mistakes at once.
package struct SettingsLoader {
    /// What a free-form part of the settings begins with; its keys are librdkafka's.
    static let passThrough = "kafka."

    /// What the readers of the settings know of values and this module does not.
    package struct Rules {
        /// Whether a librdkafka property of this name is a secret.
        package let isSecretProperty: (String) -> Bool
        /// Whether a librdkafka property of this name is taken from the command line alone: it loads code or runs commands, so
        /// who starts the process has to ask for it, not who filled a file or an environment.
        package let isForCommandLine: (String) -> Bool
        /// What is wrong with the value of a key or property, by its path, that is right by its type; `nil` for nothing.
        package let complaint: (_ path: String, _ text: String) -> String?

        /// Creates rules.
        package init(
            isSecretProperty: @escaping (String) -> Bool,
            isForCommandLine: @escaping (String) -> Bool = { _ in false },
            complaint: @escaping (_ path: String, _ text: String) -> String?
        ) {
            self.isSecretProperty = isSecretProperty
            self.isForCommandLine = isForCommandLine
            self.complaint = complaint
        }
    }

    private let rules: Rules
    private var values: [String: Settings.Value] = [:]
    private var properties: [String: Settings.Value] = [:]
    private var problems: [SettingProblem] = []
    private let keys: [String: SettingKey]

    private init(rules: Rules) {
        self.rules = rules
        self.keys = Dictionary(SettingKey.all.map { ($0.path, $0) }) { first, _ in first }
    }

    /// Loads settings.
    ///
    /// - Parameters:
    ///   - file: The configuration file's name and content, if there is one.
    ///   - environment: The process's environment.
    ///   - assignments: `KEY=VALUE` texts of the command line, the last of a key wins.
    ///   - rules: What else must hold.
    /// - Returns: The effective settings.
    /// - Throws: `SettingsError` with everything that is wrong.
    package static func load(
        file: (name: String, bytes: [UInt8])?,
        environment: [String: String],
        assignments: [String],
        rules: Rules
    ) throws(SettingsError) -> Settings {
        var loader = SettingsLoader(rules: rules)
        loader.takeDefaults(hasFile: file != nil)
        loader.takeSession(environment)
        if let file { loader.takeFile(file.bytes, name: file.name) }
        loader.takeEnvironment(environment)
        for assignment in assignments { loader.takeAssignment(assignment) }
        let properties = loader.properties.sorted { $0.key < $1.key }
            .map { Settings.Property(name: $0.key, value: $0.value) }
        let settings = Settings(file: file?.name, values: loader.values, properties: properties)
        // What is wrong by itself is left out above, so that comparing the rest would say nonsense.
        if loader.problems.isEmpty { loader.problems = settings.contradictions() }
        guard loader.problems.isEmpty else { throw SettingsError(loader.problems) }
        return settings
    }

    private mutating func takeDefaults(hasFile: Bool) {
        for key in SettingKey.all {
            guard let text = key.defaultText else { continue }
            let effective = key.isBesideFile && !hasFile ? "" : text
            self.values[key.path] = Settings.Value(effective, isSecret: key.isSecret, source: .builtIn)
        }
    }

    private mutating func takeSession(_ environment: [String: String]) {
        for key in SettingKey.all {
            guard let variable = key.session, let text = environment[variable.name], !text.isEmpty else { continue }
            self.take(key, variable.prefix + text, source: .session(variable.name))
        }
        if let pod = StablePodName(environment) {
            self.take(.kafkaGroupInstanceID, pod.name, source: .session(StablePodName.variable))
        }
    }

    // MARK: - File

    private mutating func takeFile(_ bytes: [UInt8], name: String) {
        do throws(YAMLError) {
            var lines: [String: Int] = [:]
            for entry in try YAMLReader.read(bytes, file: name).entries() {
                self.takeEntry(entry, path: entry.key, lines: &lines)
            }
        } catch {
            self.problems.append(SettingProblem(error))
        }
    }

    /// Takes a key of the file, or what stands below it; `path` is the key with the sections around it.
    private mutating func takeEntry(_ entry: YAMLNode.Entry, path: String, lines: inout [String: Int]) {
        let isProperty = path.hasPrefix(Self.passThrough)
        let isSection = path == "kafka" || self.keys.keys.contains { $0.hasPrefix(path + ".") }
        switch entry.value.content {
        case .mapping(let entries) where isSection || (isProperty && self.keys[path] == nil):
            for inner in entries { self.takeEntry(inner, path: path + "." + inner.key, lines: &lines) }
        case .scalar, .sequence, .mapping:
            if isSection {
                guard !entry.value.isNull else { return }
                self.report(path, .file(entry.position), "must be a section of keys, is \(entry.value.kind)")
            } else if isProperty || self.keys[path] != nil {
                self.takeLeaf(entry, path: path, lines: &lines)
            } else {
                self.reportUnknown(path, source: .file(entry.position))
            }
        }
    }

    private mutating func takeLeaf(_ entry: YAMLNode.Entry, path: String, lines: inout [String: Int]) {
        let source = SettingSource.file(entry.position)
        if let line = lines.updateValue(entry.position.line, forKey: path) {
            return self.report(path, source, "is already set in line \(line)")
        }
        if let key = self.keys[path], key.type == .topics, case .sequence(let members) = entry.value.content {
            return self.takeList(members, key, source: source)
        }
        guard case .scalar(let text, _) = entry.value.content else {
            let expectation = self.keys[path]?.type.expectation ?? "a single value"
            return self.report(path, source, "must be \(expectation), is \(entry.value.kind)")
        }
        guard !entry.value.isNull else {
            return self.report(path, source, "has no value; give it one, or take the key away")
        }
        self.take(path: path, text, source: source)
    }

    private mutating func takeList(_ members: [YAMLNode], _ key: SettingKey, source: SettingSource) {
        var texts: [String] = []
        for member in members {
            // What has a comma would be two members once it is written as one text.
            guard case .scalar(let text, _) = member.content, !member.isNull, !text.contains(",") else {
                let source = SettingSource.file(member.position)
                return self.report(key.path, source, "must be \(key.type.expectation); a member is \(member.kind)")
            }
            texts.append(text)
        }
        self.take(key, texts.joined(separator: ","), source: source)
    }

    // MARK: - Environment and command line

    private mutating func takeEnvironment(_ environment: [String: String]) {
        let keys = Dictionary(SettingKey.all.map { ($0.environmentName, $0) }) { first, _ in first }
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) {
            guard name.hasPrefix("SLIPWAY_"), !EnvironmentNames.isForeign(name, text) else { continue }
            let source = SettingSource.environment(name)
            if let key = keys[name] {
                // Compose files and shells hand on unset variables as empty ones.
                if !text.isEmpty || key.allowsEmpty { self.take(key, text, source: source) }
            } else if let property = EnvironmentNames.property(name) {
                if !text.isEmpty { self.takeProperty(property, text, source: source) }
            } else {
                let suggestion = Spelling.nearest(to: name, among: keys.keys.sorted())
                let hint = suggestion.map { "; did you mean '\($0)'?" } ?? ""
                self.problems.append(
                    SettingProblem(place: Quoting.printable(name), key: nil, message: "is no setting" + hint)
                )
            }
        }
    }

    private mutating func takeAssignment(_ assignment: String) {
        guard let sign = assignment.firstIndex(of: "=") else {
            // What was meant to be a value may be a secret, so it is not shown.
            self.problems.append(SettingProblem(place: "--set", key: nil, message: "must be KEY=VALUE"))
            return
        }
        self.take(
            path: String(assignment[..<sign]),
            String(assignment[assignment.index(after: sign)...]),
            source: .commandLine
        )
    }

    // MARK: - Values

    private mutating func take(path: String, _ text: String, source: SettingSource) {
        if let key = self.keys[path] {
            self.take(key, text, source: source)
        } else if path.hasPrefix(Self.passThrough), path.count > Self.passThrough.count {
            self.takeProperty(String(path.dropFirst(Self.passThrough.count)), text, source: source)
        } else {
            self.reportUnknown(path, source: source)
        }
    }

    private mutating func take(_ key: SettingKey, _ text: String, source: SettingSource) {
        guard !key.isSecret || source.mayHoldSecrets else { return self.reportSecret(key.path, source: source) }
        guard key.accepts(text) else {
            // An address may hold a password.
            let isShown = !key.isSecret && !(key.type == .url && text.contains("@"))
            let found = isShown ? ", is '\(Quoting.printable(text))'" : ""
            return self.report(key.path, source, "must be \(key.type.expectation)\(found)")
        }
        if let complaint = self.rules.complaint(key.path, text) { return self.report(key.path, source, complaint) }
        self.values[key.path] = Settings.Value(text, isSecret: key.isSecret, source: source)
    }

    private mutating func takeProperty(_ name: String, _ text: String, source: SettingSource) {
        let path = Self.passThrough + name
        let isSecret = self.rules.isSecretProperty(name)
        guard !isSecret || source.mayHoldSecrets else {
            return self.reportSecret(path, source: source)
        }
        // Before librdkafka sees it: it may act on it at once.
        guard source == .commandLine || !self.rules.isForCommandLine(name) else {
            return self.report(
                path,
                source,
                "loads code or runs commands; it is taken only from the command line: --set \(Quoting.printable(path))=VALUE"
            )
        }
        if let complaint = self.rules.complaint(path, text) { return self.report(path, source, complaint) }
        self.properties[name] = Settings.Value(text, isSecret: isSecret, source: source)
    }

    // MARK: - Problems

    private mutating func report(_ path: String, _ source: SettingSource, _ message: String) {
        self.problems.append(
            SettingProblem(place: source.description, key: Quoting.printable(path), message: message)
        )
    }

    private mutating func reportSecret(_ path: String, source: SettingSource) {
        let file = path == SettingKey.workbenchAPIKey.path ? ", or its file's path into workbench.apiKeyFile" : ""
        let name = SettingKey.environmentName(path)
        self.report(path, source, "is a secret: put it into the environment variable \(name)\(file)")
    }

    private mutating func reportUnknown(_ path: String, source: SettingSource) {
        let suggestion = Spelling.nearest(to: path, among: SettingKey.all.map(\.path) + SettingKey.sections)
        self.report(path, source, "is no setting" + (suggestion.map { "; did you mean '\($0)'?" } ?? ""))
    }
}

extension SettingSource {
    /// Files are copied and checked in, command lines are seen by everybody on the machine.
    fileprivate var mayHoldSecrets: Bool {
        switch self {
        case .builtIn, .session, .environment: true
        case .file, .commandLine: false
        }
    }
}
