// SPDX-License-Identifier: Apache-2.0

package import Values

/// What keeps rollouts of several models from going on, though every part of the workbench answers (rule 23).
package enum Standstill: String, Sendable, CaseIterable, Hashable {
    /// The workbench has asked for a pause.
    case pause
    /// Commits take so long that an intent is too old for its call by the time it is committed.
    case intents
    /// A call fails for everybody who tries it.
    case calls

    /// What an operator does next, in one sentence.
    package var nextStep: String {
        switch self {
        case .pause: "Nothing, or lower workbench.maximumCallsPerSecond."
        case .intents: "Look at the brokers' latency, or raise rollout.intentValidity."
        case .calls: "Look at the workbench's health and at proxies before it; what waits fails at the end of its step."
        }
    }
}

/// How often creating calls had to be announced again, because their intents were too old.
struct LateIntents: Sendable {
    /// Calls in a row that came too late; none was made meanwhile.
    private var count = 0
    private var newest = MonotonicTime.zero

    /// After how many in a row it is no accident any more.
    private static let patience = 3
    /// After how long without a further one nobody tries any more.
    private static let memory = Span.seconds(60)

    /// Until when nothing gets created for that reason, as far as is known; `nil` where something may be.
    func end(now: MonotonicTime) -> MonotonicTime? {
        let end = self.newest + Self.memory
        return self.count >= Self.patience && now < end ? end : nil
    }

    /// An intent was too old when its call could be made.
    mutating func wasLate(now: MonotonicTime) {
        self.count += 1
        self.newest = now
    }

    /// A creating call was made.
    mutating func wasInTime() { self.count = 0 }
}

extension Coordinator {
    /// How long a pause must be to be named: those of a second come and go.
    private static let pausePatience = Span.seconds(10)

    /// What stands still now, each with its cause; the texts stay the same as long as the cause does.
    package func standstills(now: MonotonicTime) -> [Standstill: String] {
        var found: [Standstill: String] = [:]
        if self.budget.isPaused(now: now, atLeast: Self.pausePatience) {
            found[.pause] = "the workbench has asked for a pause (429), and no call is made before it is over"
        }
        if self.lateIntents.end(now: now) != nil {
            let validity = self.policy.intentValidity.milliseconds
            found[.intents] =
                "commits take longer than rollout.intentValidity (\(validity) ms), so that nothing is created"
        }
        if !self.stalls.isEmpty, let text = self.stalledCalls(now: now) { found[.calls] = text }
        return found
    }

    private func stalledCalls(now: MonotonicTime) -> String? {
        let lasting = self.stalls.filter { $0.value.since + Self.stallPatience <= now }.keys.sorted()
        guard let first = lasting.first else { return nil }
        let others = lasting.count == 1 ? "" : " (so do \(lasting.dropFirst().joined(separator: ", ")))"
        let cause = self.stalled[first].map { ": \($0.message)" } ?? ""
        return "\(first) fails for everybody who tries it\(others)\(cause)"
    }
}
