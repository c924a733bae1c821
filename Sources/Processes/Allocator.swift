// SPDX-License-Identifier: Apache-2.0

import CMalloc

/// The allocator of this process, which is glibc's.
package enum Allocator {
    /// Makes it give back what it no longer needs, for a program that runs for weeks and works in bursts.
    ///
    /// Left to itself glibc makes eight arenas a core, none of which gives to another what it has free, and keeps for later
    /// whatever large buffer was ever freed. Ten thousand waiting rollouts then take a quarter more memory. Two arenas,
    /// and buffers from 64 KiB on straight from the kernel, cost nothing that could be measured. What the environment says
    /// (`MALLOC_ARENA_MAX` and the like) is overridden; to be called before threads are many.
    package static func limitRetainedMemory() {
        // The answers say only whether the numbers are allowed, which they are.
        _ = mallopt(M_ARENA_MAX, 2)
        _ = mallopt(M_MMAP_THRESHOLD, 64 * 1_024)
        _ = mallopt(M_TRIM_THRESHOLD, 128 * 1_024)
    }
}
