// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values
import WorkbenchSandbox

/// Guarantee 4: which run of a model may take whose place, and which serves.
extension Ledger {
    /// What was deployed of one model so far, in the order in which the workbench was asked for it.
    private struct Deployed {
        /// The newest run, whatever has become of it.
        var newest: Int
        /// The run that serves, and the newest good one; `nil` while none was good.
        var live: Int?
        var newestGood: Int?
        var newestAccepted: Acceptance?
        /// The event topics by whose own events the live run has been deployed.
        var topics: Set<Int> = []

        mutating func succeeded(_ run: Int, _ acceptance: Acceptance?, _ event: PlanEvent?) {
            if self.live != run { self.topics = [] }
            if let event, event.replayID == nil { self.topics.insert(event.topic) }
            self.live = run
            self.newestGood = max(self.newestGood ?? run, run)
            if let acceptance { self.newestAccepted = max(self.newestAccepted ?? acceptance, acceptance) }
        }
    }

    func judgeOrder() {
        var models: [Int: Deployed] = [:]
        for making in self.objects.makings where making.kind == .deployment && self.isKnown(making) {
            guard let (model, run) = self.objects.run(ofBuild: making.parent).flatMap(Self.runNumber) else { continue }
            let acceptance = making.rollout.flatMap(self.acceptance)
            if let before = models[model] {
                let isRollback = making.rollout.flatMap { self.expected[$0]?.event.kind } == .rollback
                let objection =
                    isRollback
                    ? Self.objection(toRollback: acceptance, after: before) : Self.objection(to: run, after: before)
                let event = making.rollout.flatMap { self.expected[$0]?.event }
                if let event, event.replayID == nil, before.live == run, before.topics.contains(event.topic) {
                    let name = WorldSettings.modelName(model)
                    self.note(.duplicated, "\(name): run \(run) is deployed once more while it is live", making.rollout)
                }
                if let objection {
                    let name = WorldSettings.modelName(model)
                    self.note(.reordered, "\(name): run \(run) is deployed \(objection)", making.rollout)
                }
            }
            models[model, default: Deployed(newest: run)].newest = max(models[model]?.newest ?? run, run)
            if making.rollout.map({ self.output.statuses[$0]?.ends.contains(.deployed) ?? false }) ?? true {
                models[model]?.succeeded(run, acceptance, making.rollout.flatMap { self.expected[$0]?.event })
            }
        }
    }

    private static func objection(to run: Int, after before: Deployed) -> String? {
        if run < before.newest { return "after run \(before.newest)" }
        guard let live = before.live, run == before.newestGood, live < run else { return nil }
        return "again after it was rolled back"
    }

    private static func objection(toRollback acceptance: Acceptance?, after before: Deployed) -> String? {
        guard let acceptance, let newest = before.newestAccepted, newest > acceptance else { return nil }
        return "as a rollback, after rollout \(newest.id), which was accepted later"
    }

    /// When a rollout was accepted, as its last status says.
    private func acceptance(of id: RolloutID) -> Acceptance? {
        self.output.statuses[id]?.lastEvent?.acceptedAt.map { Acceptance(at: $0, id: id) }
    }

    /// Who made room for another run made it for one that was deployed.
    func judgeSuperseded() {
        var newest: [Int: Int] = [:]
        for event in self.output.deployed.compactMap({ self.expected[$0]?.event }) {
            newest[event.model] = max(newest[event.model] ?? event.run, event.run)
        }
        // What is too large to be written down may fail after it has passed its gates.
        let large = Set(self.plan.events.lazy.filter { $0.kind == .large }.map(\.model))
        for id in self.expectedOrder where self.output.statuses[id]?.ends.last == .superseded {
            guard let event = self.expected[id]?.event, event.kind != .rollback, !large.contains(event.model),
                !self.modelsThatMayFail.contains(event.model)
            else { continue }
            if let newer = newest[event.model], newer >= event.run { continue }
            let name = WorldSettings.modelName(event.model)
            self.note(.supersededByNone, "\(name): run \(event.run) made room for a run that was not deployed", id)
        }
    }

    private static func runNumber(_ id: String) -> (model: Int, run: Int)? {
        let parts = id.split(separator: "-")
        guard parts.count == 3, let model = Int(parts[1]), let run = Int(parts[2]) else { return nil }
        return (model, run)
    }

    /// At a quiet point the newest good run of each model serves, or what an operator has gone back to since.
    func judgeServing(_ world: World) {
        self.output.read(world.kafka, world.topics)
        self.objects.read(world.gateway)
        var serving: [Int: [Int]] = [:]
        for deployment in world.gateway.sandbox.deployments(at: world.gateway.time)
        where deployment.isUp || deployment.isComing {
            guard let run = self.objects.run(ofBuild: deployment.buildID).flatMap(Self.runNumber) else { continue }
            serving[run.model, default: []].append(run.run)
        }
        for (model, run) in self.rightRuns.sorted(by: { $0.key < $1.key }) {
            let up = serving[model] ?? []
            guard up.contains(run), up.allSatisfy({ $0 == run }) else {
                let words = up.isEmpty ? "nothing" : up.map { "run \($0)" }.joined(separator: ", ")
                self.note(.badlyServed, "\(WorldSettings.modelName(model)): \(words) serves, run \(run) ought to")
                continue
            }
        }
    }

    /// The run of each model that ought to serve, by what has ended so far.
    private var rightRuns: [Int: Int] {
        var runs: [Int: Int] = [:]
        var wentBack: Set<Int> = []
        for event in self.output.deployed.compactMap({ self.expected[$0]?.event }) {
            if event.kind == .rollback { wentBack.insert(event.model) }
            runs[event.model] = max(runs[event.model] ?? event.run, event.run)
        }
        guard !wentBack.isEmpty else { return runs }
        // After a rollback the one that was deployed last: whether it might be is judged by itself.
        for making in self.objects.makings where making.kind == .deployment {
            guard let run = self.objects.run(ofBuild: making.parent).flatMap(Self.runNumber),
                wentBack.contains(run.model), let rollout = making.rollout,
                self.output.statuses[rollout]?.ends.contains(.deployed) == true, self.isKnown(making)
            else { continue }
            runs[run.model] = run.run
        }
        return runs
    }
}
