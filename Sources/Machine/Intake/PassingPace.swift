// SPDX-License-Identifier: Apache-2.0

import Values

/// How many events of a topic or route are passed on to other owners in a second at most.
///
/// Their owners tell when they have no room, and that takes a moment: this bounds what comes there meanwhile.
struct PassingPace: Sendable {
    private static let window = Span.seconds(1)

    private var began: MonotonicTime = .zero
    private var counts: [String: Int] = [:]

    /// A tenth of what may be under way, and one at least.
    static func limit(of share: Int) -> Int { max(1, share / 10) }

    /// Whether one more may be passed on now.
    mutating func allows(_ name: String, limit: Int, now: MonotonicTime) -> Bool {
        if self.began + Self.window <= now { (self.began, self.counts) = (now, [:]) }
        return self.counts[name, default: 0] < limit
    }

    /// One was passed on.
    mutating func passed(_ name: String) { self.counts[name, default: 0] += 1 }

    /// When more may be passed on.
    var ends: MonotonicTime { self.began + Self.window }
}
