// SPDX-License-Identifier: Apache-2.0

/// How a transactional producer behaves beyond librdkafka's own properties.
package struct TransactionSettings: Hashable, Sendable {
    /// The `transactional.id`; a new producer of the same id fences this one.
    package var transactionalID: String
    /// The longest a transaction may take; default 10 s.
    ///
    /// Readers wait that long for one whose writer died.
    package var transactionTimeout = Duration.seconds(10)
    /// The pause before a request is sent again; default 5 ms, far less than librdkafka's.
    ///
    /// The coordinator is busy for some milliseconds after each commit and refuses the next transaction meanwhile.
    package var retryBackoff = Duration.milliseconds(5)
    /// How long `close` waits for records under way; default 2 s.
    package var closeTimeout = Duration.seconds(2)

    /// Creates settings with the defaults.
    package init(transactionalID: String) { self.transactionalID = transactionalID }

    var properties: [KafkaProperties.Property] {
        [
            .init("transactional.id", self.transactionalID),
            .init("transaction.timeout.ms", String(self.transactionTimeout.callMilliseconds)),
            .init("enable.idempotence", "true"),
        ]
    }

    /// What users may set otherwise.
    var defaults: [KafkaProperties.Property] {
        [
            .init("retry.backoff.ms", String(max(1, self.retryBackoff.callMilliseconds))),
            // Every transaction ends with a flush, which lingers for nothing; until then records gather, so that each partition
            // has one message set instead of one for the first record and another for the rest.
            .init("linger.ms", "100"),
            // States and statuses are JSON, much alike: a tenth of the bytes to write, keep and restore.
            .init("compression.type", "lz4"),
            .init("partitioner", "murmur2_random"),
        ]
    }
}
