// SPDX-License-Identifier: Apache-2.0

/// How many events may be sent when.
///
/// Pure. An event is due at its number divided by the rate; whoever was late catches up, so that the mean holds.
struct EmitPace: Sendable, Equatable {
    /// Most events in one portion.
    static let largestPortion = 1_000

    /// Events a second; `nil` for as fast as it goes.
    let rate: Double?

    /// Returns how many may go now.
    ///
    /// - Parameters:
    ///   - sent: Events so far.
    ///   - elapsed: Time since the first was due.
    /// - Returns: A number in `0...largestPortion`.
    func portion(sent: Int, elapsed: Duration) -> Int {
        guard let rate = self.rate else { return EmitPace.largestPortion }
        let due = min(elapsed / .seconds(1) * rate, 1e15).rounded(.down)
        return min(EmitPace.largestPortion, max(0, Int(due) + 1 - sent))
    }

    /// Returns when, after the first was due, the next event is due.
    func due(afterSending sent: Int) -> Duration {
        guard let rate = self.rate else { return .zero }
        return .seconds(Double(sent) / rate)
    }
}
