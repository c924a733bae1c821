// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import TestSupport
import Testing
import Values

/// What `JournalPort` promises, of the modelled and of the genuine one.
@Suite("The journal's port", .timeLimit(.minutes(2)))
struct JournalPortTests {
    private let lease = Lease(.inbox(0), epoch: 1)
    private let neighbour = Lease(.inbox(1), epoch: 2)

    @Test("a restore tells all that was committed, and where the inbox stands", arguments: Implementation.all)
    func restores(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            let member = try await bench.join()
            let (_, membership) = try await member.assigned(3)
            let empty = try await member.restore(self.lease)
            #expect(empty.recordCount == 0)
            #expect(empty.start == nil)
            #expect(empty.location == .uncommitted(ends: Watermarks(low: 0, high: 0), atTime: nil))
            let start = StartRecord(partitionCount: 2, group: "g", workbench: "w", topics: ["e": .beginning])
            var transaction = Crafted.steps([1, 2], self.lease, next: 3, membership)
            transaction.entries.insert(TransactionEntry(.start(start), writer: self.lease), at: 0)
            #expect(try await member.commit(transaction) == .committed(records: 3))
            let facts = try await member.restore(self.lease)
            #expect(facts.rollouts == [1, 2])
            #expect(facts.recordCount == 3)
            #expect(facts.start == start)
            #expect(facts.location == .committed(3))
            #expect(try await member.restore(self.neighbour).recordCount == 0)
            member.order(.readTopicStarts)
            let starts = try await member.first { input in
                if case .journal(.topicStarts(.success(let starts))) = input { starts } else { nil }
            }
            #expect(starts == ["e": .beginning])
        }
    }

    /// A transactional id of its own: tests share one broker, and who takes another's id over ends its transaction.
    private static func stranger() -> String { KafkaFixture.uniqueName("stranger") }

    @Test("a restore waits for a transaction that is open (rule 4)", arguments: Implementation.all)
    func waitsForOpenTransactions(implementation: Implementation) async throws {
        try await implementation.bench { try await Self.expectRestoreToTheEnd($0) }
    }

    /// Rule 4: what was committed behind an open transaction is in the restore, and what that one commits, too.
    static func expectRestoreToTheEnd(_ bench: any KafkaBench) async throws {
        let (lease, neighbour) = (Lease(.inbox(0), epoch: 1), Lease(.inbox(1), epoch: 2))
        let member = try await bench.join()
        let (_, membership) = try await member.assigned(3)
        let record = Crafted.record(1, 0, bench.topics)
        let isCommitted = try await bench.transact(Self.stranger(), [record], membership) { open in
            #expect(try await member.commit(Crafted.steps([2], lease, membership)) == .committed(records: 1))
            member.order(.restore(lease))
            #expect(try await member.restore(neighbour).recordCount == 0)
            try #require(!member.hasRestored(lease))
            try await open.letGo()
            #expect(try await member.restored(lease).rollouts == [1, 2])
        }
        #expect(isCommitted)
    }

    @Test("nothing is seen of a transaction that is aborted", arguments: Implementation.all)
    func hidesAborted(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            let member = try await bench.join()
            let (_, membership) = try await member.assigned(3)
            let stale = try #require(membership.olderGeneration)
            let outcome = try await member.commit(Crafted.steps([1], self.lease, stale))
            #expect(outcome.isMembershipLost)
            #expect(
                try await member.commit(Crafted.steps([2], self.lease, membership, id: 2)) == .committed(records: 1)
            )
            let facts = try await member.restore(self.lease)
            #expect(facts.rollouts == [2])
            #expect(facts.recordCount == 1)
        }
    }

    /// How somebody else's membership looks.
    enum Stranger: CaseIterable { case olderGeneration, unknownMember }

    @Test(
        "an offset of a stale member is refused, its records with it (rules 1 and 3)",
        arguments: Implementation.all,
        Stranger.allCases
    )
    func fences(implementation: Implementation, stranger: Stranger) async throws {
        try await implementation.bench { try await Self.expectFence($0, stranger) }
    }

    /// Rules 1 and 3: a refused transaction writes nothing, and goes through with the membership of now.
    static func expectFence(_ bench: any KafkaBench, _ stranger: Stranger) async throws {
        let lease = Lease(.inbox(0), epoch: 1)
        let member = try await bench.join()
        let (_, membership) = try await member.assigned(3)
        let stale = stranger == .olderGeneration ? membership.olderGeneration : membership.unknownMember
        var transaction = Crafted.steps([1], lease, next: 4, try #require(stale))
        let refused = try await member.commit(transaction)
        #expect(refused.isMembershipLost)
        let facts = try await member.restore(lease)
        #expect(facts.recordCount == 0)
        #expect(facts.location.committed == nil)
        transaction.id = TransactionID(number: 2)
        transaction.membership = membership
        #expect(try await member.commit(transaction) == .committed(records: 1))
        #expect(try await member.location(lease) == .committed(4))
    }

    @Test("nothing lands after the partition has moved (rule 2)", arguments: Implementation.all)
    func writesBeforeOffsets(implementation: Implementation) async throws {
        try await implementation.bench(BenchSettings(hasDeadTopic: false)) { try await Self.expectOrder($0) }
    }

    /// Rule 2: a record that is stalled while the partition moves away takes the whole transaction with it.
    static func expectOrder(_ bench: any KafkaBench) async throws {
        let first = try await bench.join()
        let (_, membership) = try await first.assigned(3)
        let second = try await bench.join()
        let revoked = try await first.revoked()
        let inbox = try #require([ReadPartition.inbox(0), .inbox(1)].first { !revoked.partitions.contains($0) })
        let lease = Lease(revoked.partitions.first { $0.isInbox } ?? inbox, epoch: 1)
        var transaction = Crafted.steps([1], lease, revoked.membership ?? membership)
        transaction.entries.append(Crafted.letter)
        first.order(.commit(transaction))
        // It is open when its first record is in the log; the letter waits for its topic.
        try await bench.waitForRecord(in: bench.topics.journal, lease.partition)
        first.order(.letGo(revoked.id))
        let (_, newer) = try await second.assigned(1)
        #expect(newer.generation > (revoked.membership ?? membership).generation)
        try await bench.makeDeadTopic()
        #expect(try await first.outcome(of: transaction.id).isMembershipLost)
        #expect(try await second.restore(lease).recordCount == 0)
    }

    @Test("a new producer of the same id ends what the one before has left open", arguments: Implementation.all)
    func takesOver(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            let member = try await bench.join()
            let (_, membership) = try await member.assigned(3)
            let record = Crafted.record(1, 0, bench.topics)
            let isCommitted = try await bench.transact(member.transactionalID, [record], membership) { _ in
                // Whoever has the id is not this process any more.
                let outcome = try await member.commit(Crafted.steps([2], self.lease, membership))
                #expect(outcome.isFatal)
                member.order(.rebuildProducer)
                try await member.first { if case .journal(.producerReady) = $0 { () } else { nil } }
                let facts = try await member.restore(self.lease)
                #expect(facts.recordCount == 0)
                let again = Crafted.steps([3], self.lease, membership, id: 2)
                #expect(try await member.commit(again) == .committed(records: 1))
            }
            #expect(!isCommitted)
            #expect(try await member.restore(self.lease).rollouts == [3])
        }
    }

    @Test("a restore that is given up tells nothing", arguments: Implementation.all)
    func abandons(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            let member = try await bench.join()
            let (_, membership) = try await member.assigned(3)
            _ = try await bench.transact(Self.stranger(), [Crafted.record(1, 0, bench.topics)], membership) { open in
                member.order(.restore(self.lease))
                member.order(.abandon(self.lease))
                let newer = Lease(.inbox(0), epoch: 9)
                member.order(.restore(newer))
                try await open.letGo()
                #expect(try await member.restored(newer).rollouts == [1])
                #expect(!member.hasRestored(self.lease))
            }
        }
    }

    @Test("records that topics don't take are named, and nothing is written", arguments: Implementation.all)
    func namesBadRecords(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            let member = try await bench.join()
            let (_, membership) = try await member.assigned(3)
            var transaction = Crafted.steps([1], self.lease, membership)
            transaction.offsets[self.neighbour] = 0
            transaction.entries.append(Crafted.step(2, self.neighbour, bytes: 2 * BenchSettings.topicRecordBytes))
            guard case .refused(let entries) = try await member.commit(transaction) else {
                Issue.record("not refused")
                return
            }
            #expect(entries.mapValues(\.kind) == [1: .tooLarge])
            transaction.id = TransactionID(number: 2)
            transaction.entries[1] = Crafted.step(2, self.neighbour, bytes: 2 * BenchSettings.knownRecordBytes)
            #expect(try await member.commit(transaction) == .oversized([1]))
            transaction.id = TransactionID(number: 3)
            transaction.entries.removeLast()
            #expect(try await member.commit(transaction) == .committed(records: 1))
            #expect(try await member.restore(self.lease).recordCount == 1)
            #expect(try await member.restore(self.neighbour).recordCount == 0)
        }
    }

    @Test("a commit that is never answered is of unknown outcome", arguments: [Implementation.modelled, .mock])
    func admitsUnknown(implementation: Implementation) async throws {
        try await implementation.bench(BenchSettings(transactionTimeout: .seconds(2))) { bench in
            let member = try await bench.join()
            let (_, membership) = try await member.assigned(3)
            try await bench.loseNextCommit(of: member)
            guard case .unknown = try await member.commit(Crafted.steps([1], self.lease, membership)) else {
                Issue.record("not unknown")
                return
            }
        }
    }

    @Test("what brokers can't do now is aborted, and goes through later", arguments: [Implementation.modelled, .mock])
    func aborts(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            let member = try await bench.join()
            let (_, membership) = try await member.assigned(3)
            try await bench.refuseNextTransaction(of: member)
            guard case .aborted = try await member.commit(Crafted.steps([1], self.lease, membership)) else {
                Issue.record("not aborted")
                return
            }
            let again = Crafted.steps([1], self.lease, membership, id: 2)
            #expect(try await member.commit(again) == .committed(records: 1))
        }
    }
}

extension Member {
    /// Whether it was told what a journal partition says.
    fileprivate func hasRestored(_ lease: Lease) -> Bool {
        self.heard.contains { if case .journal(.restored(lease, _)) = $0 { true } else { false } }
    }
}

extension CommitOutcome {
    fileprivate var isMembershipLost: Bool { if case .membershipLost = self { true } else { false } }
    fileprivate var isFatal: Bool { if case .fatal = self { true } else { false } }
}

extension GroupMembership {
    /// The membership of an earlier generation.
    fileprivate var olderGeneration: GroupMembership? {
        GroupMembership(groupID: self.groupID, generation: self.generation - 1, memberID: self.memberID)
    }

    /// The membership of a member that the group does not know.
    fileprivate var unknownMember: GroupMembership? {
        GroupMembership(groupID: self.groupID, generation: self.generation, memberID: "member-99")
    }
}
