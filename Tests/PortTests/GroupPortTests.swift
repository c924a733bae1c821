// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import TestSupport
import Testing
import Values

/// What `GroupPort` promises, of the modelled and of the genuine one.
@Suite("The group's port", .timeLimit(.minutes(2)))
struct GroupPortTests {
    private let lease = Lease(.events, epoch: 1)

    @Test(
        "what is assigned is not read before an order says so, then in order from there",
        arguments: Implementation.all
    )
    func readsWhenTold(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.emit(["a", "b", "c"])
            let member = try await bench.join()
            let (partitions, membership) = try await member.assigned(3)
            #expect(partitions == [.inbox(0), .inbox(1), .events])
            #expect(membership.generation > 0)
            member.order(.read(self.lease, from: 1, isPaused: true))
            _ = try await member.location(self.lease)
            #expect(member.told(.events).isEmpty)
            member.order(.resume([self.lease]))
            let records = try await member.records(2, of: .events)
            #expect(records.map(\.value) == ["b", "c"])
            #expect(records.map(\.next) == [2, 3])
            #expect(records.allSatisfy { $0.lease == self.lease })
        }
    }

    @Test("a newer order to read begins at its own offset, under its own lease", arguments: Implementation.all)
    func seeks(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.emit(["a", "b", "c"])
            let member = try await bench.join()
            _ = try await member.assigned(3)
            member.order(.read(self.lease, from: 0, isPaused: false))
            #expect(try await member.records(3, of: .events).map(\.value) == ["a", "b", "c"])
            let newer = Lease(.events, epoch: 2)
            member.order(.read(newer, from: 1, isPaused: false))
            let again = try await member.records(2, of: .events)
            #expect(again.map(\.value) == ["b", "c"])
            #expect(again.allSatisfy { $0.lease == newer })
        }
    }

    @Test("nothing is told of what is paused, and after that nothing twice", arguments: Implementation.all)
    func pauses(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.emit(["a", "b"])
            let member = try await bench.join()
            _ = try await member.assigned(3)
            member.order(.read(self.lease, from: 0, isPaused: false))
            _ = try await member.records(2, of: .events)
            member.order(.pause([self.lease]))
            // Orders are taken one after the other: once the next one is seen to be performed, the pause is.
            let inbox = Lease(.inbox(0), epoch: 3)
            member.order(.read(inbox, from: 5, isPaused: false))
            try await member.outOfRange(.inbox(0), 5)
            try await bench.emit(["c", "d"])
            member.order(.askEnds([.events]))
            let progress = try await member.progress(.events)
            #expect(progress.end == 4)
            #expect(progress.delivered == 2)
            #expect(member.told(.events).count == 2)
            member.order(.resume([self.lease]))
            #expect(try await member.records(2, of: .events).map(\.value) == ["c", "d"])
            #expect(member.told(.events).map(\.value) == ["a", "b", "c", "d"])
        }
    }

    @Test("an end lies behind an open transaction, which reading does not pass", arguments: Implementation.all)
    func endsBehindOpenTransactions(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.emit(["a"])
            let member = try await bench.join()
            let (_, membership) = try await member.assigned(3)
            member.order(.read(self.lease, from: 0, isPaused: false))
            _ = try await member.records(1, of: .events)
            let record = ProducerRecord(topic: bench.topics.events[0], partition: 0, key: nil, value: Array("b".utf8))
            let id = KafkaFixture.uniqueName("stranger")
            let isCommitted = try await bench.transact(id, [record], membership) { open in
                try await bench.emit(["c"])
                member.order(.askEnds([.events]))
                let progress = try await member.progress(.events)
                #expect(progress.end == 3)
                #expect(progress.delivered == 1)
                #expect(progress.met ?? 1 == 1)
                try await open.letGo()
                #expect(try await member.records(2, of: .events).map(\.value) == ["b", "c"])
            }
            #expect(isCommitted)
        }
    }

    @Test("a position behind the end is told, and reading goes on at the oldest record", arguments: Implementation.all)
    func tellsOutOfRange(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.emit(["a"])
            let member = try await bench.join()
            _ = try await member.assigned(3)
            member.order(.read(self.lease, from: 7, isPaused: false))
            try await member.outOfRange(.events, 7)
            #expect(try await member.records(1, of: .events).map(\.value) == ["a"])
        }
    }

    @Test("a group without offsets is told where the partition begins and ends", arguments: Implementation.all)
    func locates(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.emit(["a", "b"])
            let member = try await bench.join()
            let (_, membership) = try await member.assigned(3)
            let ends = Watermarks(low: 0, high: 2)
            #expect(try await member.location(self.lease) == .uncommitted(ends: ends, atTime: nil))
            let fromTheStart = try await member.location(self.lease, time: .epoch)
            #expect(fromTheStart == .uncommitted(ends: ends, atTime: 0))
            let fromLater = try await member.location(self.lease, time: .latest)
            #expect(fromLater == .uncommitted(ends: ends, atTime: nil))
            let transaction = Crafted.positions([self.lease: 1], membership)
            #expect(try await member.commit(transaction) == .committed(records: 0))
            #expect(try await member.location(self.lease, time: .epoch) == .committed(1))
        }
    }

    @Test(
        "a revocation is held until it is let go, under a newer membership that counts",
        arguments: Implementation.all
    )
    func holdsRevocations(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            let first = try await bench.join()
            let (_, membership) = try await first.assigned(3)
            let second = try await bench.join()
            let revoked = try await first.revoked()
            #expect(revoked.partitions.count == 1)
            let newer = try #require(revoked.membership)
            #expect(newer.generation > membership.generation)
            let lease = Lease(try #require(revoked.partitions.first), epoch: 1)
            #expect(try await first.commit(Crafted.positions([lease: 0], newer)) == .committed(records: 0))
            #expect(!second.hasPartitions)
            first.order(.letGo(revoked.id))
            #expect(try await second.assigned(1).partitions == revoked.partitions)
            #expect(first.hasPartitions)
        }
    }

    @Test("a revocation that nobody lets go ends by itself, and that is told", arguments: Implementation.all)
    func boundsTheHold(implementation: Implementation) async throws {
        try await implementation.bench(BenchSettings(holdLimit: .seconds(2))) { bench in
            let first = try await bench.join()
            _ = try await first.assigned(3)
            let second = try await bench.join()
            let revoked = try await first.revoked()
            #expect(try await second.assigned(1).partitions == revoked.partitions)
            try await first.first { if case .group(.failed) = $0 { () } else { nil } }
        }
    }

    @Test("who has fallen out of its group loses what it held, and joins again", arguments: Implementation.all)
    func losesPartitions(implementation: Implementation) async throws {
        try await implementation.bench(BenchSettings(sessionTimeout: .seconds(6))) { bench in
            let first = try await bench.join()
            let (_, membership) = try await first.assigned(3)
            let second = try await bench.join()
            try await bench.expel(first, for: second)
            let lost = try await first.first { if case .group(.lost(let lost)) = $0 { lost } else { nil } }
            #expect(!lost.isEmpty)
            await second.leave()
            let (_, newer) = try await first.assigned(3)
            #expect(newer.memberID != membership.memberID)
            #expect(newer.generation > membership.generation)
        }
    }
}

extension Member {
    /// Whether it was told of partitions.
    fileprivate var hasPartitions: Bool {
        self.heard.contains { if case .group(.assigned) = $0 { true } else { false } }
    }

    fileprivate func outOfRange(_ partition: ReadPartition, _ offset: Offset) async throws {
        try await self.first { if case .group(.offsetOutOfRange(partition, offset)) = $0 { () } else { nil } }
    }

    fileprivate func progress(_ partition: ReadPartition) async throws -> ReadProgress {
        try await self.first { if case .group(.ends(let ends)) = $0 { ends[partition] } else { nil } }
    }
}
