// SPDX-License-Identifier: Apache-2.0

import SandboxPrograms
import Values

extension HostileLedger {
    /// Judges how many rollouts of the tenant were under way, and at work, at one time.
    ///
    /// By statuses, since the workbench does not know what waits.
    mutating func judgeUnderWay(_ seen: HostileObservations) {
        guard let topic = seen.tenant.first?.place.topic else { return }
        let attacks = Dictionary(seen.tenant.map { ($0.place, $0.attack) }) { first, _ in first }
        let entries = seen.rollouts.entries.filter { $0.place?.topic == topic }
        // Not while a killed worker's partitions are nobody's or change hands: nobody can say then that there is no room.
        let underWay = Crowd(entries, attacks, since: \.beganAt) { !seen.isRecovering(at: $0) }
        let atWork = Crowd(entries, attacks, since: \.workedAt) { _ in true }
        self.highestUnderWay = underWay.highest
        let most = HostileRoutes.underWay + seen.workers - 1
        let tenth = (HostileRoutes.underWay + 9) / 10
        // What other workers pass on until they are told: a tenth of the quota a second each.
        self.judge(underWay, "under way", atMost: most + (seen.workers - 1) * 2 * tenth)
        self.judge(atWork, "at work", atMost: most)
    }

    /// Judges rollouts of the tenant that have not ended: a wake-up that was lost shows in nothing else.
    mutating func judgeUnended(_ seen: HostileObservations) {
        let honest = Set(seen.honest.map(\.place))
        let entries = seen.rollouts.entries.filter { $0.place.map { !honest.contains($0) } ?? false }
        let models = Dictionary(grouping: entries, by: \.modelName)
        // Models of which as many may have begun as may in an hour, and of which somebody says that he waits for that.
        let waiting = models.filter { _, entries in
            entries.count { $0.mayHaveBegun } >= HostileRoutes.perModelPerHour
                && entries.contains { $0.waitsForItsHour }
        }
        for entry in entries where entry.lastStatusCount == 0 {
            let isBehind = entry.waitsForItsHour || entry.phase == "queued"
            if isBehind, waiting[entry.modelName] != nil { continue }
            let cause = entry.cause.map { ": \($0)" } ?? ""
            self.note(
                .stuck,
                "rollout \(entry.id) of '\(entry.modelName)', the tenant's, has not ended, and is \(entry.phase)\(cause)"
            )
        }
    }

    private mutating func judge(_ crowd: Crowd, _ words: String, atMost most: Int) {
        guard crowd.highest > most else { return }
        self.note(
            .overQuota,
            "\(crowd.highest) of the tenant's were \(words) at \(crowd.description), at most \(most) may be"
        )
    }
}

extension RolloutLedger.Entry {
    /// Whether it says that it waits for others of its model to have begun long enough ago.
    fileprivate var waitsForItsHour: Bool {
        guard self.phase == "waiting", let cause = self.cause else { return false }
        return cause.hasPrefix("quota:") && cause.contains("perModelPerHour")
    }

    /// Whether it may have had its turn: what fails before it is at work tells no more.
    fileprivate var mayHaveBegun: Bool { self.workedAt != nil || self.lastStatusCount > 0 }
}

/// The moment at which most of something were there at once.
private struct Crowd: CustomStringConvertible {
    private(set) var highest = 0
    private var at = Timestamp.epoch
    private var kinds: [String: Int] = [:]

    /// - Parameters:
    ///   - entries: Rollouts.
    ///   - attacks: What their events were, by their places.
    ///   - since: Since when one counts, until its end; `nil` for not at all.
    ///   - isJudged: Whether a moment counts.
    init(
        _ entries: [RolloutLedger.Entry],
        _ attacks: [RolloutLedger.EventPlace: HostileAttack],
        since: (RolloutLedger.Entry) -> Timestamp?,
        isJudged: (Timestamp) -> Bool
    ) {
        var changes: [(at: Timestamp, by: Int, kind: String)] = []
        for entry in entries {
            guard let began = since(entry) else { continue }
            let kind = entry.place.flatMap { attacks[$0]?.rawValue } ?? "unknown"
            changes.append((began, 1, kind))
            if let ended = entry.leftAt { changes.append((ended, -1, kind)) }
        }
        // Of one moment ends come first.
        changes.sort { ($0.at, $0.by) < ($1.at, $1.by) }
        var kinds: [String: Int] = [:]
        var count = 0
        for change in changes {
            count += change.by
            kinds[change.kind, default: 0] += change.by
            guard count > self.highest, isJudged(change.at) else { continue }
            (self.highest, self.at, self.kinds) = (count, change.at, kinds)
        }
    }

    /// When it was, and of what kinds most were.
    var description: String {
        let most = self.kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(4).filter { $0.value > 0 }
        return "\(self.at) (\(most.map { "\($0.key) \($0.value)" }.joined(separator: ", ")))"
    }
}

extension HostileObservations {
    /// Whether what a killed worker has left is being taken over.
    func isRecovering(at moment: Timestamp) -> Bool {
        guard let killedAt = self.killedAt else { return false }
        return moment >= killedAt && moment <= killedAt.advanced(by: self.recovery)
    }

    /// How much of the time that something took a killed worker's partitions were being taken over.
    func recovery(since start: Timestamp, for length: Duration) -> Duration {
        guard let killedAt = self.killedAt else { return .zero }
        let from = max(start, killedAt)
        let until = min(start.advanced(by: length), killedAt.advanced(by: self.recovery))
        return until > from ? .milliseconds(until.milliseconds(since: from)) : .zero
    }
}
