// SPDX-License-Identifier: Apache-2.0

package import Values

/// A consumer group as its coordinator keeps it: members, generation, offsets; cooperative-sticky rebalances.
///
/// A rebalance waits for every member to join again: for one that is dead until its session ends, which is what dynamic
/// members cost. A member that has to give partitions up gets the rest, gives them up, and joins once more.
package struct ModelledGroup: Sendable {
    /// What members ask for.
    package struct Settings: Sendable {
        /// After how long without a heartbeat a member is taken for dead.
        package var sessionTimeout: Span
        /// The longest that a rebalance waits for members that live.
        package var rebalanceTimeout: Span
        /// How long an empty group waits for more members.
        package var initialDelay: Span

        /// Creates settings.
        package init(
            sessionTimeout: Span = .seconds(45),
            rebalanceTimeout: Span = .seconds(300),
            initialDelay: Span = .seconds(3)
        ) {
            self.sessionTimeout = sessionTimeout
            self.rebalanceTimeout = rebalanceTimeout
            self.initialDelay = initialDelay
        }
    }

    struct Member: Sendable {
        let number: Int
        var sessionEnds: MonotonicTime
        /// What it said that it holds when it joined last.
        var owned: [LogID] = []
        var hasJoined = false
    }

    /// What a member is told at the end of a rebalance.
    package struct Assignment: Sendable {
        /// The member.
        package var member: Int
        /// The new generation.
        package var generation: Int32
        /// All that is its own from now on, in order.
        package var logs: [LogID]
    }

    /// What a heartbeat is answered.
    package enum Pulse: Sendable, Equatable {
        /// Nothing has changed.
        case fine
        /// Join again.
        case rebalancing
        /// The group knows no such member any more.
        case unknownMember
    }

    package let name: String
    let settings: Settings
    let subscribed: [Int]
    private(set) var members: [Member] = []
    package private(set) var generation: Int32 = 0
    /// Since when a rebalance waits for members, and from when on it may end; `nil` while there is none.
    private var rebalancing: (since: MonotonicTime, notBefore: MonotonicTime)?
    private var logs: [LogID] = []
    private var committed: [LogID: Int64] = [:]
    private var pending: [(transaction: Int, log: LogID)] = []
    private var lastMember = 0
    /// How often a committed offset went back.
    package private(set) var regressions = 0

    init(name: String, subscribed: [Int], settings: Settings) {
        self.name = name
        self.subscribed = subscribed
        self.settings = settings
    }

    // MARK: Membership

    /// Whether a rebalance is under way.
    package var isRebalancing: Bool { self.rebalancing != nil }

    /// Members, dead ones included whose sessions have not ended.
    package var memberCount: Int { self.members.count }

    mutating func see(_ logs: [LogID]) { self.logs = logs }

    mutating func metadataChanged(to logs: [LogID], now: MonotonicTime) {
        guard logs != self.logs else { return }
        self.logs = logs
        guard !self.members.isEmpty else { return }
        self.beginRebalance(now: now, delay: .zero)
    }

    private mutating func beginRebalance(now: MonotonicTime, delay: Span) {
        guard self.rebalancing == nil else { return }
        self.rebalancing = (now, now + delay)
        for index in self.members.indices { self.members[index].hasJoined = false }
    }

    /// A client joins: for the first time, or again with what it holds.
    ///
    /// - Returns: Its number; another one where the group knows the old one no more.
    package mutating func join(_ number: Int?, owned: [LogID], now: MonotonicTime) -> Int {
        let isFirst = self.members.isEmpty
        self.beginRebalance(now: now, delay: isFirst ? self.settings.initialDelay : .zero)
        let ends = now + self.settings.sessionTimeout
        if let number, let index = self.members.firstIndex(where: { $0.number == number }) {
            self.members[index].owned = owned
            self.members[index].hasJoined = true
            self.members[index].sessionEnds = ends
            return number
        }
        self.lastMember += 1
        // One that was forgotten may hold nothing: others can have it already.
        self.members.append(Member(number: self.lastMember, sessionEnds: ends, owned: [], hasJoined: true))
        return self.lastMember
    }

    /// A member leaves in order.
    package mutating func leave(_ number: Int, now: MonotonicTime) {
        guard let index = self.members.firstIndex(where: { $0.number == number }) else { return }
        self.members.remove(at: index)
        if self.members.isEmpty { self.rebalancing = nil } else { self.beginRebalance(now: now, delay: .zero) }
    }

    /// A member says that it lives.
    package mutating func heartbeat(_ number: Int, now: MonotonicTime) -> Pulse {
        guard let index = self.members.firstIndex(where: { $0.number == number }) else { return .unknownMember }
        self.members[index].sessionEnds = now + self.settings.sessionTimeout
        return self.rebalancing != nil && !self.members[index].hasJoined ? .rebalancing : .fine
    }

    /// Lets time pass: dead members go, and a rebalance that everybody has joined ends.
    ///
    /// - Returns: What the members are told, where one ended.
    package mutating func advance(now: MonotonicTime) -> [Assignment] {
        let count = self.members.count
        self.members.removeAll { $0.sessionEnds <= now }
        if let rebalancing, rebalancing.since + self.settings.rebalanceTimeout <= now {
            self.members.removeAll { !$0.hasJoined }
        }
        if self.members.count != count {
            if self.members.isEmpty { self.rebalancing = nil } else { self.beginRebalance(now: now, delay: .zero) }
        }
        guard let rebalancing, rebalancing.notBefore <= now, self.members.allSatisfy(\.hasJoined) else { return [] }
        self.rebalancing = nil
        self.generation += 1
        let owned = self.members.map(\.owned)
        let assignments = StickyAssignor.assign(self.logs, owned: owned)
        return zip(self.members, assignments).map { member, logs in
            Assignment(member: member.number, generation: self.generation, logs: logs)
        }
    }

    /// Checks a membership as a transaction's offset commit does.
    func check(member: Int, generation: Int32) throws(BrokerRefusal) {
        guard self.members.contains(where: { $0.number == member }) else { throw .unknownMember }
        guard generation == self.generation else { throw .illegalGeneration }
    }

    // MARK: Offsets

    /// The committed offset of a partition; `nil` where there is none.
    ///
    /// - Throws: `BrokerRefusal.unstableOffset` while a transaction that commits it is open.
    package func committedOffset(of log: LogID) throws(BrokerRefusal) -> Int64? {
        guard !self.pending.contains(where: { $0.log == log }) else { throw .unstableOffset }
        return self.committed[log]
    }

    /// The offset that was committed last, whatever is open.
    func settledOffset(of log: LogID) -> Int64? { self.committed[log] }

    /// Forgets offsets, as `kafka-consumer-groups --delete-offsets` does.
    package mutating func forgetOffsets(_ isMeant: (LogID) -> Bool) {
        self.committed = self.committed.filter { !isMeant($0.key) }
    }

    mutating func hold(_ offsets: [(log: LogID, offset: Int64)], for transaction: Int) {
        for (log, _) in offsets { self.pending.append((transaction, log)) }
    }

    mutating func settle(_ offsets: [(log: LogID, offset: Int64)], of transaction: Int, committed: Bool) {
        self.pending.removeAll { $0.transaction == transaction }
        guard committed else { return }
        for (log, offset) in offsets {
            if let known = self.committed[log], offset < known { self.regressions += 1 }
            self.committed[log] = offset
        }
    }
}
