// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Blocks the calling thread of our own for a while; never called on the cooperative pool.
func rest(_ duration: Duration) {
    guard duration > .zero else { return }
    let (seconds, attoseconds) = duration.components
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    nanosleep(&time, nil)
}
