// SPDX-License-Identifier: Apache-2.0

import SandboxPrograms
import Values
import WorkbenchSandbox

/// Who has a right to what on the workbench of a hostile drill, held against its audit, one call after the other.
struct HostileRights: Sendable {
    /// What is wrong with a call.
    struct Finding: Sendable, Equatable {
        let column: HostileLedger.Column
        let line: String
    }

    private let runs: [String: HostilePlan.Run]
    private let honestModels: [String: String]
    /// What the registered models of honest teams are called.
    private let registeredNames: Set<String>
    /// Names of models by their ids.
    private var models: [String: String] = [:]
    /// Runs by the ids of their versions, and of the builds of these.
    private var versions: [String: String] = [:]
    private var builds: [String: String] = [:]
    /// The run whose version began a registered model, by the model's id.
    private var registered: [String: String] = [:]
    private var deployedRuns: [String: Int] = [:]
    /// Builds of the tenant's, by model.
    private var begun: [String: Int] = [:]
    /// The run deployed last, by honest model.
    private var serving: [String: String] = [:]
    /// Objects made.
    private(set) var made = 0

    init(_ seen: HostileObservations) {
        var (runs, models): ([String: HostilePlan.Run], [String: String]) = ([:], [:])
        for event in seen.honest {
            runs[event.run.id] = event.run
            models[event.run.model] = event.run.project.id
        }
        self.runs = runs
        self.honestModels = models
        self.registeredNames = Set(runs.values.map(HostileRoutes.registeredName))
    }

    /// Judges a call that has changed something.
    mutating func judge(_ entry: AuditEntry) -> [Finding] {
        switch entry.operation {
        case .createRegisteredModel: self.version(entry)
        case .createModel: self.model(entry)
        case .createBuild: self.build(entry)
        case .createDeployment: self.deployment(entry)
        default: self.change(entry)
        }
    }

    /// Honest models whose newest run is not the one deployed last.
    func displaced(newest: [String: HostilePlan.Run]) -> [String] {
        newest.sorted { $0.key < $1.key }.compactMap { model, run in
            let serving = self.serving[model]
            return serving == run.id
                ? nil : "\(model) is served by \(serving ?? "nothing"), not by its newest run \(run.id)"
        }
    }

    private mutating func version(_ entry: AuditEntry) -> [Finding] {
        self.made += 1
        let (run, name) = (entry.marker(.runID) ?? "", entry.marker(.modelName) ?? "")
        if let id = entry.id(of: .version) { self.versions[id] = run }
        if let id = entry.id(of: .registeredModel), self.registered[id] == nil { self.registered[id] = run }
        var findings: [Finding] = []
        if !self.mayBeRegistered(name, run) {
            findings.append(.init(column: .outside, line: "a version of run \(run) is called '\(name)'"))
        }
        let path = entry.marker(.modelPath) ?? ""
        if path != HostilePlan.artifactPath {
            findings.append(.init(column: .outside, line: "a version of run \(run) is made of '\(path)'"))
        }
        return findings
    }

    private mutating func model(_ entry: AuditEntry) -> [Finding] {
        self.made += 1
        let (project, name) = (entry.id(of: .project) ?? "", entry.marker(.name) ?? "")
        if let id = entry.id(of: .model) { self.models[id] = name }
        let isAllowed =
            project == HostilePlan.tenant.id
            ? name.hasPrefix(HostilePlan.tenantPrefix) : self.honestModels[name] == project
        return isAllowed ? [] : [.init(column: .outside, line: "model '\(name)' in project \(project)")]
    }

    private mutating func build(_ entry: AuditEntry) -> [Finding] {
        self.made += 1
        let (project, model) = (entry.id(of: .project) ?? "", entry.id(of: .model).flatMap { self.models[$0] } ?? "")
        let run = entry.marker(.versionID).flatMap { self.versions[$0] } ?? ""
        if let id = entry.id(of: .build) { self.builds[id] = run }
        var findings: [Finding] = []
        if project == HostilePlan.tenant.id {
            self.begun[model, default: 0] += 1
            if let begun = self.begun[model], begun > HostileRoutes.perModelPerHour {
                findings.append(.init(column: .overQuota, line: "\(begun) rollouts of model '\(model)' in an hour"))
            }
        }
        if !self.mayBe(model, run) || self.project(of: run) != project {
            findings.append(.init(column: .outside, line: "a build of run \(run) in model '\(model)' of \(project)"))
        }
        if entry.marker(.runtime) == HostileRecords.foreignRuntime {
            findings.append(
                .init(column: .outside, line: "a build of run \(run) with an image that nobody has enabled")
            )
        }
        return findings
    }

    private mutating func deployment(_ entry: AuditEntry) -> [Finding] {
        self.made += 1
        let run = entry.id(of: .build).flatMap { self.builds[$0] } ?? ""
        let model = entry.id(of: .model).flatMap { self.models[$0] } ?? ""
        var findings = HostileRoutes.mostOfEach.compactMap { size, most -> Finding? in
            guard let number = entry.size(size), number > most else { return nil }
            return .init(column: .outside, line: "model '\(model)' is deployed with \(number) of \(size.rawValue)")
        }
        if let project = self.honestModels[model], project == entry.id(of: .project) {
            self.serving[model] = run
            self.deployedRuns[run, default: 0] += 1
            if let times = self.deployedRuns[run], times > 1 {
                findings.append(.init(column: .outside, line: "run \(run) of \(model) is deployed \(times) times"))
            }
        }
        if let text = entry.variable(HostileRecords.foreignVariable) {
            findings.append(
                .init(
                    column: .outside,
                    line: "model '\(model)' is deployed with \(HostileRecords.foreignVariable)=\(text)"
                )
            )
        }
        return findings
    }

    /// Nothing else is to be changed: no call goes wrong here, and what a killed worker's have made is adopted, so that there is
    /// nothing to clean up.
    private func change(_ entry: AuditEntry) -> [Finding] {
        guard let project = self.owner(of: entry), HostilePlan.teams.contains(where: { $0.id == project }) else {
            return []
        }
        let name = entry.operation?.rawValue ?? entry.method
        return [.init(column: .displaced, line: "\(name) \(entry.path) of the honest project \(project)")]
    }

    /// The project of what a call has changed; paths of the registry name none, but ids of what a run was made into.
    private func owner(of entry: AuditEntry) -> String? {
        if let project = entry.id(of: .project) { return project }
        let run =
            entry.id(of: .version).flatMap { self.versions[$0] }
            ?? (entry.id(of: .registeredModel) ?? entry.id(of: .model)).flatMap { self.registered[$0] }
        return run.flatMap(self.project)
    }

    /// Whether a run may be what serves under a name: an honest one under its own, the tenant's under the tenant's.
    private func mayBe(_ name: String, _ run: String) -> Bool {
        if let honest = self.runs[run] { return honest.model == name }
        return self.project(of: run) == HostilePlan.tenant.id && name.hasPrefix(HostilePlan.tenantPrefix)
    }

    /// Whether a version of a run may be of a registered model: an honest one's of its own, the tenant's of none of these.
    private func mayBeRegistered(_ name: String, _ run: String) -> Bool {
        if let honest = self.runs[run] { return HostileRoutes.registeredName(honest) == name }
        return self.project(of: run) == HostilePlan.tenant.id && !self.registeredNames.contains(name)
            && name.contains("-\(HostilePlan.tenantPrefix)")
    }

    private func project(of run: String) -> String? {
        self.runs[run]?.project.id ?? (run.hasPrefix(HostilePlan.tenantRunPrefix) ? HostilePlan.tenant.id : nil)
    }
}
