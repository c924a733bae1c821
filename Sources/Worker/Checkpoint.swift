// SPDX-License-Identifier: Apache-2.0

/// A boundary between two steps of the worker's work, at which a test can freeze or end the process.
package enum Checkpoint: String, Sendable, CaseIterable {
    /// A transaction that holds the intent of a creating call is about to begin.
    case beforeIntent
    /// A transaction that holds the intent of a creating call is committed; the call is not made yet.
    case afterIntent
    /// The last check before a creating call has passed; its request is about to be sent.
    case beforeCall
    /// A creating call was answered, or its failure seen; nobody has been told yet.
    case afterCall
    /// A transaction that holds the outcome of a step is about to begin.
    case beforeJournal
    /// A transaction that holds the outcome of a step is committed; nobody has been told yet.
    case afterJournal
    /// The group has accepted a transaction's offsets; its commit is about to be sent.
    case beforeCommit
}
