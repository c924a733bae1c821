// SPDX-License-Identifier: Apache-2.0

@testable import Rollouts

extension VirtualWorld {
    /// Every promise that was broken, in words; none is as it must be.
    func audit() -> [String] {
        var found = self.violations
        let endings = self.journal.endings
        for state in Set(self.events.values.joined().map(\.id)) {
            let count = endings[state]?.count ?? 0
            if count != 1 { found.append("rollout \(state.low) has \(count) terminal records") }
        }
        for process in self.processes where !process.crashed && process.coordinator.budget.inUse != 0 {
            found.append("\(process.coordinator.budget.inUse) slots have leaked")
        }
        found += self.duplicates
        found += self.wrongOrder
        found += self.wrongLive
        return found
    }

    private var duplicates: [String] {
        var counts: [String: Int] = [:]
        for (kind, object) in self.workbench.log {
            let owner = kind == .model ? object.model : object.marker
            counts["\(kind.rawValue) of \(owner)", default: 0] += 1
        }
        return counts.filter { $0.value > 1 }.map { "\($0.value) times a \($0.key)" }.sorted()
    }

    /// An older run never displaces a newer one, unless someone said so.
    private var wrongOrder: [String] {
        var found: [String] = []
        var newest: [String: RunOrder] = [:]
        let states = self.journal.newest.values.compactMap(\.state)
        let byMarker = Dictionary(states.map { ($0.marker, $0) }) { first, _ in first }
        for (kind, object) in self.workbench.log where kind == .deployment {
            guard let state = byMarker[object.marker], let order = state.run?.order else {
                found.append("deployment \(object.id) belongs to nobody")
                continue
            }
            if let newer = newest[object.model], newer > order, state.replay?.allowsRollback != true {
                found.append("run \(order.runID) of \(object.model) was deployed after \(newer.runID)")
            }
            newest[object.model] = max(newest[object.model] ?? order, order)
        }
        return found
    }

    /// What the journal calls live is what the workbench runs: the last deployment of the model, if it was reported.
    private var wrongLive: [String] {
        let deployed = Set(self.journal.endings.values.joined().filter { $0.phase == .deployed }.map(\.marker))
        let last = Dictionary(self.workbench.deployments.map { ($0.model, $0) }) { $1 }
        return last.values.filter { deployed.contains($0.marker) }.compactMap { object in
            let lane = self.journal.lanes.first { $0.modelName == object.model }
            guard lane?.live?.runID != object.run else { return nil }
            return "run \(object.run) of \(object.model) runs, not \(lane?.live?.runID ?? "none")"
        }
    }
}
