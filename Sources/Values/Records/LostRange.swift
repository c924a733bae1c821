// SPDX-License-Identifier: Apache-2.0

/// Offsets of a partition in a row that nobody can read.
package struct LostRange: Hashable, Sendable {
    /// The first of them.
    package var first: Offset
    /// The offset after the last of them.
    package var next: Offset
    /// What is wrong with what lies there, as the client says; nothing of its content.
    package var reason: String

    /// Creates a range.
    package init(first: Offset, next: Offset, reason: String) {
        self.first = first
        self.next = next
        self.reason = reason
    }

    /// How many offsets; of some there may never have been a record.
    package var count: Int64 { max(0, self.next.rawValue - self.first.rawValue) }
}
