// SPDX-License-Identifier: Apache-2.0

import Glibc
import Kafka
import Testing
import Values

/// The same by the hundred, which takes a second each.
@Suite(
    "Rule 19 on a genuine broker behind a proxy, many times",
    .enabled(if: ProxiedBroker.script != nil, ProxiedBroker.isAbsent),
    .enabled(if: LateRequests.tries > 0, "LATE_TRIES names no number of tries"),
    .timeLimit(.minutes(60))
)
struct LateRequestTriesTests {
    /// Late commits, aborts and offsets in turn: no record without its offsets, none lost, none twice.
    @Test func inTurn() async throws {
        try await LateRequests.withMember { broker, partition, member, membership in
            let stale = try #require(GroupMembership(groupID: membership.groupID, generation: 0, memberID: "nobody"))
            var expected: [String] = []
            var producer = try await BrokerFixture.producer(broker.properties, "many")
            for number in 0..<LateRequests.tries {
                let isAbort = number % 3 == 1
                let isOffsets = number % 3 == 2
                broker.proxy.hold(
                    isOffsets ? WireProxy.API.commitTransactionOffsets : WireProxy.API.endTransaction,
                    deliverBefore: isOffsets
                        ? WireProxy.API.endTransaction : WireProxy.API.addOffsetsToTransaction,
                    skipping: isOffsets ? 1 : 0
                )
                let offset = Int64(2 * number)
                let first = LateRequests.batch("\(number)a", partition, isAbort ? stale : membership, offset: offset)
                if await producer.transact(first) == .committed { expected.append("\(number)a") }
                producer = try await LateRequests.replaced(producer, broker, "many")
                // After a late commit the next one is fenced by its offsets: of it nothing may be read.
                let fenced = number % 3 == 0
                let second = LateRequests.batch(
                    "\(number)b",
                    partition,
                    fenced ? stale : membership,
                    offset: offset + 1
                )
                if await producer.transact(second) == .committed { expected.append("\(number)b") }
                producer = try await LateRequests.replaced(producer, broker, "many")
                if isOffsets {
                    let committed = try await LateRequests.offset(broker.properties, membership.groupID, partition)
                    #expect(committed == Offset(rawValue: offset + 1), "try \(number)")
                }
            }
            await producer.close()
            await member.close()
            #expect(try await LateRequests.committed(broker.properties, partition) == expected)
            #expect(expected.count == LateRequests.tries / 3 * 4 + [0, 1, 2][LateRequests.tries % 3])
            #expect(broker.proxy.delivered == LateRequests.tries)
        }
    }
}
