// SPDX-License-Identifier: Apache-2.0

/// Finding the run by what the event says of it, and the facts that decide what is done for it.
///
/// Project and experiment are read whether the event names them by id or by name: what it says is a claim (rule 20).
extension Rollout {
    func resolveMove() -> Move {
        guard let project = self.found?.project else { return self.projectMove }
        guard let experiment = self.found?.experiment else { return self.experimentMove(in: project.id) }
        guard self.found?.decision != nil else { return .decideOnFacts }
        guard let runID = self.reference.runID else {
            return .call(.newestRun(projectID: project.id, experimentID: experiment.id))
        }
        return .call(.readRun(projectID: project.id, experimentID: experiment.id, runID: runID))
    }

    private var projectMove: Move {
        if let id = self.reference.projectID { return .call(.readProject(projectID: id)) }
        if let name = self.reference.projectName { return .call(.findProject(name: name)) }
        return .finish(.failed, Cause(.projectNotFound, "the event names no project"))
    }

    private func experimentMove(in projectID: String) -> Move {
        if let id = self.reference.experimentID {
            return .call(.readExperiment(projectID: projectID, experimentID: id))
        }
        if let name = self.reference.experimentName {
            return .call(.findExperiment(projectID: projectID, name: name))
        }
        return .finish(.failed, Cause(.experimentNotFound, "the event names no experiment"))
    }

    // MARK: What an answer means

    func foundProjects(_ projects: [ProjectFacts], mayLag: Bool) -> Verdict {
        let claim = self.state.plan.run
        guard let project = projects.first else {
            return self.missing(Cause(.projectNotFound, "no project is named '\(claim.projectName ?? "")'"), mayLag)
        }
        guard projects.count == 1 else {
            // Names are unique for one owner only, and no order of a list says which one is meant.
            let list = projects.map { $0.owner.isEmpty ? $0.id : "\($0.id) of \($0.owner)" }
            return self.ambiguous(.projectAmbiguous, "projects are named '\(claim.projectName ?? "")'", list)
        }
        if let id = claim.projectID, id != project.id {
            return self.contradiction("the event names project '\(id)', the workbench answers with '\(project.id)'")
        }
        if let name = claim.projectName, name != project.name {
            let said = project.name.isEmpty ? "gives it no name" : "names it '\(project.name)'"
            return self.contradiction("the event names project '\(project.id)' '\(name)', the workbench \(said)")
        }
        var found = self.found ?? Found()
        found.project = project
        self.found = found
        return .proceed
    }

    func foundExperiments(_ experiments: [ExperimentFacts], mayLag: Bool) -> Verdict {
        let claim = self.state.plan.run
        let project = self.found?.project?.id ?? ""
        guard let experiment = experiments.first else {
            let message = "project '\(project)' has no experiment named '\(claim.experimentName ?? "")'"
            return self.missing(Cause(.experimentNotFound, message), mayLag)
        }
        guard experiments.count == 1 else {
            let message = "experiments of project '\(project)' are named '\(claim.experimentName ?? "")'"
            return self.ambiguous(.experimentAmbiguous, message, experiments.map(\.id))
        }
        if let id = claim.experimentID, id != experiment.id {
            return self.contradiction(
                "the event names experiment '\(id)', the workbench answers with '\(experiment.id)'"
            )
        }
        if let name = claim.experimentName, name != experiment.name {
            let said = experiment.name.isEmpty ? "gives it no name" : "names it '\(experiment.name)'"
            return self.contradiction("the event names experiment '\(experiment.id)' '\(name)', the workbench \(said)")
        }
        guard experiment.projectID.isEmpty || experiment.projectID == project else {
            let message = "experiment '\(experiment.id)' belongs to project '\(experiment.projectID)'"
            return self.contradiction("\(message), the event names project '\(project)'")
        }
        self.found?.experiment = experiment
        return .proceed
    }

    /// The workbench itself says that what was to be read is not there.
    func foundAbsent(_ failure: CallFailure, mayLag: Bool) -> Verdict {
        if self.state.step == .lane { return self.foundRunToCompare(nil, mayLag: mayLag, words: failure.message) }
        let claim = self.reference
        let (notFound, what): (CauseClass, String) =
            if self.found?.project == nil {
                (.projectNotFound, "project '\(claim.projectID ?? "")'")
            } else if self.found?.experiment == nil {
                (.experimentNotFound, "experiment '\(claim.experimentID ?? "")' in project '\(claim.projectID ?? "")'")
            } else {
                (
                    .runNotFound,
                    "run '\(claim.runID ?? "")' in project '\(claim.projectID ?? "")', experiment '\(claim.experimentID ?? "")'"
                )
            }
        let message = "there is no \(what); the workbench says: \(failure.message)"
        return self.missing(Cause(notFound, message, httpStatus: failure.httpStatus), mayLag)
    }

    func foundRun(_ facts: RunFacts?, mayLag: Bool) -> Verdict {
        if self.state.step == .lane { return self.foundRunToCompare(facts, mayLag: mayLag) }
        guard let facts else {
            return self.missing(Cause(.runNotFound, "the experiment has no finished run"), mayLag)
        }
        guard let place = self.runPlace else { preconditionFailure("a run is read before its experiment") }
        if let cause = Self.contradiction(of: facts, place, self.reference.runID) { return .finish(.failed, cause) }
        switch facts.status {
        case .finished: break
        case .running, .scheduled, .unknown:
            // The event may be ahead of the workbench's own books by a moment; the step's deadline bounds that.
            self.obstacle = Cause(.runNotFinished, "the run is '\(facts.status.rawValue)' on the workbench")
            return .poll
        case .failed, .killed:
            return .finish(.skipped, Cause(.runNotFinished, "the run is '\(facts.status.rawValue)' on the workbench"))
        }
        self.followDecision()
        if let cause = self.state.plan.gates.firstUnmet(by: facts) { return .finish(.skipped, cause) }
        if let cause = self.artifactMissing(in: facts) { return .finish(.failed, cause) }
        let run = ResolvedRun(projectID: place.project.id, experimentID: place.experiment.id, order: facts.order)
        self.state.run = run.sharingTexts(with: self.reference)
        if self.hasComparingGates { self.facts = facts }
        if !facts.registeredVersions.isEmpty { self.namedVersions = facts.registeredVersions }
        return .proceed
    }

    /// Why a run is not the one that the event names: a workbench need not check that the parts of a path belong together.
    private static func contradiction(of facts: RunFacts, _ place: RunPlace, _ claimed: String?) -> Cause? {
        if let claimed, claimed != facts.runID {
            let message = "the event names run '\(claimed)', the workbench answers with '\(facts.runID)'"
            return Cause(.contradiction, message)
        }
        guard facts.experimentID.isEmpty || facts.experimentID == place.experiment.id else {
            let message = "run '\(facts.runID)' belongs to experiment '\(facts.experimentID)'"
            return Cause(.contradiction, "\(message), the event names experiment '\(place.experiment.id)'")
        }
        return nil
    }

    private func contradiction(_ message: String) -> Verdict { .finish(.failed, Cause(.contradiction, message)) }

    /// A job may announce its run a moment before every part of the workbench knows it (rule 14).
    private func missing(_ cause: Cause, _ mayLag: Bool) -> Verdict {
        let cause = self.isUndecided ? self.noRoute(cause) : cause
        guard mayLag else { return .finish(cause.phaseOfEnd, cause) }
        self.obstacle = cause
        return .poll
    }

    /// Whether no route has taken it, neither by the event's word nor by facts.
    private var isUndecided: Bool { self.state.plan.route.isEmpty && self.found?.decision == nil }

    /// What can't be found is nothing that a route asks for by name.
    private func noRoute(_ cause: Cause) -> Cause {
        Cause(.noRoute, "no route matches by what the event says, and \(cause.message)", httpStatus: cause.httpStatus)
    }

    private func ambiguous(_ class: CauseClass, _ message: String, _ list: [String]) -> Verdict {
        let shown = list.sorted().prefix(10).joined(separator: ", ")
        let more = list.count > 10 ? ", and others" : ""
        return .finish(.failed, Cause(`class`, "\(list.count) \(message): \(shown)\(more)"))
    }

    /// Why the run can't be registered: the workbench lists its artifacts, and the model's folder is not among them.
    private func artifactMissing(in facts: RunFacts) -> Cause? {
        let path = self.state.plan.artifactPath
        guard !facts.artifactPaths.isEmpty,
            !facts.artifactPaths.contains(where: { $0 == path || $0.hasPrefix("\(path)/") || path.hasPrefix("\($0)/") })
        else { return nil }
        return Cause(.artifactNotFound, "the run has no artifact folder '\(path)'")
    }
}
