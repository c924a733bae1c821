// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What `slipway watch` knows: one row for each rollout, from the statuses seen so far.
///
/// Pure. Rollouts under way are all kept; of those that have ended only the newest, so that memory stays bounded.
struct WatchBoard: Sendable {
    /// One rollout, as its newest status says.
    struct Row: Sendable, Equatable {
        var status: StatusEvent
        /// Grows with each status of any rollout: the greatest is the newest activity.
        var order: Int
    }

    /// How a status event changed the board.
    enum Change: Sendable, Equatable {
        /// It is the newest of its rollout.
        case taken
        /// It was known already, or is older than what is known.
        case known
        /// It reports orphans of a rollout that has ended.
        case reported
        /// It belongs to a rollout that nobody asked for.
        case filtered
    }

    private let filter: WatchFilter
    private let mostEnded: Int
    private var rows: [String: Row] = [:]
    private var order = 0
    /// Ended rollouts that have a row, in the order of their end.
    private var endedIDs = FIFO<String>()

    /// How many rollouts have ended, by phase; never forgotten.
    private(set) var ended: [Phase: Int] = [:]
    /// How many rollouts are under way, by the phase's word.
    private(set) var underWay: [String: Int] = [:]

    /// Creates a board without rows.
    ///
    /// - Parameters:
    ///   - filter: Which rollouts are wanted.
    ///   - mostEnded: Most rows of ended rollouts that are kept.
    init(filter: WatchFilter = WatchFilter(), mostEnded: Int = 500) {
        self.filter = filter
        self.mostEnded = mostEnded
    }

    /// How many rollouts have ended.
    var endedCount: Int { self.ended.values.reduce(0, +) }
    /// How many rollouts have ended as failed.
    var failedCount: Int { self.ended[.failed] ?? 0 }
    /// How many rollouts are under way.
    var underWayCount: Int { self.underWay.values.reduce(0, +) }
    /// How many rows there are to be shown.
    var shownCount: Int {
        self.filter.onlyFailed ? self.rows.values.count { self.filter.shows($0.status) } : self.rows.count
    }

    /// Takes a status event.
    mutating func apply(_ status: StatusEvent) -> Change {
        guard self.filter.concerns(status) else { return .filtered }
        // It tells something about a rollout that has ended, and leaves it as it ended.
        guard !status.isOrphanReport else { return .reported }
        let known = self.rows[status.rolloutID]
        if let known {
            guard status.sequence > known.status.sequence, !known.status.isTerminal else { return .known }
            self.count(known.status, by: -1)
        }
        self.order += 1
        self.rows[status.rolloutID] = Row(status: status, order: self.order)
        self.count(status, by: 1)
        if status.isTerminal { self.forgetOldest(after: status.rolloutID) }
        return .taken
    }

    /// The newest rows to be shown, newest activity first.
    ///
    /// - Parameter count: The most.
    /// - Returns: At most that many.
    func newest(_ count: Int) -> [Row] {
        guard count > 0 else { return [] }
        var newest: [Row] = []
        for row in self.rows.values where self.filter.shows(row.status) {
            if newest.count == count, let last = newest.last, last.order > row.order { continue }
            let place = newest.firstIndex { $0.order < row.order } ?? newest.endIndex
            newest.insert(row, at: place)
            if newest.count > count { newest.removeLast() }
        }
        return newest
    }

    private mutating func count(_ status: StatusEvent, by step: Int) {
        if let phase = status.phase, phase.isTerminal {
            self.ended[phase, default: 0] += step
        } else {
            let left = self.underWay[status.phaseWord, default: 0] + step
            self.underWay[status.phaseWord] = left == 0 ? nil : left
        }
    }

    private mutating func forgetOldest(after rolloutID: String) {
        self.endedIDs.append(rolloutID)
        guard self.endedIDs.count > self.mostEnded, let oldest = self.endedIDs.popFirst() else { return }
        self.rows[oldest] = nil
    }
}

/// Which rollouts `slipway watch` follows, and which of them it shows.
struct WatchFilter: Sendable, Equatable {
    /// The model's name must fit.
    var model: Glob?
    /// The rollout's id must begin so.
    var rollout: String?
    /// Only failed rollouts are shown; the others still count.
    var onlyFailed = false

    /// Whether the rollout is followed at all.
    func concerns(_ status: StatusEvent) -> Bool {
        (self.model?.matches(status.modelName) ?? true) && status.rolloutID.hasPrefix(self.rollout ?? "")
    }

    /// Whether a status of a followed rollout is shown.
    func shows(_ status: StatusEvent) -> Bool { !self.onlyFailed || status.phase == .failed }
}

/// When `slipway watch` ends by itself.
struct WatchEnding: Sendable, Equatable {
    /// Ends after so many rollouts have ended.
    var untilEnded: Int?
    /// Ends when all have ended and nothing has come for this long.
    var untilIdleFor: Duration?

    /// Whether it is time to end.
    ///
    /// Idle is only what comes after: the topic was read to its end, at least one rollout was seen, and none is under way.
    ///
    /// - Parameters:
    ///   - board: What is known.
    ///   - quiet: Time since the last status of a followed rollout.
    ///   - isCaughtUp: Whether everything that was in the topic at the start has been read.
    /// - Returns: Whether either condition is met.
    func isReached(_ board: WatchBoard, quiet: Duration, isCaughtUp: Bool) -> Bool {
        if let count = self.untilEnded, board.endedCount >= count { return true }
        guard let idle = self.untilIdleFor, isCaughtUp else { return false }
        return board.endedCount > 0 && board.underWayCount == 0 && quiet >= idle
    }
}
