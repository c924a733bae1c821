// SPDX-License-Identifier: Apache-2.0

/// The two clocks at one moment: decisions use the first, what is written for people the second.
package struct Now: Sendable, Equatable {
    /// For deadlines and intervals.
    package var monotonic: MonotonicTime
    /// For records and status events.
    package var wall: Timestamp

    /// Creates a moment.
    package init(monotonic: MonotonicTime, wall: Timestamp) {
        self.monotonic = monotonic
        self.wall = wall
    }
}
