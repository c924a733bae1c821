// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// Rule 3: what a refused transaction held is written again only for partitions that are still held, in the old order;
/// nobody but the rebalance decides which those are.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct Rule03MembershipTests {
    @Test func aWorkerThatRejoinsWithoutAPartitionAppendsNothingToIt() async throws {
        try await WritingHalf.with { half in
            try await half.takeAll()
            let all = half.held
            await half.leave()
            for partition in all { try half.decide(UInt64(partition.rawValue) + 1, partition) }
            await half.write()
            #expect(half.fencedCount == 1)

            // The group gives the partitions to somebody else; then the worker is back in, with what is left for it.
            let other = try await half.otherMember()
            var probe = KafkaProbe(other)
            #expect(try await probe.assignment().count == all.count)
            let rejoined = try await half.otherMember()
            var own = KafkaProbe(rejoined)
            let revocation = try await probe.next { if case .revoked(_, let number) = $0 { number } else { nil } }
            other.letGo(revocation)
            let kept = try await own.assignment()
            let membership = try #require(own.membership)
            #expect(!kept.isEmpty && kept.count < all.count)
            half.hear(.lost(all.map { TopicPartition(half.bed.topics.inbox, $0) }))
            half.hear(.assigned(kept, membership: membership))
            let keptNumbers = kept.map(\.partition)
            for partition in keptNumbers { try half.decide(UInt64(partition.rawValue) + 101, partition) }
            await half.write()
            for partition in all {
                let expected = keptNumbers.contains(partition) ? [UInt64(partition.rawValue) + 101] : []
                #expect(try await half.journalled(partition) == expected, "partition \(partition)")
            }
            await rejoined.close()
            await other.close()
        }
    }

    @Test func aHeldBatchGoesOnInOrderWithoutWhatWasTakenAway() async throws {
        try await WritingHalf.with { half in
            try await half.takeAll()
            let other = try await half.otherMember()
            var (revoked, number): ([TopicPartition], UInt64) = ([], 0)
            var changes: [ConsumerEvent] = []
            while revoked.isEmpty, let event = await half.next() {
                if case .revoked(let partitions, let revocation) = event {
                    (revoked, number) = (partitions, revocation)
                }
                changes.append(event)
            }
            let gone = try #require(revoked.first?.partition)
            let stays = try #require(half.held.first { $0 != gone })
            // A past generation: the batch is refused, and held.
            try half.decide(1, stays)
            try half.decide(2, gone, next: Offset(rawValue: 7))
            try half.decide(3, stays)
            try half.decide(4, stays)
            await half.write()
            #expect(half.fencedCount == 1)
            // It hears that the partition goes, and lets it go; what it is now, it hears afterwards.
            for change in changes { if case .revoked = change { half.hear(change) } }
            half.letGo(number)
            try await half.hear { if case .membershipChanged = $0 { true } else { false } }
            try half.decide(5, stays)
            await half.write()
            #expect(try await half.journalled(stays) == [1, 3, 4, 5])
            #expect(try await half.journalled(gone) == [])
            let committed = try await half.bed.committedOffsets(of: half.bed.topics.inbox)
            #expect(
                committed[TopicPartition(half.bed.topics.inbox, gone)] == nil,
                "an offset was committed for a partition that had gone"
            )
            await other.close()
        }
    }
}
