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
    package var waitMilliseconds: Int {
        guard self > .zero else { return 0 }
        return Int((self + Duration(secondsComponent: 0, attosecondsComponent: 999_999_999_999_999)).wholeMilliseconds)
    }

    /// Counts units of which a second has that many; a divisor of 10^18.
    private func whole(perSecond units: Int64) -> Int64 {
        let (seconds, attoseconds) = self.components
        let scaled = seconds.multipliedReportingOverflow(by: units)
        let sum = scaled.partialValue.addingReportingOverflow(attoseconds / (1_000_000_000_000_000_000 / units))
        guard !scaled.overflow, !sum.overflow else { return seconds < 0 ? .min : .max }
        return sum.partialValue
    }
}
