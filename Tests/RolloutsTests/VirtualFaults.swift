// SPDX-License-Identifier: Apache-2.0

import Values

@testable import Rollouts

/// What goes wrong between worker and workbench, and how often.
struct VirtualFaults: Sendable {
    /// One way in which a call goes wrong.
    enum Fault: Sendable, CaseIterable {
        /// The connection is refused.
        case refused
        /// Cut before the workbench acted.
        case droppedBefore
        /// Cut after the workbench acted.
        case droppedAfter
        /// Cut; the workbench acts later, within its time to settle.
        case appliedLate
        /// 500, and the workbench did not act.
        case failed
        /// 500, and the workbench acted.
        case failedAfter
        /// 429.
        case rateLimited
        /// 401.
        case unauthorized
        /// 503.
        case unavailable

        /// Whether the workbench acts on a call with this fault, and when.
        var effect: Effect {
            switch self {
            case .refused, .droppedBefore, .failed, .rateLimited, .unauthorized, .unavailable: .none
            case .droppedAfter, .failedAfter: .atOnce
            case .appliedLate: .late
            }
        }

        /// What the worker is told.
        var failure: CallFailure {
            switch self {
            case .refused: CallFailure(.unavailable, message: "refused")
            case .droppedBefore, .droppedAfter, .appliedLate:
                CallFailure(.unavailable, isOutcomeUnknown: true, message: "cut")
            case .failed, .failedAfter:
                CallFailure(.serverError, isOutcomeUnknown: true, message: "failed", httpStatus: 500)
            case .rateLimited:
                CallFailure(.rateLimited, message: "slow down", httpStatus: 429, retryAfter: .seconds(2))
            case .unauthorized: CallFailure(.unauthorized, message: "who are you", httpStatus: 401)
            case .unavailable:
                CallFailure(.unavailable, isOutcomeUnknown: true, message: "busy", httpStatus: 503)
            }
        }
    }

    /// Whether and when the workbench acts on a call.
    enum Effect: Sendable {
        case none
        case atOnce
        case late
    }

    /// Chance of a fault for each call.
    var chance = 0.0
    /// Those that occur.
    var kinds: [Fault] = Fault.allCases
    /// After this time nothing goes wrong any more.
    var until = MonotonicTime(nanoseconds: 3_600_000_000_000)
    /// From when to when the workbench is down altogether.
    var outages: [Range<MonotonicTime>] = []
    /// Chance that a commit takes longer than an intent is valid.
    var slowCommits = 0.0
    /// Chance that a call is sent only seconds after it was decided.
    var slowSends = 0.0

    /// What happens to the next call.
    func next(now: MonotonicTime, using random: inout SeededGenerator) -> Fault? {
        if self.outages.contains(where: { $0.contains(now) }) {
            return [.refused, .unavailable, .droppedBefore].randomElement(using: &random)
        }
        guard now < self.until, Double.random(in: 0..<1, using: &random) < self.chance else { return nil }
        return self.kinds.randomElement(using: &random)
    }
}
