// SPDX-License-Identifier: Apache-2.0

/// How much a log record matters; ordered from `trace` to `error`.
package enum LogLevel: String, Sendable, CaseIterable, Comparable {
    /// Every step; for following one rollout through the code.
    case trace
    /// What a developer needs to explain a decision.
    case debug
    /// Ordinary progress.
    case info
    /// Ordinary, but worth an operator's eye: assignment changed, outage over.
    case notice
    /// Something is wrong and is being dealt with.
    case warning
    /// Something is wrong and an operator has to act, or work was given up.
    case error

    private var rank: Int {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        }
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}
