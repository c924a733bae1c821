// SPDX-License-Identifier: Apache-2.0

package import Values

/// What a group has committed for a partition.
package struct CommittedOffset: Hashable, Sendable {
    /// The next offset to read.
    package let offset: Offset
    /// What its committer wrote beside it; empty where it wrote nothing.
    package let note: String

    /// Creates one.
    package init(offset: Offset, note: String) {
        self.offset = offset
        self.note = note
    }
}
