// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What workers tell each other of the room in their inbox partitions, since what is passed on is counted only there.
struct RoomBoard: Sendable {
    private struct Said: Sendable {
        var topics: Set<String>
        var routes: Set<String>
        var isParked: Bool
        var at: MonotonicTime
    }

    /// What was passed on to a partition since its owner was last heard, by topic and by route.
    private struct Unheard: Sendable {
        var since: MonotonicTime
        var counts: [String: Int] = [:]
    }

    /// How long others are told the same before they are told again: partitions change hands, and memory is lost with them.
    private static let repetition = Span.seconds(15)
    /// How long after it was said something counts: whoever said it may be gone.
    private static let validity = Span.seconds(45)
    /// The least time between two notices.
    private static let pause = Span.seconds(1)

    /// How long an owner may be silent before people are told.
    private static let patience = Span.seconds(10)

    private var said: [Partition: Said] = [:]
    private var unheard: [Partition: Unheard] = [:]
    /// Since when others have not been answered of whom something was read; `nil` where there is nothing to answer.
    private var unansweredSince: MonotonicTime?
    /// How much of theirs was read since they were last told.
    private var unanswered = 0
    /// What was last told to others, and when.
    private var told: (notice: RoomNotice, at: MonotonicTime)?
    /// When they are to be told next; `nil` where there is nothing to tell.
    private var nextTelling: MonotonicTime?

    /// Another worker has told of its room.
    mutating func heard(_ notice: RoomNotice, now: MonotonicTime) {
        for number in notice.partitions where number >= 0 {
            self.unheard[Partition(rawValue: number)] = nil
            let said = Said(
                topics: Set(notice.topics),
                routes: Set(notice.routes),
                isParked: notice.parked.contains(number),
                at: now
            )
            self.said[Partition(rawValue: number)] = notice.isAllClear ? nil : said
        }
    }

    /// Forgets what was said, and what was passed on, long ago.
    mutating func forgetOld(now: MonotonicTime) {
        if !self.said.isEmpty { self.said = self.said.filter { now < $0.value.at + Self.validity } }
        if !self.unheard.isEmpty { self.unheard = self.unheard.filter { now < $0.value.since + Self.validity } }
    }

    // MARK: What is passed on

    /// An event of a topic or route was passed on.
    mutating func passed(_ name: String, to partition: Partition, now: MonotonicTime) {
        self.unheard[partition, default: Unheard(since: now)].counts[name, default: 0] += 1
    }

    /// Whether as many were passed on to a partition as may be before its owner answers.
    ///
    /// Of one that is known to be parked no answer is awaited, since nobody reads what is passed on to it.
    func awaitsAnswer(_ name: String, of partition: Partition, limit: Int) -> Bool {
        guard self.said[partition]?.isParked != true else { return false }
        return self.unheard[partition].map { $0.counts[name, default: 0] >= limit } ?? false
    }

    /// Whether the owner of a partition has been silent for longer than an answer takes.
    func isSilent(_ partition: Partition, now: MonotonicTime) -> Bool {
        self.unheard[partition].map { $0.since + Self.patience <= now } ?? false
    }

    /// An event was read that another worker has passed on.
    mutating func received(now: MonotonicTime) {
        self.unanswered += 1
        if self.unansweredSince == nil { self.unansweredSince = now }
    }

    /// No inbox partition is held, so nobody can be heard or answered.
    mutating func hearNobody() {
        self.unheard = [:]
        (self.unanswered, self.unansweredSince, self.nextTelling) = (0, nil, nil)
    }

    // MARK: What is told

    /// Whether others have no room for a topic: in a partition, or in any where it is not certain which one it will be.
    func isFull(topic: String, in partition: Partition?) -> Bool { self.asks(partition) { $0.topics.contains(topic) } }

    /// Whether others have no room for a route.
    func isFull(route: String, in partition: Partition?) -> Bool { self.asks(partition) { $0.routes.contains(route) } }

    private func asks(_ partition: Partition?, _ isFull: (Said) -> Bool) -> Bool {
        guard !self.said.isEmpty else { return false }
        guard let partition else { return self.said.values.contains(where: isFull) }
        return self.said[partition].map(isFull) ?? false
    }

    /// Whether others are to be told now, and notes that they are.
    ///
    /// - Parameters:
    ///   - notice: For whom there is no room.
    ///   - count: How much of theirs is read before they are answered without waiting for more.
    ///   - now: The time.
    /// - Returns: Whether to tell them.
    mutating func tells(_ notice: RoomNotice, answeringAfter count: Int, now: MonotonicTime) -> Bool {
        self.nextTelling = self.due(notice, count)
        guard let due = self.nextTelling, due <= now else { return false }
        self.told = (notice, now)
        (self.unanswered, self.unansweredSince) = (0, nil)
        self.nextTelling = self.due(notice, count)
        return true
    }

    private func due(_ notice: RoomNotice, _ count: Int) -> MonotonicTime? {
        let soonest = self.told.map { $0.at + Self.pause } ?? .zero
        if self.unanswered >= count { return soonest }
        let answer = self.unansweredSince.map { max(soonest, $0 + Self.repetition) }
        guard let told = self.told else { return notice.isAllClear ? answer : .zero }
        guard told.notice == notice else { return soonest }
        return notice.isAllClear ? answer : told.at + Self.repetition
    }

    /// When there is something to do next: to tell, or to forget.
    var nextWake: MonotonicTime? {
        let forgetting = self.said.values.lazy.map { $0.at + Self.validity }.min()
        let passing = self.unheard.values.lazy.map { $0.since + Self.validity }.min()
        return [forgetting, passing, self.nextTelling].compactMap(\.self).min()
    }
}
