// SPDX-License-Identifier: Apache-2.0

import SandboxPrograms
import Values

extension DrillLedger {
    /// Judges what the workbench has made: twice, unknown, in the wrong order.
    mutating func judgeObjects(_ seen: Observations) {
        let known = Set(
            seen.rollouts.entries.flatMap { entry in
                entry.made.flatMap { kind, ids in ids.map { ObjectName(kind: kind, id: $0) } }
            }
        )
        // Rollouts that have ended without their objects being told are judged elsewhere.
        let markers = Set(seen.rollouts.entries.map { "slipway:\($0.id)" })
        var strays: Set<ObjectName> = []
        for (_, makings) in Dictionary(grouping: seen.audit.makings, by: \.thing) {
            // The one that a rollout goes on with is the right one, the others are too many.
            let right = makings.last { known.contains(ObjectName($0)) } ?? makings.first
            // Nobody looks for a twin of a version that was registered well: that would be a request more for each.
            let isLooked = !(makings[0].kind == .version && makings.contains { $0.isTwin && $0.isAnswered })
            for making in makings {
                let isRight = making == right
                guard !isRight || !known.contains(ObjectName(making)) else { continue }
                // Whose rollout has not ended may still come to know it.
                let isOfOurs = making.marker.map(markers.contains) ?? true
                guard !isRight || isOfOurs else { continue }
                strays.insert(ObjectName(making))
                // Of two that a gateway has made, a rollout may go by one and its replay by the other: each is told by its user.
                let isToBeTold = isLooked && !known.contains(ObjectName(making))
                self.judgeStray(making, isSurplus: !isRight, isToBeTold: isToBeTold, seen)
            }
        }
        self.orphans.sort { $0.object < $1.object }
        self.judgeOrder(seen, without: strays)
    }

    private struct ObjectName: Hashable {
        let kind: AuditLedger.Kind
        let id: String

        init(kind: AuditLedger.Kind, id: String) { (self.kind, self.id) = (kind, id) }

        init(_ making: AuditLedger.Making) { self.init(kind: making.kind, id: making.id) }
    }

    /// An object that is one too many, or that no rollout knows.
    private mutating func judgeStray(
        _ making: AuditLedger.Making,
        isSurplus: Bool,
        isToBeTold: Bool,
        _ seen: Observations
    ) {
        let object = "\(making.kind.rawValue) \(making.id) (\(making.thing))"
        if let explanation = self.explanation(of: making, seen) {
            self.orphans.append(Orphan(object: object, explanation: explanation))
            // A second model of a name is refused by the workbench, so nobody looks for one.
            let isTold = seen.rollouts.entries.contains { $0.reportedOrphans.contains(making.id) }
            if !isTold, isToBeTold, making.kind != .model { self.note(.untoldOrphans, "\(object): \(explanation)") }
        } else if isSurplus {
            switch making.kind {
            case .version: self.note(.duplicatedVersions, object)
            case .model: self.note(.duplicatedModels, object)
            case .build: self.note(.duplicatedBuilds, object)
            case .deployment: self.note(.duplicatedDeployments, object)
            }
        } else {
            self.note(.unexplainedOrphans, object)
        }
    }

    /// What, outside the worker's power, made an object: a call applied late or sent on twice, or a worker that went on
    /// after a freeze.
    private func explanation(of making: AuditLedger.Making, _ seen: Observations) -> String? {
        if making.isLate { return "the workbench applied the call after its client had given up (apply-late)" }
        if making.isTwin { return "a gateway sent the call on twice" }
        let marker = making.marker ?? self.marker(ofBuild: making.buildID, seen)
        for freeze in seen.injectedFaults where freeze.kind == .freeze {
            guard let until = freeze.until, making.at >= until,
                making.at <= until.advanced(by: seen.thawAllowance)
            else { continue }
            let hadIt = seen.journal.contains { entry in
                entry.process == freeze.worker && entry.at <= until
                    && (marker == nil || entry.rolloutID.map { "slipway:\($0)" } == marker)
            }
            guard hadIt else { continue }
            return "\(freeze.worker) was frozen with the call about to be sent, and sent it when it was thawed"
        }
        return nil
    }

    private func marker(ofBuild buildID: String?, _ seen: Observations) -> String? {
        guard let buildID else { return nil }
        return seen.audit.makings.first { $0.kind == .build && $0.id == buildID }?.marker
    }

    // MARK: Order

    /// Judges in which order the runs of each model were deployed.
    private mutating func judgeOrder(_ seen: Observations, without strays: Set<ObjectName>) {
        var runOfVersion: [String: String] = [:]
        var versionOfBuild: [String: String] = [:]
        var deployed: [String: [DrillPlan.Run]] = [:]
        for making in seen.audit.makings {
            switch making.kind {
            case .version: runOfVersion[making.id] = making.runID
            case .build: versionOfBuild[making.id] = making.versionID
            case .deployment where !strays.contains(ObjectName(making)):
                let version = making.buildID.flatMap { versionOfBuild[$0] }
                guard let run = version.flatMap({ runOfVersion[$0] }).flatMap({ seen.runs[$0] }) else { continue }
                deployed[run.model, default: []].append(run)
            case .deployment, .model: break
            }
        }
        for (model, runs) in deployed.sorted(by: { $0.key < $1.key }) {
            var newest = runs[0]
            for run in runs.dropFirst() {
                if run.rank < newest.rank { self.note(.reordered, "\(model): \(run.id) after \(newest.id)") }
                if run.rank > newest.rank { newest = run }
            }
        }
        let wanted = Dictionary(grouping: seen.expectedRollouts.compactMap { seen.runs[$0.runID] }, by: \.model)
        for (model, runs) in wanted.sorted(by: { $0.key < $1.key }) {
            guard let newest = runs.max(by: { $0.rank < $1.rank }), let last = deployed[model]?.last,
                last.rank < newest.rank
            else { continue }
            self.note(.staleOverNew, "\(model): \(last.id) is deployed, \(newest.id) is newer")
        }
    }
}
