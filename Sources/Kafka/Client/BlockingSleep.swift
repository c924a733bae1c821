// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Blocks the calling thread of our own for a while; never called on the cooperative pool.
func blockingSleep(_ duration: Duration) {
    guard duration > .zero else { return }
    let (seconds, nanoseconds) = duration.wholeNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
    nanosleep(&time, nil)
}
