// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Whole nanoseconds, cut towards zero and held inside 64 bits (292 years).
    package var wholeNanoseconds: Int64 { self.whole(perSecond: 1_000_000_000) }

    /// Whole microseconds, cut towards zero and held inside 64 bits.
    package var wholeMicroseconds: Int64 { self.whole(perSecond: 1_000_000) }

    /// Whole milliseconds, cut towards zero and held inside 64 bits.
    package var wholeMilliseconds: Int64 { self.whole(perSecond: 1000) }

    /// Whole milliseconds for a system call that waits: rounded up, so that a short wait does not become none, and never
    /// negative.
    package var waitMilliseconds: Int { Int(max(0, self.whole(perSecond: 1000, roundingUp: true))) }

    /// Counts units of which a second has that many; a divisor of 10^18.
    ///
    /// By components, not by adding a `Duration(secondsComponent:attosecondsComponent:)`: where the compiler (6.3) has looked
    /// that up first, it takes `timespec` for another module's than Glibc's, and optimised builds fail in `Timestamp`.
    private func whole(perSecond units: Int64, roundingUp: Bool = false) -> Int64 {
        let (seconds, attoseconds) = self.components
        let unit = 1_000_000_000_000_000_000 / units
        let part = (attoseconds + (roundingUp ? unit - 1 : 0)) / unit
        let (scaled, isScaledOver) = seconds.multipliedReportingOverflow(by: units)
        let (sum, isSumOver) = scaled.addingReportingOverflow(part)
        guard !isScaledOver, !isSumOver else { return seconds < 0 ? .min : .max }
        return sum
    }
}
