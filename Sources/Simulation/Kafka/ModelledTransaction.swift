// SPDX-License-Identifier: Apache-2.0

import Values

/// What proves to the modelled brokers which producer speaks.
package struct ProducerIdentity: Hashable, Sendable {
    /// The transactional id.
    package let id: String
    /// The producer id.
    package let number: Int
    /// Which of those that have had the transactional id.
    package var epoch: Int
}

/// A transactional id as its coordinator knows it.
struct ModelledProducer: Sendable {
    var identity: ProducerIdentity
    var timeout: Span
    /// The transaction that is open.
    var open: Int?
    /// How the one before ended.
    var lastOutcome: ModelledTransaction.Outcome?
}

/// One transaction, from its first request to its end.
struct ModelledTransaction: Sendable {
    enum Outcome: Sendable {
        case open, committed, aborted
    }

    struct Offsets: Sendable {
        var group: Int
        var offsets: [(log: LogID, offset: Int64)]
    }

    let producer: String
    let began: MonotonicTime
    var outcome = Outcome.open
    /// Partitions that it has written to, in the order of their first records.
    private(set) var logs: [LogID] = []
    var offsets: [Offsets] = []

    init(producer: String, began: MonotonicTime) {
        self.producer = producer
        self.began = began
    }

    mutating func touch(_ log: LogID) {
        if !self.logs.contains(log) { self.logs.append(log) }
    }
}
