// SPDX-License-Identifier: Apache-2.0

/// The identifiers in a path.
struct PathIdentifiers: Sendable, Equatable {
    var project = ""
    var experiment = ""
    var run = ""
    var metric = ""
    /// A model of a project or of the registry, as the path says.
    var model = ""
    var version = ""
    var build = ""
    var deployment = ""

    /// Each object that the path names.
    var named: [ObjectID] {
        var named: [ObjectID] = []
        if !self.project.isEmpty { named.append(ObjectID(.project, self.project)) }
        if !self.experiment.isEmpty { named.append(ObjectID(.experiment, self.experiment)) }
        if !self.run.isEmpty { named.append(ObjectID(.run, self.run)) }
        if !self.model.isEmpty { named.append(ObjectID(.model, self.model)) }
        if !self.version.isEmpty { named.append(ObjectID(.version, self.version)) }
        if !self.build.isEmpty { named.append(ObjectID(.build, self.build)) }
        if !self.deployment.isEmpty { named.append(ObjectID(.deployment, self.deployment)) }
        return named
    }
}

/// A parameter of a path template.
private enum Parameter: String {
    case project = "project_id"
    case experiment = "experiment_id"
    case run = "run_id"
    case metric = "metric_key"
    case model = "model_id"
    case version = "version_id"
    case build = "build_id"
    case deployment = "deployment_id"
}

extension PathIdentifiers {
    fileprivate mutating func set(_ parameter: Parameter, _ value: String) {
        switch parameter {
        case .project: self.project = value
        case .experiment: self.experiment = value
        case .run: self.run = value
        case .metric: self.metric = value
        case .model: self.model = value
        case .version: self.version = value
        case .build: self.build = value
        case .deployment: self.deployment = value
        }
    }
}

/// Where one operation lies: method and path template below `/api/v2`.
struct Route: Sendable {
    let operation: Operation
    let method: String
    let template: String
    /// Whether the last segment ends in something to be done, such as `:stop`.
    let hasVerb: Bool
    private let segments: [Segment]

    private enum Segment: Sendable {
        case literal(String)
        case parameter(Parameter, verb: String)
    }

    init(_ operation: Operation, _ method: String, _ template: String) {
        self.operation = operation
        self.method = method
        self.template = template
        self.hasVerb = template.contains("}:")
        self.segments = template.split(separator: "/").map { Route.segment(String($0)) }
    }

    var segmentCount: Int { self.segments.count }

    /// The identifiers, if the path fits.
    ///
    /// - Parameter path: Segments after percent-decoding, so that one may hold a slash.
    /// - Returns: `nil` if it does not fit.
    func match(_ path: [Substring]) -> PathIdentifiers? {
        guard path.count == self.segments.count else { return nil }
        for (segment, text) in zip(self.segments, path) {
            switch segment {
            case .literal(let literal):
                guard text == literal else { return nil }
            case .parameter(_, let verb):
                guard text.utf8.count > verb.utf8.count, verb.isEmpty || text.hasSuffix(verb) else { return nil }
            }
        }
        var identifiers = PathIdentifiers()
        for case (.parameter(let parameter, let verb), let text) in zip(self.segments, path) {
            identifiers.set(parameter, String(verb.isEmpty ? text : text.dropLast(verb.count)))
        }
        return identifiers
    }

    private static func segment(_ text: String) -> Segment {
        guard text.hasPrefix("{"), let end = text.firstIndex(of: "}") else { return .literal(text) }
        let verb = String(text[text.index(after: end)...])
        guard let parameter = Parameter(rawValue: String(text[text.index(after: text.startIndex)..<end])) else {
            preconditionFailure("unknown parameter in the template segment \(text)")
        }
        return .parameter(parameter, verb: verb)
    }
}

/// What a method and a path lead to.
enum RouteMatch {
    case found(Route, PathIdentifiers)
    /// The path exists with these methods only.
    case wrongMethod(allowed: [String])
    case unknown
}

/// All routes, in groups of equally long paths.
struct RouteTable: Sendable {
    /// Routes of a length at its index.
    private let byLength: [[Route]]

    init(_ routes: [Route]) {
        let longest = routes.map(\.segmentCount).max() ?? 0
        self.byLength = (0...longest).map { length in
            let routes = routes.filter { $0.segmentCount == length }
            // Templates with a verb come first: `{run_id}` alone would take `id:logbatch` for an identifier.
            return routes.filter(\.hasVerb) + routes.filter { !$0.hasVerb }
        }
    }

    func match(method: String, path: [Substring]) -> RouteMatch {
        guard path.count < self.byLength.count else { return .unknown }
        var allowed: [String] = []
        for route in self.byLength[path.count] {
            guard let identifiers = route.match(path) else { continue }
            if route.method == method { return .found(route, identifiers) }
            allowed.append(route.method)
            if route.hasVerb { break }
        }
        return allowed.isEmpty ? .unknown : .wrongMethod(allowed: allowed)
    }
}

extension Operation {
    var route: Route { Route.byOperation[self.ordinal] }

    private var ordinal: Int { Operation.ordinals[self] ?? 0 }

    private static let ordinals = Dictionary(uniqueKeysWithValues: zip(Operation.allCases, 0...))
}

extension Route {
    static let table = RouteTable(byOperation)

    /// In the order of `Operation.allCases`.
    fileprivate static let byOperation = Operation.allCases.map { operation in
        let (method, template) = Route.address(operation)
        return Route(operation, method, template)
    }

    private static let experiments = "/projects/{project_id}/experiments"
    private static let runs = experiments + "/{experiment_id}/runs"
    private static let models = "/projects/{project_id}/models"
    private static let builds = models + "/{model_id}/builds"
    private static let deployments = builds + "/{build_id}/deployments"
    private static let version = "/registry/models/{model_id}/versions/{version_id}"

    private static func address(_ operation: Operation) -> (method: String, template: String) {
        switch operation {
        case .validateKey: ("POST", "/auth/validate_key")
        case .listProjects: ("GET", "/projects")
        case .createProject: ("POST", "/projects")
        case .getProject: ("GET", "/projects/{project_id}")
        case .updateProject: ("PATCH", "/projects/{project_id}")
        case .deleteProject: ("DELETE", "/projects/{project_id}")
        case .listAllExperiments: ("GET", "/experiments")
        case .listExperiments: ("GET", experiments)
        case .createExperiment: ("POST", experiments)
        case .getExperiment: ("GET", experiments + "/{experiment_id}")
        case .updateExperiment: ("PATCH", experiments + "/{experiment_id}")
        case .deleteExperiment: ("DELETE", experiments + "/{experiment_id}")
        case .listRuns: ("GET", runs)
        case .createRun: ("POST", runs)
        case .getRun: ("GET", runs + "/{run_id}")
        case .updateRun: ("PATCH", runs + "/{run_id}")
        case .deleteRun: ("DELETE", runs + "/{run_id}")
        case .getRunMetrics: ("GET", runs + "/{run_id}/metrics/{metric_key}")
        case .logBatch: ("POST", runs + "/{run_id}:logbatch")
        case .deleteBatch: ("POST", runs + "/{run_id}:deletebatch")
        case .listRegisteredModels: ("GET", "/registry/models")
        case .createRegisteredModel: ("POST", "/registry/models")
        case .updateRegisteredModel: ("PATCH", "/registry/models")
        case .getRegisteredModel: ("GET", "/registry/models/{model_id}")
        case .deleteRegisteredModel: ("DELETE", "/registry/models/{model_id}")
        case .updateVersion: ("PATCH", "/registry/models/{model_id}")
        case .getVersion: ("GET", version)
        case .deleteVersion: ("DELETE", version)
        case .listAllModels: ("GET", "/models")
        case .listModels: ("GET", models)
        case .createModel: ("POST", models)
        case .getModel: ("GET", models + "/{model_id}")
        case .updateModel: ("PATCH", models + "/{model_id}")
        case .deleteModel: ("DELETE", models + "/{model_id}")
        case .listBuilds: ("GET", builds)
        case .createBuild: ("POST", builds)
        case .getBuild: ("GET", builds + "/{build_id}")
        case .deleteBuild: ("DELETE", builds + "/{build_id}")
        case .listDeployments: ("GET", deployments)
        case .createDeployment: ("POST", deployments)
        case .getDeployment: ("GET", deployments + "/{deployment_id}")
        case .restartDeployment: ("POST", deployments + "/{deployment_id}:restart")
        case .stopDeployment: ("POST", deployments + "/{deployment_id}:stop")
        case .listRuntimes: ("GET", "/runtimes")
        }
    }
}
