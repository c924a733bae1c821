// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What readiness is told from: looked at after each turn, told where it has changed.
struct HealthBoard: Sendable {
    /// What was last told of a condition.
    private enum Told: Sendable, Equatable {
        case nothing
        /// Why it is not met; `nil` where it is.
        case cause(String?)
    }

    /// What was last told of each condition, in the order of `Condition.Name.allCases`: by name it would be looked up for all
    /// of them each turn.
    private var told: [Told] = Condition.Name.allCases.map { _ in .nothing }
    /// Why the consumer does not work; `nil` while it does.
    var consumer: PortFailure?
    /// Why commands can't be read; `nil` while they can.
    var commands: PortFailure?
    /// Components of the workbench that are down.
    var outages: [Component: Cause] = [:]
    /// What stands still though every part of the workbench answers.
    var standstills: [Standstill: String] = [:]
    /// Why records of event topics are held back, each in one line.
    var holds: [String] = []
    /// Why reading stands still; `nil` while it gets on.
    var reading: String?
    /// Whether a topic takes next to nothing.
    var topicTakesNothing = false

    /// Says which conditions have changed.
    ///
    /// - Parameters:
    ///   - ownership: Says which partitions are ready.
    ///   - planner: Says how transactions do.
    ///   - isIntakePaused: Whether reading is paused for want of room.
    ///   - isStopping: Whether the worker is ending.
    /// - Returns: The conditions that have changed since the last call.
    mutating func changes(
        _ ownership: PartitionOwnership,
        _ planner: TransactionPlanner,
        isIntakePaused: Bool,
        isStopping: Bool
    ) -> [Condition] {
        var changes: [Condition] = []
        for (index, name) in Condition.Name.allCases.enumerated() {
            let cause: String? =
                switch name {
                case .partitions: isStopping ? "stopping" : self.partitions(ownership)
                case .membership: planner.isWaitingForMembership ? "waiting for the consumer group to rebalance" : nil
                case .consumer: self.consumer?.message
                case .reading: self.reading
                case .journal: self.journal(planner)
                case .commands: self.commands.map { "commands wait: \($0.message)" }
                case .lanes: self.lanes(ownership)
                case .intake: isIntakePaused ? Self.intakeCause : nil
                case .quota: self.holds.isEmpty ? nil : self.holds.joined(separator: " ")
                case .calls: self.standstill
                case .workbench: self.outage(.workbench)
                case .experiments: self.outage(.experiments)
                case .models: self.outage(.models)
                case .registry: self.outage(.registry)
                case .modelService: self.outage(.modelService)
                }
            if self.told[index] == .cause(cause) { continue }
            if self.told[index] == .nothing, cause == nil, name.isToldWhereUnmet { continue }
            self.told[index] = .cause(cause)
            changes.append(Condition(name: name, cause: cause))
        }
        return changes
    }

    private static let intakeCause =
        "as many rollouts as allowed are accepted and unfinished, or wait for the journal"

    private func partitions(_ ownership: PartitionOwnership) -> String? {
        guard !ownership.partitions.isEmpty else { return "waiting for the consumer group to assign partitions" }
        let preparing = ownership.preparing
        guard !preparing.isEmpty else { return nil }
        let journals = preparing.filter(\.isInbox).map { String($0.partition.rawValue) }
        let obstacle = preparing.lazy.compactMap { ownership.obstacles[$0] }.first.map { ": \($0)" } ?? ""
        guard journals.isEmpty else {
            return "reading the journal of partitions \(journals.joined(separator: ", "))\(obstacle)"
        }
        return "looking up where \(preparing.count) partitions of event topics are to be read from\(obstacle)"
    }

    /// What stands still because of journal records that can't be read, beside partitions that wait as a whole.
    private func lanes(_ ownership: PartitionOwnership) -> String? {
        let defects = ownership.findings.flatMap { found in
            found.findings.defects.filter { $0.parks != .partition }.map { (found.partition, $0) }
        }
        guard let (partition, defect) = defects.first else { return nil }
        let others = defects.count == 1 ? "" : " (and \(defects.count - 1) more: slipway journal check)"
        return "journal partition \(partition): \(defect)\(others)"
    }

    private var standstill: String? {
        guard !self.standstills.isEmpty else { return nil }
        let causes = Standstill.allCases.compactMap { kind in
            self.standstills[kind].map { "\($0). \(kind.nextStep)" }
        }
        return causes.isEmpty ? nil : causes.joined(separator: " ")
    }

    private func journal(_ planner: TransactionPlanner) -> String? {
        if self.topicTakesNothing {
            return "a topic takes no record of a few kilobytes: raise its max.message.bytes"
        }
        return planner.obstacles.failure?.message
    }

    private func outage(_ component: Component) -> String? {
        self.outages[component].map { "\($0.class.rawValue): \($0.message) \($0.class.nextStep)" }
    }
}
