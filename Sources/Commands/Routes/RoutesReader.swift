// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Settings
import Values

/// Makes routes of a routes file's nodes, and keeps every mistake that it meets on the way.
///
/// A value with a mistake counts as its default meanwhile, so that one reading tells all mistakes.
struct RoutesReader {
    private(set) var problems: [SettingProblem] = []

    /// A part of the file with keys of its own.
    private struct Section {
        /// `nil` where it is absent or unusable.
        let node: YAMLNode?
        let path: String

        func path(of key: String) -> String { self.path.isEmpty ? key : "\(self.path).\(key)" }
    }

    /// Reads the whole document.
    mutating func routes(_ document: YAMLNode) -> Routes {
        let file = self.section(document, path: "", keys: ["routes"])
        let rules = self.value(file, "routes", default: []) { node throws(YAMLError) in try node.elements() }
        guard !rules.isEmpty else {
            if self.problems.isEmpty { self.report("routes", document.error("at least one route is needed")) }
            return Routes([])
        }
        var routes: [Route] = []
        for (index, node) in rules.enumerated() {
            let route = self.route(node, path: "routes[\(index)]")
            if !route.name.isEmpty, routes.contains(where: { $0.name == route.name }) {
                self.report("routes[\(index)].name", node.error("another route has the name '\(route.name)'"))
            }
            if let before = routes.first(where: { $0.match.takesAll(of: route.match) }) {
                let message = "no event gets here: route '\(before.name)' before it takes them all; the order decides"
                self.report("routes[\(index)]", node.error(message))
            }
            routes.append(route)
        }
        return Routes(routes)
    }

    private mutating func route(_ node: YAMLNode, path: String) -> Route {
        let section = self.section(
            node,
            path: path,
            keys: [
                "name", "match", "projects", "gates", "model", "build", "deployment", "limits", "quota", "queue",
                "registry", "deadlines", "verify",
            ]
        )
        if section.node != nil, node["name"] == nil { self.report(path, node.error("name is missing")) }
        let name = self.value(section, "name", default: "") { node throws(YAMLError) in try node.line() }
        var route = Route(name: name, runtime: self.runtime(section))
        route.match = self.match(section)
        route.projects = self.projects(section)
        route.gates = self.gates(section)
        self.readModel(section, into: &route)
        route.registryName = self.registryName(section)
        route.deployment = self.deployment(section)
        route.limits = self.limits(section)
        route.quota = self.quota(section)
        route.queue = self.value(section, "queue", default: route.queue) { node throws(YAMLError) in
            try node.word(QueueMode.self)
        }
        route.deadlines = self.deadlines(section)
        route.verification = self.verification(section)
        return route
    }

    private mutating func match(_ route: Section) -> Route.Match {
        let section = self.section(route, "match", keys: ["project", "experiment", "topic", "source", "status"])
        let statuses = self.value(section, "status", default: [RunStatusWord.finished]) { node throws(YAMLError) in
            try node.lines()
        }
        return Route.Match(
            projects: self.globs(section, "project", default: []),
            experiments: self.globs(section, "experiment", default: []),
            topics: self.globs(section, "topic", default: []),
            sources: self.globs(section, "source", default: []),
            statuses: statuses.isEmpty ? [RunStatusWord.finished] : statuses
        )
    }

    private mutating func projects(_ route: Section) -> [Glob]? {
        self.value(route, "projects", default: nil) { node throws(YAMLError) in
            let globs = try node.lines().map { Glob($0) }
            guard !globs.isEmpty else {
                let message = "an empty list lets no project in: name patterns, or leave the key out for any project"
                throw node.error(message)
            }
            return globs
        }
    }

    private mutating func readModel(_ parent: Section, into route: inout Route) {
        let section = self.section(
            parent,
            "model",
            keys: ["name", "artifactPath", "description", "disableAuthentication"]
        )
        route.modelName = self.value(section, "name", default: nil) { node throws(YAMLError) in try node.template() }
        route.artifactPath = self.value(section, "artifactPath", default: route.artifactPath) {
            node throws(YAMLError) in
            try node.artifactPath()
        }
        route.modelDescription = self.value(section, "description", default: "") { node throws(YAMLError) in
            try node.text()
        }
        route.disableAuthentication = self.value(section, "disableAuthentication", default: false) {
            node throws(YAMLError) in try node.boolean()
        }
    }

    private mutating func registryName(_ route: Section) -> ModelNameTemplate? {
        let section = self.section(route, "registry", keys: ["name"])
        return self.value(section, "name", default: nil) { node throws(YAMLError) in try node.registryTemplate() }
    }

    private mutating func runtime(_ route: Section) -> RuntimeChoice {
        let build = self.section(route, "build", keys: ["runtime"])
        let section = self.section(build, "runtime", keys: ["identifier", "kernel", "edition", "editor"])
        let identifier = self.value(section, "identifier", default: String?.none) { node throws(YAMLError) in
            try node.line()
        }
        let kernel = self.value(section, "kernel", default: "Python 3.10") { node throws(YAMLError) in try node.line() }
        let edition = self.value(section, "edition", default: "Standard") { node throws(YAMLError) in try node.line() }
        let editor = self.value(section, "editor", default: String?.none) { node throws(YAMLError) in try node.line() }
        guard let identifier else { return .newest(kernel: kernel, edition: edition, editor: editor) }
        if let node = section.node, node["kernel"] != nil || node["edition"] != nil || node["editor"] != nil {
            let message = "either an identifier, or kernel, edition and editor"
            self.report(section.path, node.error(message))
        }
        return .identifier(identifier)
    }

    private mutating func deployment(_ route: Section) -> DeploymentSize {
        let section = self.section(route, "deployment", keys: ["cpu", "memoryGB", "gpus", "replicas", "environment"])
        let standard = DeploymentSize()
        return DeploymentSize(
            cpu: self.size(section, "cpu", default: standard.cpu),
            memoryGB: self.size(section, "memoryGB", default: standard.memoryGB),
            gpus: self.count(section, "gpus", atLeast: 0, default: standard.gpus),
            replicas: self.count(section, "replicas", atLeast: 1, default: standard.replicas),
            environment: self.environment(section)
        )
    }

    private mutating func environment(_ deployment: Section) -> [String: String] {
        let key = "environment"
        let entries = self.value(deployment, key, default: []) { node throws(YAMLError) in try node.entries() }
        var variables: [String: String] = [:]
        for entry in entries {
            let path = "\(deployment.path(of: key)).\(entry.key)"
            do throws(YAMLError) {
                variables[entry.key] = try entry.value.text()
            } catch {
                self.report(path, error)
            }
            if !TextRule.variableName.isMet(by: entry.key) {
                let error = YAMLError(.invalid("the name must be \(TextRule.variableName.allowed)"), at: entry.position)
                self.report(path, error)
            }
        }
        return variables
    }

    private mutating func limits(_ route: Section) -> Route.Limits {
        let section = self.section(
            route,
            "limits",
            keys: ["cpu", "memoryGB", "gpus", "replicas", "environment", "modelNames", "runtimes"]
        )
        let standard = Route.Limits()
        return Route.Limits(
            cpu: self.size(section, "cpu", default: standard.cpu),
            memoryGB: self.size(section, "memoryGB", default: standard.memoryGB),
            gpus: self.count(section, "gpus", atLeast: 0, default: standard.gpus),
            replicas: self.count(section, "replicas", atLeast: 1, default: standard.replicas),
            environment: self.globs(section, "environment", default: standard.environment),
            modelNames: self.globs(section, "modelNames", default: standard.modelNames),
            runtimes: self.globs(section, "runtimes", default: standard.runtimes)
        )
    }

    private mutating func quota(_ route: Section) -> Route.Quota {
        let section = self.section(route, "quota", keys: ["underWay", "acceptedPerHour", "perModelPerHour"])
        return Route.Quota(
            underWay: self.bound(section, "underWay"),
            acceptedPerHour: self.bound(section, "acceptedPerHour"),
            perModelPerHour: self.bound(section, "perModelPerHour", Route.Quota.allowedPerModel)
        )
    }

    private mutating func bound(
        _ section: Section,
        _ key: String,
        _ allowed: ClosedRange<Int> = Route.Quota.allowed
    ) -> Int? {
        self.value(section, key, default: nil) { node throws(YAMLError) in try node.bound(allowed) }
    }

    private mutating func deadlines(_ route: Section) -> StepDeadlines {
        let section = self.section(route, "deadlines", keys: ["resolve", "register", "build", "deploy", "verify"])
        let standard = StepDeadlines()
        return StepDeadlines(
            resolve: self.milliseconds(section, "resolve", default: standard.resolve),
            register: self.milliseconds(section, "register", default: standard.register),
            build: self.milliseconds(section, "build", default: standard.build),
            deploy: self.milliseconds(section, "deploy", default: standard.deploy),
            verify: self.milliseconds(section, "verify", default: standard.verify)
        )
    }

    private mutating func verification(_ route: Section) -> Verification? {
        let section = self.section(route, "verify", keys: ["request", "expect"])
        guard let node = section.node, !node.isNull else { return nil }
        guard node["request"] != nil else {
            self.report(section.path, node.error("request is missing"))
            return nil
        }
        let request = self.json(section, "request") ?? "null"
        return Verification(request: request, expect: self.json(section, "expect"))
    }
}

// MARK: Gates

extension RoutesReader {
    private static let sources = Gate.Source.allCases.map(\.rawValue)

    private mutating func gates(_ route: Section) -> [Gate] {
        let nodes = self.value(route, "gates", default: []) { node throws(YAMLError) in try node.elements() }
        return nodes.enumerated().compactMap { self.gate($1, path: "\(route.path(of: "gates"))[\($0)]") }
    }

    private mutating func gate(_ node: YAMLNode, path: String) -> Gate? {
        let section = self.section(
            node,
            path: path,
            keys: Self.sources + ["equals", "min", "max", "betterThan", "better"]
        )
        guard section.node != nil else { return nil }
        let given = Gate.Source.allCases.filter { node[$0.rawValue] != nil }
        guard let source = given.first, given.count == 1 else {
            self.report(path, node.error("exactly one of \(Self.sources.joined(separator: ", ")) is needed"))
            return nil
        }
        let key = self.value(section, source.rawValue, default: "") { node throws(YAMLError) in try node.line() }
        var gate = Gate(source: source, key: key)
        gate.equals = self.value(section, "equals", default: nil) { node throws(YAMLError) in try node.text() }
        gate.minimum = self.value(section, "min", default: nil) { node throws(YAMLError) in try node.anyNumber() }
        gate.maximum = self.value(section, "max", default: nil) { node throws(YAMLError) in try node.anyNumber() }
        gate.betterThanDeployed = self.better(section)
        self.check(gate, node, path: path)
        return gate
    }

    private mutating func better(_ gate: Section) -> Gate.Better? {
        let word = self.value(gate, "betterThan", default: String?.none) { node throws(YAMLError) in
            try node.choice(["deployed"])
        }
        let better = self.value(gate, "better", default: Gate.Better.higher) { node throws(YAMLError) in
            try node.word(Gate.Better.self)
        }
        if let node = gate.node, node["better"] != nil, node["betterThan"] == nil {
            self.report(gate.path(of: "better"), node.error("has a meaning only beside betterThan: deployed"))
        }
        return word == nil ? nil : better
    }

    private mutating func check(_ gate: Gate, _ node: YAMLNode, path: String) {
        // Two ways to write one number are two texts.
        if gate.source == .metric, gate.equals != nil {
            self.report("\(path).equals", node.error("a metric is a number: use min and max"))
        }
        if let minimum = gate.minimum, let maximum = gate.maximum, minimum > maximum {
            self.report(path, node.error("min is greater than max"))
        }
    }
}

// MARK: Taking values

extension RoutesReader {
    private mutating func report(_ key: String, _ error: YAMLError) {
        self.problems.append(
            SettingProblem(
                place: error.position.description,
                key: key.isEmpty ? nil : key,
                message: error.message
            )
        )
    }

    /// Checks that a value is a section with known keys.
    private mutating func section(_ node: YAMLNode, path: String, keys: [String]) -> Section {
        do throws(YAMLError) {
            _ = try node.entries()
        } catch {
            self.report(path, error)
            return Section(node: nil, path: path)
        }
        for error in node.unknownKeys(allowed: keys) { self.report(path, error) }
        return Section(node: node, path: path)
    }

    private mutating func section(_ parent: Section, _ key: String, keys: [String]) -> Section {
        guard let node = parent.node?[key] else { return Section(node: nil, path: parent.path(of: key)) }
        return self.section(node, path: parent.path(of: key), keys: keys)
    }

    /// Reads the value of a key; its default where it is absent, empty or wrong.
    private mutating func value<Value>(
        _ section: Section,
        _ key: String,
        default standard: Value,
        _ read: (YAMLNode) throws(YAMLError) -> Value
    ) -> Value {
        guard let node = section.node?[key], !node.isNull else { return standard }
        do throws(YAMLError) {
            return try read(node)
        } catch {
            self.report(section.path(of: key), error)
            return standard
        }
    }

    private mutating func globs(_ section: Section, _ key: String, default standard: [Glob]) -> [Glob] {
        self.value(section, key, default: standard) { node throws(YAMLError) in try node.lines().map { Glob($0) } }
    }

    private mutating func size(_ section: Section, _ key: String, default standard: Double) -> Double {
        self.value(section, key, default: standard) { node throws(YAMLError) in try node.number(0.01...10_000) }
    }

    private mutating func count(_ section: Section, _ key: String, atLeast least: Int, default standard: Int) -> Int {
        self.value(section, key, default: standard) { node throws(YAMLError) in try node.integer(least...10_000) }
    }

    private mutating func milliseconds(_ section: Section, _ key: String, default standard: Int64) -> Int64 {
        self.value(section, key, default: standard) { node throws(YAMLError) in
            let duration = try node.duration(.seconds(1)...(.seconds(7 * 86_400)))
            return duration.wholeMilliseconds
        }
    }

    private mutating func json(_ section: Section, _ key: String) -> String? {
        self.value(section, key, default: nil) { node throws(YAMLError) in try node.json() }
    }
}

extension Route.Match {
    /// Whether every event that the other takes is taken by this one already.
    fileprivate func takesAll(of other: Route.Match) -> Bool {
        self.projects.isEmpty && self.experiments.isEmpty && self.topics.isEmpty && self.sources.isEmpty
            && self.statuses.isSuperset(of: other.statuses)
    }
}
