// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing

@Suite("Partition of a key", .timeLimit(.minutes(1)))
struct PartitioningTests {
    /// From the tests of Kafka's own Utils.
    @Test(arguments: [
        ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
    ])
    func murmur2MatchesPublishedVectors(text: String, expected: Int32) {
        #expect(Int32(bitPattern: Partitioning.murmur2(text.utf8)) == expected)
    }

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
