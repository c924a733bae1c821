// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Values

/// Rule 2: all delivery reports are in before the offsets go out, so no record lands after the partition has moved.
@Suite(
    "Rule 2 on a genuine broker",
    .enabled(if: BrokerFixture.isPresent, BrokerFixture.isAbsent),
    .timeLimit(.minutes(2))
)
struct Rule02OrderTests {
    @Test func aRecordThatIsStalledUntilThePartitionHasMovedIsNotCommitted() async throws {
        try await KafkaFixture.withGenuineTopic(partitionCount: 1) { properties, topic in
            let group = KafkaFixture.uniqueName("group")
            let member = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            var probe = KafkaProbe(member)
            let partition = try #require(try await probe.assignment().first)
            let producer = try await BrokerFixture.producer(properties, group, timeout: .seconds(50))
            let batch = TransactionBatch(
                records: [BrokerFixture.record(topic, 0, "stale")],
                offsets: [partition: Offset(rawValue: 0)],
                membership: try #require(probe.membership)
            )
            let outcome = try await StalledTransaction.run(properties, producer, batch) { transaction in
                // The partition moves on while one record of the transaction has not landed yet.
                await member.close()
                let next = try await BrokerFixture.consumer(properties, group: group, topic: topic)
                var other = KafkaProbe(next)
                #expect(try await other.assignment() == [partition])
                try await transaction.letGo()
                await next.close()
            }
            guard case .aborted(let error, let failed) = outcome else {
                Issue.record("a record landed after its partition had moved: \(outcome)")
                return
            }
            #expect(error.isMembershipLost, "\(error)")
            #expect(failed.isEmpty)
            await producer.close()
        }
    }
}
