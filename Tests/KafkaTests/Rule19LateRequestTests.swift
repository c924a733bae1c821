// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Values

/// Rule 19: a request that librdkafka sends again by itself may reach the coordinator twice, the first copy late.
@Suite(
    "Rule 19 on a genuine broker behind a proxy",
    .enabled(if: ProxiedBroker.script != nil, ProxiedBroker.isAbsent),
    .serialized,
    .timeLimit(.minutes(3))
)
struct Rule19LateRequestTests {
    /// The late copy of one commit would commit the next transaction, which its offsets should have fenced.
    @Test func aLateCommitDoesNotCommitTheNextTransaction() async throws {
        try await LateRequests.withMember { broker, partition, member, membership in
            let producer = try await BrokerFixture.producer(broker.properties, "late-commit")
            broker.proxy.hold(WireProxy.API.endTransaction, deliverBefore: WireProxy.API.addOffsetsToTransaction)
            #expect(await producer.transact(LateRequests.batch("first", partition, membership)) == .committed)
            // Fenced: the member has left, so that nothing of it may ever be read.
            await member.close()
            let next = try await LateRequests.replaced(producer, broker, "late-commit")
            #expect(await next.transact(LateRequests.batch("second", partition, membership)) != .committed)
            await next.close()
            #expect(try await LateRequests.committed(broker.properties, partition) == ["first"])
            #expect(broker.proxy.delivered == 1)
        }
    }

    /// The late copy of one abort would drop the records of the next transaction, whose offsets and commit succeed.
    @Test func aLateAbortDoesNotDropTheNextTransaction() async throws {
        try await LateRequests.withMember { broker, partition, member, membership in
            let producer = try await BrokerFixture.producer(broker.properties, "late-abort")
            let stale = try #require(GroupMembership(groupID: membership.groupID, generation: 0, memberID: "nobody"))
            broker.proxy.hold(WireProxy.API.endTransaction, deliverBefore: WireProxy.API.addOffsetsToTransaction)
            #expect(await producer.transact(LateRequests.batch("first", partition, stale)) != .committed)
            let next = try await LateRequests.replaced(producer, broker, "late-abort")
            #expect(await next.transact(LateRequests.batch("second", partition, membership)) == .committed)
            await next.close()
            await member.close()
            #expect(try await LateRequests.committed(broker.properties, partition) == ["second"])
            #expect(broker.proxy.delivered == 1)
        }
    }

    /// The late copy of offsets would put the group back behind those of the next transaction.
    @Test func lateOffsetsDoNotPutTheGroupBack() async throws {
        try await LateRequests.withMember { broker, partition, member, membership in
            let producer = try await BrokerFixture.producer(broker.properties, "late-offsets")
            broker.proxy.hold(
                WireProxy.API.commitTransactionOffsets,
                deliverBefore: WireProxy.API.endTransaction,
                skipping: 1
            )
            #expect(
                await producer.transact(LateRequests.batch("first", partition, membership, offset: 3)) == .committed
            )
            let next = try await LateRequests.replaced(producer, broker, "late-offsets")
            #expect(await next.transact(LateRequests.batch("second", partition, membership, offset: 9)) == .committed)
            await next.close()
            #expect(try await LateRequests.offset(broker.properties, membership.groupID, partition) == 9)
            await member.close()
            #expect(broker.proxy.delivered == 1)
        }
    }

    /// The late copy of records of an aborted transaction would take the place of the next one's.
    ///
    /// Their sequence numbers are used again. librdkafka 2.0.2 itself raises the producer's epoch where records time out on their way, so that this holds
    /// without `ResponseWatch`, too.
    @Test func lateRecordsDoNotTakeThePlaceOfTheNextOnes() async throws {
        try await LateRequests.withMember { broker, partition, member, membership in
            let producer = try await BrokerFixture.producer(broker.properties, "late-records", timeout: .seconds(3))
            broker.proxy.swallow(WireProxy.API.produce)
            #expect(await producer.transact(LateRequests.batch("first", partition, membership)) != .committed)
            broker.proxy.deliverSwallowed(before: WireProxy.API.produce)
            let next = try await LateRequests.replaced(producer, broker, "late-records")
            #expect(await next.transact(LateRequests.batch("second", partition, membership)) == .committed)
            await next.close()
            await member.close()
            #expect(try await LateRequests.committed(broker.properties, partition) == ["second"])
            #expect(broker.proxy.delivered == 1)
        }
    }

    @Test func aProducerThatLostAnAnswerTakesNoFurtherTransaction() async throws {
        try await LateRequests.withMember { broker, partition, member, membership in
            let producer = try await BrokerFixture.producer(broker.properties, "suspect")
            #expect(await producer.transact(LateRequests.batch("first", partition, membership)) == .committed)
            #expect(!producer.isSuspect)
            broker.proxy.hold(WireProxy.API.endTransaction, deliverBefore: -1)
            #expect(await producer.transact(LateRequests.batch("second", partition, membership)) == .committed)
            #expect(producer.isSuspect)
            guard case .fatal = await producer.transact(LateRequests.batch("third", partition, membership)) else {
                Issue.record("a suspect producer went on")
                return
            }
            await producer.close()
            await member.close()
            #expect(try await LateRequests.committed(broker.properties, partition) == ["first", "second"])
        }
    }
}
