// SPDX-License-Identifier: Apache-2.0

/// Finding the run by what the event says of it, and its facts.
extension Rollout {
    func resolveMove() -> Move {
        guard let projectID = self.reference.projectID else {
            guard let name = self.reference.projectName else {
                return .finish(.failed, Cause(.projectNotFound, "the event names no project"))
            }
            return .call(.findProject(name: name))
        }
        guard let experimentID = self.reference.experimentID else {
            guard let name = self.reference.experimentName else {
                return .finish(.failed, Cause(.experimentNotFound, "the event names no experiment"))
            }
            return .call(.findExperiment(projectID: projectID, name: name))
        }
        guard let runID = self.reference.runID else {
            return .call(.newestRun(projectID: projectID, experimentID: experimentID))
        }
        return .call(.readRun(projectID: projectID, experimentID: experimentID, runID: runID))
    }

    // MARK: What an answer means

    func foundProjects(_ ids: [String]) -> Verdict {
        let name = self.reference.projectName ?? ""
        guard let id = ids.first else {
            return .finish(.failed, Cause(.projectNotFound, "no project is named '\(name)'"))
        }
        // Names are unique for one owner only, and no order of a list says which one is meant.
        guard ids.count == 1 else {
            let list = ids.sorted().prefix(10).joined(separator: ", ")
            let more = ids.count > 10 ? ", and others" : ""
            let message = "\(ids.count) projects are named '\(name)': \(list)\(more)"
            return .finish(.failed, Cause(.projectAmbiguous, message))
        }
        self.found = FoundIDs(projectID: id)
        return .proceed
    }

    func foundExperiment(_ id: String?) -> Verdict {
        guard let id else {
            let name = self.reference.experimentName ?? ""
            return .finish(.failed, Cause(.experimentNotFound, "the project has no experiment named '\(name)'"))
        }
        self.found = FoundIDs(projectID: self.found?.projectID, experimentID: id)
        return .proceed
    }

    func foundRun(_ facts: RunFacts?, mayLag: Bool) -> Verdict {
        if self.state.step == .lane { return self.foundRunToCompare(facts, mayLag: mayLag) }
        guard let facts else {
            let message = self.reference.runID.map { "there is no run '\($0)'" } ?? "the experiment has no finished run"
            // A job may announce its run a moment before every part of the workbench knows it (rule 14).
            guard mayLag else { return .finish(.failed, Cause(.runNotFound, message)) }
            self.obstacle = Cause(.runNotFound, message)
            return .poll
        }
        switch facts.status {
        case .finished: break
        case .running, .scheduled, .unknown:
            // The event may be ahead of the workbench's own books by a moment; the step's deadline bounds that.
            self.obstacle = Cause(.runNotFinished, "the run is '\(facts.status.rawValue)' on the workbench")
            return .poll
        case .failed, .killed:
            return .finish(.skipped, Cause(.runNotFinished, "the run is '\(facts.status.rawValue)' on the workbench"))
        }
        if let cause = self.state.plan.gates.firstUnmet(by: facts) { return .finish(.skipped, cause) }
        if let cause = self.artifactMissing(in: facts) { return .finish(.failed, cause) }
        let run = ResolvedRun(projectID: facts.projectID, experimentID: facts.experimentID, order: facts.order)
        self.state.run = run.sharingTexts(with: self.reference)
        if self.hasComparingGates { self.facts = facts }
        if !facts.registeredVersions.isEmpty { self.namedVersions = facts.registeredVersions }
        return .proceed
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
