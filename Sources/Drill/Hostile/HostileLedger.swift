// SPDX-License-Identifier: Apache-2.0

package import SandboxPrograms
import Values
import WorkbenchSandbox

/// The judgement of a hostile drill: whether a tenant has come beyond its rights, or in the way of honest teams.
///
/// Pure. What was deployed is judged by the workbench's audit alone, not by what workers say.
package struct HostileLedger: Sendable, Equatable {
    /// What can be wrong; each column holds one line for each time that it is.
    package enum Column: String, Sendable, CaseIterable {
        /// Objects made in a project, of a run, under a name or with settings that nobody who asked had a right to.
        case outside
        /// Honest models whose newest run does not serve, and changes to what serves there.
        case displaced
        /// Honest events that were not deployed, nor gave way to a newer run while a killed worker's partitions were taken over.
        case suppressed
        /// Rollouts that have not ended, the tenant's included; not those of its that wait for an hour of their model's to go by.
        case stuck
        /// Honest rollouts that took longer than twice as long as the slowest before the tenant began.
        case delayed
        /// More of the tenant's at a time, or of one model in an hour, than its route's quota allows.
        case overQuota
        /// Texts of the tenant's that workers have told as they came, though they drive terminals.
        case unescaped
        /// Records of the tenant of which nothing has become.
        case lost
        /// Kinds of attacks of which brokers took no record, though they need not refuse them.
        case unheard
        /// Workers that ended by themselves.
        case unexpectedEnds
    }

    /// What happened.
    package struct Counts: Sendable, Equatable {
        /// Honest events, and those of them that were deployed.
        package var honest = 0
        /// Honest rollouts that are deployed.
        package var honestDeployed = 0
        /// Records of the tenant that brokers took.
        package var tenant = 0
        /// Records of the tenant that brokers refused.
        package var refused = 0
        /// What became of the tenant's events, by outcome.
        package var outcomes: [EventOutcome: Int] = [:]
        /// Dead letters.
        package var deadLetters = 0
        /// Objects made.
        package var objects = 0
    }

    /// What is wrong.
    package private(set) var wrong: [Column: [String]] = [:]
    /// What happened.
    package private(set) var counts = Counts()
    /// How long honest rollouts took before the tenant began, ascending.
    package private(set) var calm: [Duration] = []
    /// How long they took since, ascending.
    package private(set) var siege: [Duration] = []
    /// The most rollouts of the tenant that were under way at one time.
    package internal(set) var highestUnderWay = 0
    /// Whether brokers kept the tenant from every topic but its own; else only its good will did.
    package let isConfined: Bool
    private let killedAt: Timestamp?

    /// Whether nothing is wrong.
    package var isClean: Bool { self.wrong.values.allSatisfy(\.isEmpty) }

    /// How often a column was wrong.
    package func count(_ column: Column) -> Int { self.wrong[column]?.count ?? 0 }

    /// How long an honest rollout may take; `nil` where none was deployed before the tenant began.
    package var bound: Duration? { self.calm.last.map { $0 * HostileSettings.slowdown } }

    mutating func note(_ column: Column, _ line: String) { self.wrong[column, default: []].append(line) }

    /// Judges.
    init(_ seen: HostileObservations) {
        self.isConfined = seen.isConfined
        self.killedAt = seen.killedAt
        let rollouts = Dictionary(grouping: seen.rollouts.entries.filter { $0.place != nil }) { $0.place }
        self.count(seen)
        self.judgeHonest(seen, rollouts)
        self.judgeTenant(seen, rollouts)
        self.judgeAttacks(seen)
        self.judgeUnended(seen)
        self.judgeObjects(seen)
        self.judgeUnderWay(seen)
        for line in seen.unescaped { self.note(.unescaped, line) }
        for end in seen.unexpectedEnds { self.note(.unexpectedEnds, end) }
    }

    /// Killed workers; what these had may take longer by their recovery.
    package var kills: Int { self.killedAt == nil ? 0 : 1 }

    private typealias Rollouts = [RolloutLedger.EventPlace?: [RolloutLedger.Entry]]

    private mutating func count(_ seen: HostileObservations) {
        let honest = Set(seen.honest.map(\.place))
        self.counts.honest = seen.honest.count
        self.counts.tenant = seen.tenant.count
        self.counts.refused = seen.refused.values.reduce(0, +)
        self.counts.deadLetters = seen.deadLetters.count
        for entry in seen.rollouts.entries {
            guard let outcome = entry.outcomes.last, let place = entry.place, !honest.contains(place) else { continue }
            self.counts.outcomes[outcome, default: 0] += 1
        }
    }

    // MARK: What was asked for

    private mutating func judgeHonest(_ seen: HostileObservations, _ rollouts: Rollouts) {
        for line in seen.unsent { self.note(.suppressed, line) }
        var (calm, siege): ([Duration], [(HostileObservations.Honest, Duration)]) = ([], [])
        for event in seen.honest {
            let name = "\(event.run.id) of \(event.run.model)"
            guard let entries = rollouts[event.place], let entry = entries.first else {
                let isDead = seen.deadLetters.contains(event.place)
                self.note(.suppressed, "the event for \(name) " + (isDead ? "is a dead letter" : "has become nothing"))
                continue
            }
            guard entry.lastStatusCount > 0 else {
                self.note(.stuck, "rollout \(entry.id) of \(name) has not ended")
                continue
            }
            guard !self.gaveWay(event, entries, seen, rollouts) else { continue }
            guard entries.count == 1, entry.outcomes == [.deployed], entry.lastStatusCount == 1 else {
                let words = entries.flatMap(\.outcomes).map(\.rawValue).joined(separator: ", ")
                self.note(.suppressed, "\(name) ended \(words): \(entry.cause ?? "no cause")")
                continue
            }
            self.counts.honestDeployed += 1
            guard let endedAt = entry.endedAt else { continue }
            let took = Duration.milliseconds(endedAt.milliseconds(since: event.sentAt))
            if event.isCalm { calm.append(took) } else { siege.append((event, took)) }
        }
        self.calm = calm.sorted()
        self.siege = siege.map(\.1).sorted()
        guard let bound = self.bound else {
            self.note(.delayed, "no honest rollout was deployed before the tenant began, so that no time is usual")
            return
        }
        for (event, took) in siege where took - seen.recovery(since: event.sentAt, for: took) > bound {
            self.note(.delayed, "\(event.run.id) of \(event.run.model) took \(took.tenths) s")
        }
    }

    /// Whether a newer run of its model was deployed in its place while a killed worker's partitions were taken over.
    ///
    /// What it had left is taken up all at once then, and the newest run wins, whichever is found first.
    private func gaveWay(
        _ event: HostileObservations.Honest,
        _ entries: [RolloutLedger.Entry],
        _ seen: HostileObservations,
        _ rollouts: Rollouts
    ) -> Bool {
        guard let entry = entries.first, entries.count == 1, entry.outcomes == [.superseded],
            entry.lastStatusCount == 1,
            let endedAt = entry.endedAt
        else { return false }
        let took = Duration.milliseconds(endedAt.milliseconds(since: event.sentAt))
        guard seen.recovery(since: event.sentAt, for: took) > .zero else { return false }
        return seen.honest.contains { other in
            other.run.model == event.run.model && other.run.start > event.run.start
                && rollouts[other.place]?.first?.outcomes == [.deployed]
        }
    }

    /// What nobody heard has shown nothing.
    private mutating func judgeAttacks(_ seen: HostileObservations) {
        let heard = Set(seen.tenant.map(\.attack))
        for attack in HostileAttack.allCases where !attack.isForBrokersToRefuse && !heard.contains(attack) {
            self.note(.unheard, "no broker took a record of \(attack.rawValue)")
        }
    }

    private mutating func judgeTenant(_ seen: HostileObservations, _ rollouts: Rollouts) {
        let answered = Set(
            seen.tenant.filter { rollouts[$0.place] != nil || seen.deadLetters.contains($0.place) }.map(\.identity)
        )
        var told: Set<String> = []
        for sent in seen.tenant where !answered.contains(sent.identity) && told.insert(sent.identity).inserted {
            self.note(
                .lost,
                "\(sent.attack.rawValue) at partition \(sent.place.partition), offset \(sent.place.offset)"
            )
        }
    }

    // MARK: What was made

    private mutating func judgeObjects(_ seen: HostileObservations) {
        var rights = HostileRights(seen)
        for entry in seen.audit where entry.isApplied {
            for finding in rights.judge(entry) { self.note(finding.column, finding.line) }
        }
        self.counts.objects = rights.made
        for line in rights.displaced(newest: self.newest(seen)) { self.note(.displaced, line) }
    }

    /// The newest run of each honest model that any event has asked for.
    private func newest(_ seen: HostileObservations) -> [String: HostilePlan.Run] {
        seen.honest.reduce(into: [:]) { newest, event in
            guard newest[event.run.model].map({ $0.start < event.run.start }) ?? true else { return }
            newest[event.run.model] = event.run
        }
    }
}
