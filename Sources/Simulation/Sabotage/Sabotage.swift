// SPDX-License-Identifier: Apache-2.0

/// A guarantee of a port that is taken away, to show that the simulation sees it.
package enum Sabotage: String, Sendable, CaseIterable {
    /// Rule 1: transactions carry no offsets, so that nobody checks whose partitions they write.
    case unfenced
    /// Rule 2: offsets are sent before the records are written.
    case earlyOffsets = "early-offsets"
    /// Rule 3: what was fenced is said to be aborted for no reason of the group's, and is sent again by another membership.
    case staleMembership = "stale-membership"
    /// Rule 4: a journal is read to what is stable now, not to its end.
    case shortRestore = "short-restore"
    /// Rule 5: a request is sent however late it is.
    case lateStart = "late-start"
    /// Rule 6: looks find nothing, so that nothing is ever adopted.
    case noAdoption = "no-adoption"
    /// Rule 7: a commit of unknown outcome is said to be committed.
    case eagerCommit = "eager-commit"
    /// A restore finds an empty journal.
    case amnesia
    /// Rule 10: records that are too large are said to be a passing outage.
    case blamelessRecords = "blameless-records"
    /// Rule 19: a producer of which late copies are on their way goes on.
    case unsuspicious
}
