// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Values

/// A coordinator may book a transaction as complete whose markers were never written.
///
/// Seen with Kafka 4.3.1 where a broker dies right after a commit: its coordinator comes back before the broker knows the
/// topics, and takes them for deleted. Not each time, so that here a proxy answers for the markers.
@Suite(
    "Markers that a coordinator forgets",
    .enabled(if: ProxiedBroker.script != nil, ProxiedBroker.isAbsent),
    .serialized,
    .timeLimit(.minutes(3))
)
struct ForgottenMarkersTests {
    @Test func theNextProducerOfTheSameIDEndsWhatTheyLeaveOpen() async throws {
        try await LateRequests.withMember(partitions: 2) { broker, partition, member, membership in
            let producer = try await BrokerFixture.producer(broker.properties, "forgotten")
            broker.proxy.forgetMarkers(true)
            let batch = LateRequests.batch("first", partition, membership, offset: 7)
            #expect(await producer.transact(batch) == .committed)
            await producer.close()
            await member.close()

            // Taking the transactional id over waits for the markers.
            let next = try await BrokerFixture.producer(broker.properties, "forgotten")
            broker.proxy.forgetMarkers(false)
            let reader = try PartitionReader(properties: broker.properties)
            let open = try await reader.endOffset(partition, isolation: .committed)
            #expect(open == Offset(rawValue: 0), "what this test is about")

            let elsewhere = TopicPartition(topic: partition.topic, partition: Partition(rawValue: 1))
            let barriers = [Barrier.record(for: partition)]
            try await next.settle(barriers, offsetOf: elsewhere, group: membership.groupID, timeout: .seconds(30))
            #expect(try await LateRequests.committed(broker.properties, partition).first == "first")
            #expect(try await LateRequests.offset(broker.properties, membership.groupID, partition) == 7)
            await reader.close()
            await next.close()
        }
    }
}
