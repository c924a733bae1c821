// SPDX-License-Identifier: Apache-2.0

import JSON

/// When a fault rule hits the calls that it matches.
package struct FaultSchedule: Sendable, Equatable {
    /// Chance of each match that passed the other conditions; 0...1.
    package var probability = 1.0
    /// Hits each n-th match; 1: every one.
    package var every: Int64 = 1
    /// Hits at most that often; `nil`: no limit.
    package var count: Int64?
    /// Matches that pass untouched at first.
    package var after: Int64 = 0
    /// Begins to match that long after the rules were set.
    package var from = Duration.zero
    /// Matches no more from then on, counted alike; later than `from`; `nil`: for good.
    package var until: Duration?

    static let keys = ["probability", "every", "count", "after", "from", "until"]

    /// Hits every match.
    package init() {}

    /// Reads those members of a rule.
    init(_ rule: ControlObject) throws(ControlFailure) {
        self.probability = try rule.fraction("probability") ?? 1
        self.every = try rule.whole("every", 1...1_000_000_000) ?? 1
        self.count = try rule.whole("count", 0...1_000_000_000)
        self.after = try rule.whole("after", 0...1_000_000_000) ?? 0
        self.from = try rule.duration("from") ?? .zero
        self.until = try rule.duration("until")
        guard self.until ?? .seconds(Int64.max) > self.from else {
            throw rule.mismatch("until", "a time later than 'from'")
        }
    }

    /// Whether the rule is in force so long after the rules were set.
    func isOpen(after elapsed: Duration) -> Bool {
        elapsed >= self.from && (self.until.map { elapsed < $0 } ?? true)
    }

    /// Whether a match is one to hit, but for chance.
    ///
    /// - Parameters:
    ///   - matched: Matches so far, this one included.
    ///   - fired: Matches hit so far.
    /// - Returns: Whether the count comes out.
    func picks(matched: Int64, fired: Int64) -> Bool {
        fired < self.count ?? .max && matched > self.after && (matched - self.after) % self.every == 0
    }

    func writeFields(to writer: inout ProtoWriter) {
        writer.double("probability", self.probability)
        writer.count("every", Int(self.every))
        if let count = self.count { writer.count("count", Int(count)) }
        writer.count("after", Int(self.after))
        if self.from > .zero { writer.string("from", controlText(self.from)) }
        if let until = self.until { writer.string("until", controlText(until)) }
    }
}
