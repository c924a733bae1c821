// SPDX-License-Identifier: Apache-2.0

import Values

extension Duration {
    /// Whole milliseconds for a C call, rounded up so that a short wait does not become none; at most what `Int32` holds.
    var callMilliseconds: Int32 { Int32(clamping: self.waitMilliseconds) }
}

extension ContinuousClock.Instant {
    /// What is left until this instant, for a C call; 0 when it has passed.
    var remainingMilliseconds: Int32 { (self - .now).callMilliseconds }
}
