// SPDX-License-Identifier: Apache-2.0

/// How a transaction ended.
package enum TransactionOutcome: Hashable, Sendable {
    /// All of it is written.
    case committed
    /// Nothing of it is written, and the producer can go on.
    ///
    /// Where single records are to blame (too large, not allowed) they are named by their index in the batch.
    case aborted(KafkaError, failedRecords: [Int: KafkaError])
    /// Whether it is written is not known; the producer is unusable, make a new one.
    case unknown(KafkaError)
    /// The producer is unusable, make a new one; read what is written rather than assume.
    case fatal(KafkaError)
}
