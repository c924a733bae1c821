// SPDX-License-Identifier: Apache-2.0

import Kafka
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
            let all = half.holdings.partitions
            await half.parts.consumer.close()
            for partition in all {
                half.parts.journal.append([try half.step(UInt64(partition.rawValue) + 1, partition)])
            }
            try await half.log.first("transaction refused: the group has moved on")

            // The group gives the partitions to somebody else; then the worker is back in, with what is left for it.
            let other = try await half.otherMember()
            var probe = KafkaProbe(other)
            #expect(try await probe.assignment().count == all.count)
            let rejoined = try await half.otherMember()
            var own = KafkaProbe(rejoined)
            let hold = try await probe.next { if case .revoked(_, let hold) = $0 { hold } else { nil } }
            hold.release()
            let kept = try await own.assignment()
            let membership = try #require(own.membership)
            #expect(!kept.isEmpty && kept.count < all.count)
            try await half.events.handle(.lost(all.map { TopicPartition(half.bed.topics.events, $0) }))
            try await half.events.handle(.assigned(kept, membership: membership))
            half.hold()
            let keptNumbers = kept.map(\.partition)
            for partition in keptNumbers {
                half.parts.journal.append([try half.step(UInt64(partition.rawValue) + 101, partition)])
            }
            await half.settled()
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
            var revocation: (partitions: [TopicPartition], hold: RevocationHold)?
            var membership: GroupMembership?
            while revocation == nil, let event = await half.parts.consumer.next() {
                switch event {
                case .revoked(let partitions, let hold): revocation = (partitions, hold)
                case .membershipChanged(let new): membership = new
                case .records, .assigned, .lost, .offsetOutOfRange, .error: break
                }
            }
            let (revoked, hold) = try #require(revocation)
            let gone = try #require(revoked.first)
            let goneNumber = gone.partition
            let stays = try #require(half.holdings.partitions.first { $0 != goneNumber })
            // A past generation: the batch is refused, and held.
            var taken = try half.step(2, goneNumber)
            taken.next = Offset(rawValue: 7)
            let batch = [try half.step(1, stays), taken, try half.step(3, stays)]
            half.parts.journal.append(batch)
            half.parts.journal.append([try half.step(4, stays)])
            try await half.log.first("transaction refused: the group has moved on")
            // It hears first that the partition goes, then what it is now.
            try await half.events.handle(.revoked(revoked, hold: hold))
            try await half.events.handle(.membershipChanged(try #require(membership)))
            half.parts.journal.append([try half.step(5, stays)])
            // Giving the partition up makes one more generation, which it must hear of before it may write.
            try await half.settledWhileHearing()
            #expect(try await half.journalled(stays) == [1, 3, 4, 5])
            #expect(try await half.journalled(goneNumber) == [])
            let committed = try await half.bed.committedOffsets()
            #expect(committed[gone] == nil, "an offset was committed for a partition that had gone")
            await other.close()
        }
    }
}
