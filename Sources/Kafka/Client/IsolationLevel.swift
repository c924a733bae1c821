// SPDX-License-Identifier: Apache-2.0

/// Which records a reader sees.
package enum IsolationLevel: String, Hashable, Sendable, CaseIterable {
    /// Only those of committed transactions and of none; stops before an open transaction.
    case committed = "read_committed"
    /// All, aborted and unfinished ones included.
    case uncommitted = "read_uncommitted"
}
