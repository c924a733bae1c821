// SPDX-License-Identifier: Apache-2.0

import Machine
import Values

/// Says whether the worker gets on, and if not, what holds it up.
///
/// Pure.
struct StallDetector: Sendable {
    /// After how long without progress something counts as held up.
    var stallAfter: Span
    /// How long one request may take of its own.
    var requestTimeout: Span

    /// What holds the worker up.
    struct Stall: Sendable, Equatable {
        /// One line for an operator.
        var cause: String
        /// Whether only a new process helps: something of this one is stuck.
        var isOurs: Bool
        /// Since when.
        var since: MonotonicTime
    }

    /// Judges.
    ///
    /// - Parameters:
    ///   - snapshot: What is under way.
    ///   - lastPoll: When the consumer's thread polled last; `nil` before the first time.
    ///   - now: The moment.
    /// - Returns: What holds it up; `nil` if nothing does.
    func stall(_ snapshot: Heartbeat.Snapshot, lastPoll: MonotonicTime?, now: MonotonicTime) -> Stall? {
        self.ownStall(snapshot, lastPoll: lastPoll, now: now) ?? self.slowWorkbench(snapshot.underWay, now: now)
    }

    private func ownStall(_ snapshot: Heartbeat.Snapshot, lastPoll: MonotonicTime?, now: MonotonicTime) -> Stall? {
        let underWay = snapshot.underWay
        let callLimit = self.stallAfter + self.requestTimeout
        let candidates: [(since: MonotonicTime?, limit: Span, text: String)] = [
            (lastPoll, self.stallAfter, "the consumer has not polled Kafka for"),
            (snapshot.turnSince, self.stallAfter, "a turn of the worker's loop has been under way for"),
            (underWay.committingSince, self.stallAfter, "a journal transaction has been under way for"),
            (underWay.wakeAt, self.stallAfter, "work has been due and not been started for"),
            (
                underWay.oldestCall?.began, callLimit,
                "call '\(underWay.oldestCall?.name ?? "")' of the workbench has not ended for"
            ),
        ]
        for candidate in candidates {
            guard let since = candidate.since, since + candidate.limit <= now else { continue }
            let seconds = (now - since).nanoseconds / 1_000_000_000
            return Stall(cause: "\(candidate.text) \(seconds) s", isOurs: true, since: since)
        }
        return nil
    }

    private func slowWorkbench(_ underWay: UnderWay, now: MonotonicTime) -> Stall? {
        let pace = underWay.pace
        guard pace.isSlow, let lastEnd = pace.lastEnd else { return nil }
        // Averages say nothing any more where no request was made for long.
        guard underWay.oldestCall != nil || now < lastEnd + self.stallAfter else { return nil }
        let cause =
            "the workbench is slow against its own history: calls take \(Self.text(pace.recent)) s, usually "
            + "\(Self.text(pace.usual)) s"
        return Stall(cause: cause, isOurs: false, since: lastEnd)
    }

    private static func text(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
