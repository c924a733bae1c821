// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Whole milliseconds for a C call, rounded up so that a short wait does not become none; at most what `Int32` holds.
    var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = self.components
        let (milliseconds, isOverflow) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !isOverflow else { return seconds < 0 ? 0 : .max }
        let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, milliseconds + part))
    }
}

extension ContinuousClock.Instant {
    /// What is left until this instant, for a C call; 0 when it has passed.
    var remainingMilliseconds: Int32 { (self - .now).wholeMilliseconds }
}
