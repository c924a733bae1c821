// SPDX-License-Identifier: Apache-2.0

import CMalloc

/// The allocator of this process, which is glibc's.
package enum Allocator {
    /// Makes it give back what it no longer needs, for a program that runs for weeks and works in bursts.
    ///
    /// Left to itself glibc makes eight arenas a core, none of which gives to another what it has free, and keeps for later
    /// whatever large buffer was ever freed. Ten thousand waiting rollouts then take a quarter more memory. Two arenas,
    /// and buffers from 2 MiB on straight from the kernel, cost nothing that could be measured; smaller ones are kept until
    /// `HeapTrimmer` gives them back, since librdkafka makes one of a MiB for each answer that it reads, and one more to
    /// unpack it: straight from the kernel their pages were a sixth of a restore's time. For the same buffers' sake what is
    /// free at a heap's end stays up to 16 MiB: given back at once, it was cleared and mapped anew for each answer, a tenth of
    /// a backlog's time. What the environment says (`MALLOC_ARENA_MAX` and the like) is overridden; to be called before
    /// threads are many.
    package static func limitRetainedMemory() {
        // The answers say only whether the numbers are allowed, which they are.
        _ = mallopt(M_ARENA_MAX, 2)
        _ = mallopt(M_MMAP_THRESHOLD, 2_048 * 1_024)
        _ = mallopt(M_TRIM_THRESHOLD, 16 * 1_024 * 1_024)
    }
}
