// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Values

/// What the suites on a genuine broker share.
enum BrokerFixture {
    static let isAbsent: Comment = "KAFKA_BOOTSTRAP names no genuine broker"
    static var isPresent: Bool { KafkaFixture.genuineBootstrap != nil }

    /// Makes an initialised producer.
    static func producer(
        _ properties: KafkaProperties,
        _ transactionalID: String,
        timeout: Duration = .seconds(10)
    ) async throws -> TransactionalProducer {
        var settings = TransactionSettings(transactionalID: transactionalID)
        settings.transactionTimeout = timeout
        let producer = try TransactionalProducer(properties: properties, settings: settings)
        try await producer.initTransactions(timeout: .seconds(30))
        return producer
    }

    /// Makes a consumer that has joined its group.
    static func consumer(
        _ properties: KafkaProperties,
        group: String,
        topic: String,
        revocationTimeout: Duration = .seconds(20)
    ) async throws -> Consumer {
        var settings = ConsumerSettings(groupID: group)
        settings.sessionTimeout = .seconds(10)
        settings.revocationTimeout = revocationTimeout
        let consumer = try Consumer(properties: properties, settings: settings)
        try await consumer.subscribe([topic])
        return consumer
    }

    static func record(_ topic: String, _ partition: Partition, _ value: String) -> ProducerRecord {
        ProducerRecord(
            topic: topic,
            partition: partition,
            key: Array("k".utf8),
            value: Array(value.utf8),
            headers: [RecordHeader("n", value)]
        )
    }
}
