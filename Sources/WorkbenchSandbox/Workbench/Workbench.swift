// SPDX-License-Identifier: Apache-2.0

import Values

/// One call of API v2, as the core takes it: routed, with a body whose types have been checked.
struct WorkbenchCall {
    let operation: Operation
    let path: PathIdentifiers
    let query: Query
    var fields: Fields
    let now: Timestamp
    var rendering = Rendering()
    var view = ReadView()

    /// The moment at which lists take states.
    var listTime: Timestamp { self.view.listsAsOf ?? self.now }
}

/// What an accepted call gives.
struct WorkbenchReply {
    /// The JSON of a reply with status 200.
    let body: [UInt8]
    /// What was made or addressed.
    var identifiers: [ObjectID] = []

    /// The reply of operations that give nothing back.
    static let empty = WorkbenchReply(body: Array("{}".utf8))
}

/// A Cloudera AI workbench in memory.
///
/// Pure: no clock, no I/O. Each call brings the moment at which it happens, and every state follows from the time that
/// has passed since an object was made, so nothing runs in the background.
struct Workbench: Sendable {
    var clock: LifeCycleClock
    /// Which open questions it answers otherwise than usual.
    var quirks: Set<Quirk> = []
    var projects = Table<ProjectRecord>()
    var experiments = Table<ExperimentRecord>()
    var runs = Table<RunRecord>()
    var registeredModels = Table<RegisteredModelRecord>()
    var versions = Table<VersionRecord>()
    var models = Table<ModelRecord>()
    var builds = Table<BuildRecord>()
    var deployments = Table<DeploymentRecord>()
    var runtimes = Table<RuntimeRecord>()

    var identifiers: Identifiers
    var durations: SeededGenerator
    /// Requests for deployments so far, restarts included.
    var deploymentOrder = 0
    var experimentNames = NameIndex()
    var registeredModelNames = NameIndex()
    var modelNames = NameIndex()
    /// Names that have to be found at once.
    var experimentsByName: [String: Int] = [:]
    var registeredModelsByName: [String: Int] = [:]
    var modelsByAccessKey: [String: Int] = [:]

    /// An empty workbench; the seed decides all identifiers and, with the clock, all durations.
    init(seed: UInt64, clock: LifeCycleClock) {
        self.clock = clock
        self.identifiers = Identifiers(seed: seed)
        self.durations = SeededGenerator(seed: seed ^ 0xC10C)
        for runtime in RuntimeRecord.shipped { self.runtimes.append(runtime) }
    }

    /// Removes all that was made; identifiers go on where they were, so that none comes back.
    mutating func removeAll() {
        var emptied = Workbench(seed: 0, clock: self.clock)
        emptied.quirks = self.quirks
        emptied.identifiers = self.identifiers
        emptied.durations = self.durations
        emptied.deploymentOrder = self.deploymentOrder
        self = emptied
    }

    /// Performs one call.
    mutating func perform(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        switch call.operation {
        case .validateKey: try self.validateKey(call)
        case .listProjects: try self.listProjects(call)
        case .createProject: try self.createProject(call)
        case .getProject: try self.getProject(call)
        case .updateProject: try self.updateProject(call)
        case .deleteProject: try self.deleteProject(call)
        case .listAllExperiments, .listExperiments: try self.listExperiments(call)
        case .createExperiment: try self.createExperiment(call)
        case .getExperiment: try self.getExperiment(call)
        case .updateExperiment: try self.updateExperiment(call)
        case .deleteExperiment: try self.deleteExperiment(call)
        case .listRuns: try self.listRuns(call)
        case .createRun: try self.createRun(call)
        case .getRun: try self.getRun(call)
        case .updateRun: try self.updateRun(call)
        case .deleteRun: try self.deleteRun(call)
        case .getRunMetrics: try self.getRunMetrics(call)
        case .logBatch: try self.logBatch(call)
        case .deleteBatch: try self.deleteBatch(call)
        case .listRegisteredModels: try self.listRegisteredModels(call)
        case .createRegisteredModel: try self.createRegisteredModel(call)
        case .updateRegisteredModel: try self.updateRegisteredModel(call)
        case .getRegisteredModel: try self.getRegisteredModel(call)
        case .deleteRegisteredModel: try self.deleteRegisteredModel(call)
        case .updateVersion: try self.updateVersion(call)
        case .getVersion: try self.getVersion(call)
        case .deleteVersion: try self.deleteVersion(call)
        case .listAllModels, .listModels: try self.listModels(call)
        case .createModel: try self.createModel(call)
        case .getModel: try self.getModel(call)
        case .updateModel: try self.updateModel(call)
        case .deleteModel: try self.deleteModel(call)
        case .listBuilds: try self.listBuilds(call)
        case .createBuild: try self.createBuild(call)
        case .getBuild: try self.getBuild(call)
        case .deleteBuild: try self.deleteBuild(call)
        case .listDeployments: try self.listDeployments(call)
        case .createDeployment: try self.createDeployment(call)
        case .getDeployment: try self.getDeployment(call)
        case .restartDeployment: try self.restartDeployment(call)
        case .stopDeployment: try self.stopDeployment(call)
        case .listRuntimes: try self.listRuntimes(call)
        }
    }

    private func validateKey(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        switch call.fields.string("audience") {
        case "API":
            return WorkbenchReply(
                body: ProtoWriter.object(rendering: call.rendering) { writer in
                    writer.bool("valid", true)
                    writer.string("username", ShortUser.owner.username)
                    writer.string("message", "")
                }
            )
        case "Application":
            throw APIFailure(.permissionDenied, "the audience Application does not match the key's audience API")
        default:
            throw .invalid("audience: one of API, Application is expected")
        }
    }

    private func listRuntimes(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let keys = ["image_identifier", "editor", "kernel", "edition", "description", "full_version"]
        let request = try ListRequest(call.query, .init(filter: keys, sort: keys))
        let page = self.runtimes.page(of: self.runtimes.allPositions, request, for: call)
        return call.list("runtimes", page) { $0.write(to: &$1) }
    }
}

extension WorkbenchCall {
    /// Whether a read by id finds the row.
    func shows(_ row: (some Listable)?) -> Bool {
        row.map { self.view.shows(madeAt: $0.createdAt) } ?? false
    }

    /// A reply with one object.
    func object(_ body: (inout ProtoWriter) -> Void) -> WorkbenchReply {
        var writer = ProtoWriter(rendering: self.rendering)
        body(&writer)
        return WorkbenchReply(body: writer.bytes)
    }

    /// A reply with one page.
    func list<Row>(
        _ name: StaticString,
        _ page: Page<Row>,
        _ write: (Row, inout ProtoWriter) -> Void
    ) -> WorkbenchReply {
        let body = ProtoWriter.object(rendering: self.rendering) { writer in
            writer.array(name) { writer in
                for row in page.rows { write(row, &writer) }
            }
            writer.string("next_page_token", page.nextToken)
        }
        return WorkbenchReply(body: body)
    }
}

// MARK: - Finding

extension Workbench {
    func projectPosition(_ call: WorkbenchCall) throws(APIFailure) -> Int {
        guard let position = self.projects.position(of: call.path.project), call.shows(self.projects[position]) else {
            throw .notFound("project", call.path.project)
        }
        return position
    }

    func project(_ call: WorkbenchCall) throws(APIFailure) -> ProjectRecord {
        guard let project = self.projects[try self.projectPosition(call)] else {
            throw .notFound("project", call.path.project)
        }
        return project
    }
}
