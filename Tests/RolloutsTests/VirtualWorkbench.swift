// SPDX-License-Identifier: Apache-2.0

import Values

@testable import Rollouts

/// A workbench as a value: what is made on it, by whom, and when it is ready on the test's own clock.
struct VirtualWorkbench: Sendable {
    /// Something made; who made it is known by the marker that its request carried.
    struct Object: Sendable {
        var id: String
        var parent: String
        var marker: String
        var run: String
        var model: String
        var readyAt: MonotonicTime
        /// Whether it was stopped: by hand, or by a newer deployment of the model.
        var isStopped = false
    }

    /// How long what it makes takes to get ready, at most.
    struct Pace: Sendable {
        var register: Double = 20
        var build: Double = 200
        var deploy: Double = 60
    }

    /// Runs by id.
    var runs: [String: RunFacts] = [:]
    private(set) var versions: [Object] = []
    private(set) var models: [Object] = []
    private(set) var builds: [Object] = []
    private(set) var deployments: [Object] = []
    /// Every version, model, build and deployment in the order in which they were made.
    private(set) var log: [(kind: CreatingStep, object: Object)] = []
    /// Whether looks find nothing, as if the markers were dropped: shows that the tests would see duplicates.
    var losesMarkers = false
    var pace = Pace()
    private var random: SeededGenerator
    private var lastID = 0

    init(seed: UInt64) { self.random = SeededGenerator(seed: seed) }

    /// Does what a call asks.
    mutating func answer(_ call: APICall, now: MonotonicTime) -> Result<CallResult, CallFailure> {
        switch call {
        case .probe: .success(.alive)
        case .findProject, .readProject: .success(.projects([.sample]))
        case .findExperiment, .readExperiment: .success(.experiments([.sample]))
        case .readRun(_, _, let run): .success(.run(self.runs[run]))
        case .newestRun: .success(.run(self.runs.values.max { $0.order < $1.order }))
        case .findRuntime: .success(.runtime(identifier: "runtime"))
        case .findVersion(let model, _, let run, let marker, _, _):
            .success(.version(self.version({ $0.model == model && $0.run == run }, marker: marker, now: now)))
        case .readVersion(_, let id, let marker):
            .success(.version(self.version({ $0.id == id }, marker: marker, now: now)))
        case .registerVersion(let request): self.register(request, now: now)
        case .findModel(_, let name): .success(.model(self.model(name)))
        case .createModel(let request): self.create(request, now: now)
        case .findBuild(let look): .success(.build(self.build({ $0.marker == look.marker }, isLook: true, now)))
        case .readBuild(_, _, let id): .success(.build(self.build({ $0.id == id }, isLook: false, now)))
        case .createBuild(let request): self.create(request, now: now)
        case .findDeployment(_, _, let build):
            .success(.deployment(self.deployment({ $0.parent == build }, isLook: true, now)))
        case .readDeployment(_, _, _, let id):
            .success(.deployment(self.deployment({ $0.id == id }, isLook: false, now)))
        case .createDeployment(let request): self.create(request, now: now)
        case .verify: .success(.verification(.passed))
        case .sweep(let call): .success(.marked(self.sweep(call)))
        }
    }

    private mutating func make(_ kind: CreatingStep, _ object: (String) -> Object) -> Object {
        self.lastID += 1
        let object = object("\(kind.rawValue)-\(self.lastID)")
        self.log.append((kind, object))
        return object
    }

    private mutating func ready(within limit: Double, now: MonotonicTime) -> MonotonicTime {
        now + seconds(Double.random(in: 0...limit, using: &self.random))
    }

    private func progress(_ object: Object, _ now: MonotonicTime) -> Progress {
        object.readyAt <= now ? .ready : .underWay("working")
    }

    // MARK: Versions

    private func version(_ matches: (Object) -> Bool, marker: String, now: MonotonicTime) -> VersionFacts? {
        guard let found = self.versions.first(where: matches), !self.losesMarkers || marker.isEmpty else { return nil }
        return self.facts(found, isOurs: found.marker == marker, now: now)
    }

    private func facts(_ object: Object, isOurs: Bool, now: MonotonicTime) -> VersionFacts {
        VersionFacts(
            registeredModelID: object.parent,
            versionID: object.id,
            progress: self.progress(object, now),
            isOurs: isOurs
        )
    }

    private mutating func register(_ request: VersionRequest, now: MonotonicTime) -> Result<CallResult, CallFailure> {
        let readyAt = self.ready(within: self.pace.register, now: now)
        let made = self.make(.version) {
            Object(
                id: $0,
                parent: "registered-\(request.modelName)",
                marker: request.marker,
                run: request.runID,
                model: request.modelName,
                readyAt: readyAt
            )
        }
        self.versions.append(made)
        return .success(.version(self.facts(made, isOurs: true, now: now)))
    }

    // MARK: Models

    private func model(_ name: String) -> ModelFacts? {
        self.models.first { $0.model == name }.map { ModelFacts(modelID: $0.id, registeredModelID: $0.parent) }
    }

    private mutating func create(_ request: ModelRequest, now: MonotonicTime) -> Result<CallResult, CallFailure> {
        guard self.model(request.name) == nil else {
            return .failure(CallFailure(.conflict, message: "the name is taken", httpStatus: 500))
        }
        let made = self.make(.model) {
            Object(id: $0, parent: request.registeredModelID, marker: "", run: "", model: request.name, readyAt: now)
        }
        self.models.append(made)
        return .success(.model(ModelFacts(modelID: made.id, registeredModelID: made.parent)))
    }

    // MARK: Builds and deployments

    private func build(_ matches: (Object) -> Bool, isLook: Bool, _ now: MonotonicTime) -> BuildFacts? {
        guard let found = self.builds.first(where: matches), !(isLook && self.losesMarkers) else { return nil }
        return BuildFacts(buildID: found.id, progress: self.progress(found, now))
    }

    private mutating func create(_ request: BuildRequest, now: MonotonicTime) -> Result<CallResult, CallFailure> {
        let version = self.versions.first { $0.id == request.versionID }
        let readyAt = self.ready(within: self.pace.build, now: now)
        let made = self.make(.build) {
            Object(
                id: $0,
                parent: request.modelID,
                marker: request.comment,
                run: version?.run ?? "",
                model: version?.model ?? "",
                readyAt: readyAt
            )
        }
        self.builds.append(made)
        return .success(.build(BuildFacts(buildID: made.id, progress: self.progress(made, now))))
    }

    private func deployment(_ matches: (Object) -> Bool, isLook: Bool, _ now: MonotonicTime) -> DeploymentFacts? {
        let all = self.deployments.filter(matches)
        // Of twins the one that lives.
        guard let found = all.first(where: { !$0.isStopped }) ?? all.first, !(isLook && self.losesMarkers) else {
            return nil
        }
        return DeploymentFacts(deploymentID: found.id, progress: self.progress(found, now))
    }

    private mutating func create(_ request: DeploymentRequest, now: MonotonicTime) -> Result<CallResult, CallFailure> {
        let build = self.builds.first { $0.id == request.buildID }
        let readyAt = self.ready(within: self.pace.deploy, now: now)
        let made = self.make(.deployment) {
            Object(
                id: $0,
                parent: request.buildID,
                marker: build?.marker ?? "",
                run: build?.run ?? "",
                model: build?.model ?? "",
                readyAt: readyAt
            )
        }
        self.stopDeployments(of: made.model)
        self.deployments.append(made)
        return .success(
            .deployment(DeploymentFacts(deploymentID: made.id, progress: self.progress(made, now)))
        )
    }

    /// The workbench as it would be if nobody had ever worked at other models than these.
    func keeping(models: Set<String>) -> VirtualWorkbench {
        var kept = self
        kept.versions.removeAll { !models.contains($0.model) }
        kept.models.removeAll { !models.contains($0.model) }
        kept.builds.removeAll { !models.contains($0.model) }
        kept.deployments.removeAll { !models.contains($0.model) }
        kept.log.removeAll { !models.contains($0.object.model) }
        return kept
    }

    // MARK: Sweeps

    private mutating func sweep(_ call: SweepCall) -> [MarkedObject] {
        switch call {
        case .findVersions(let model, let run, let marker):
            return self.versions.filter { $0.model == model && $0.run == run && $0.marker == marker }.map(Self.marked)
        case .findBuilds(let look): return self.builds.filter { $0.marker == look.marker }.map(Self.marked)
        case .findUses: return []
        case .findDeployments(_, _, let build): return self.deployments.filter { $0.parent == build }.map(Self.marked)
        case .removeVersion(_, let id): self.versions.removeAll { $0.id == id }
        case .removeBuild(_, _, let id): self.builds.removeAll { $0.id == id }
        case .stopDeployment(let place):
            for index in self.deployments.indices where self.deployments[index].id == place.deploymentID {
                self.deployments[index].isStopped = true
            }
        case .readLive(let place):
            return self.deployments.filter { $0.id == place.deploymentID }.map(Self.marked)
        case .reviveDeployment(let place):
            guard let index = self.deployments.firstIndex(where: { $0.id == place.deploymentID }) else { break }
            self.stopDeployments(of: self.deployments[index].model)
            self.deployments[index].isStopped = false
        }
        return []
    }

    private static func marked(_ object: Object) -> MarkedObject {
        MarkedObject(id: object.id, parent: object.parent, isActive: !object.isStopped)
    }

    private mutating func stopDeployments(of model: String) {
        for index in self.deployments.indices where self.deployments[index].model == model {
            self.deployments[index].isStopped = true
        }
    }
}
