// SPDX-License-Identifier: Apache-2.0

import Notation
import Values

/// A place in a topic by time, as a command line says it.
enum TimePoint: Sendable, Equatable {
    /// The oldest record that is kept.
    case beginning
    /// What comes from now on.
    case now
    /// The first record of this time or later.
    case at(Timestamp)

    /// What is allowed, for error messages.
    static let expectation =
        "beginning, now, a time such as 2026-02-03T04:05:06Z or 2026-02-03 (its midnight in UTC), or how long ago (15m)"

    /// Reads `beginning`, `now`, an RFC 3339 time, a date (its midnight in UTC), or a duration before now.
    ///
    /// - Parameters:
    ///   - text: As written; a duration may have a minus sign.
    ///   - now: The time that durations count back from.
    init?(_ text: String, now: Timestamp) {
        switch text {
        case "beginning": self = .beginning
        case "now": self = .now
        default:
            if let duration = Duration(notation: text.hasPrefix("-") ? text.dropFirst() : text[...]) {
                self = .at(now.advanced(by: .zero - duration))
            } else if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z") {
                self = .at(time)
            } else {
                return nil
            }
        }
    }
}
