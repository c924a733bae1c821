// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Values

@Suite("Partition of a key", .timeLimit(.minutes(1)))
struct PartitioningTests {
    @Test func librdkafkaChoosesTheSamePartition() async throws {
        try await KafkaFixture.withMock(topics: ["keys": 7]) { _, properties in
            let producer = try Producer(properties: properties)
            let keys = (0..<100).map { Array("model-\($0)-\(String(repeating: "x", count: $0 % 5))".utf8) }
            let reports = await producer.sendAll(keys.map { ProducerRecord(topic: "keys", key: $0, value: []) })
            for (key, report) in zip(keys, reports) {
                #expect(try report.get().partition == Partitioning.ownerPartition(forKey: key, count: 7))
            }
            await producer.close()
        }
    }
}
