// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

struct PartitionOwnershipTests {
    private let inbox = ReadPartition.inbox(Partition(rawValue: 0))
    private let events = ReadPartition(.events(0), Partition(rawValue: 3))
    private let world = StartRecord(partitionCount: 6, group: "slipway", workbench: "https://workbench")
    private let membership = GroupMembership(groupID: "slipway", generation: 1, memberID: "member-1")

    private func ownership(from start: TopicStart? = nil, horizon: Span? = nil) -> PartitionOwnership {
        PartitionOwnership(
            PartitionOwnership.Settings(
                world: self.world,
                eventTopics: ["events"],
                startFrom: start,
                horizon: horizon
            )
        )
    }

    private func now(_ seconds: Int64) -> Now {
        Now(
            monotonic: MonotonicTime(nanoseconds: seconds * 1_000_000_000),
            wall: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000 + seconds * 1_000)
        )
    }

    private func location(committed: Int64?, low: Int64 = 0, high: Int64 = 0, atTime: Int64? = nil) -> Location {
        Location(
            committed: committed.map { Offset(rawValue: $0) },
            ends: Watermarks(low: Offset(rawValue: low), high: Offset(rawValue: high)),
            atTime: atTime.map { Offset(rawValue: $0) }
        )
    }

    private func facts(_ location: Location, start: StartRecord? = nil, records: Int = 0) -> RestoreFacts {
        RestoreFacts(restored: Coordinator.Restored(), start: start, recordCount: records, location: location)
    }

    /// The one lease that an order is for.
    private func lease(_ orders: [PartitionOwnership.Order]) throws -> Lease {
        switch try #require(orders.first) {
        case .restore(let lease), .locate(let lease, _): return lease
        case .readTopicStarts: return try #require(nil)
        }
    }

    @Test func inboxPartitionIsHeldOnlyAfterItsJournalWasRead() throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.inbox], now: .zero))
        #expect(!ownership.accepts(lease))
        #expect(!ownership.isWritable(lease))
        guard
            case .begin(_, _, let position, let start) = ownership.restored(
                lease,
                .success(self.facts(self.location(committed: nil, low: 4, high: 9))),
                now: self.now(1)
            )
        else {
            Issue.record("the partition is not held")
            return
        }
        // Nothing was ever accepted: from the oldest record on, and the journal learns what it belongs to.
        #expect(position == Offset(rawValue: 4))
        #expect(start?.group == "slipway")
        #expect(start?.topics["events"] == .time(self.now(1).wall))
        #expect(ownership.accepts(lease))
        #expect(ownership.owner(of: self.inbox.partition) == lease)
        #expect(ownership.position(of: lease) == Offset(rawValue: 4))
    }

    @Test func journalThatKnowsItsWorldNeedsNoRecord() throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.inbox], now: .zero))
        var start = self.world
        start.topics["events"] = .beginning
        let facts = self.facts(self.location(committed: 7, low: 4, high: 9), start: start, records: 12)
        guard
            case .begin(_, _, let position, let missing) = ownership.restored(lease, .success(facts), now: self.now(1))
        else {
            Issue.record("the partition is not held")
            return
        }
        #expect(position == Offset(rawValue: 7))
        #expect(missing == nil)
    }

    @Test(arguments: [
        (StartRecord(partitionCount: 9, group: "slipway", workbench: "https://workbench"), "9 partitions"),
        (StartRecord(partitionCount: 6, group: "other", workbench: "https://workbench"), "consumer group 'other'"),
        (StartRecord(partitionCount: 6, group: "slipway", workbench: "https://else"), "workbench 'https://else'"),
    ])
    func journalOfAnotherWorldIsRefusedByName(_ start: StartRecord, _ words: String) throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.inbox], now: .zero))
        let facts = self.facts(self.location(committed: 7), start: start, records: 12)
        guard case .refused(let problem) = ownership.restored(lease, .success(facts), now: self.now(1)) else {
            Issue.record("the journal was taken")
            return
        }
        #expect(problem.contains(words))
    }

    @Test func journalThatWasLostIsRefused() throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.inbox], now: .zero))
        let facts = self.facts(self.location(committed: 7))
        _ = ownership.restored(lease, .success(facts), now: self.now(1))
        guard case .refused(let problem) = ownership.restored(lease, .success(facts), now: self.now(2)) else {
            Issue.record("the journal was begun again")
            return
        }
        #expect(problem.contains("no start record"))
    }

    @Test("a journal that was read before another worker began it is read once more")
    func rereads() throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.inbox], now: .zero))
        // The journal was read, the worker stood still, another began the journal and accepted; then the offset was read.
        let facts = self.facts(self.location(committed: 7))
        guard case .again(let orders) = ownership.restored(lease, .success(facts), now: self.now(1)) else {
            Issue.record("the journal is taken for lost")
            return
        }
        #expect(orders == [.restore(lease)])
        let newer = self.facts(self.location(committed: 7), start: self.world, records: 9)
        guard case .begin(lease, _, let position, _) = ownership.restored(lease, .success(newer), now: self.now(2))
        else {
            Issue.record("the partition is not held")
            return
        }
        #expect(position == 7)
    }

    @Test func failedRestoreIsTriedAgainWithALongerPauseEachTime() throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.inbox], now: .zero))
        let failure = PortFailure(.outage, "no broker")
        guard case .again = ownership.restored(lease, .failure(failure), now: self.now(1)) else {
            Issue.record("a failed restore is not tried again")
            return
        }
        #expect(ownership.obstacles[self.inbox] == failure)
        let first = try #require(ownership.nextWake)
        #expect(ownership.timePassed(now: self.now(1)) == [])
        #expect(ownership.timePassed(now: Now(monotonic: first, wall: self.now(1).wall)) == [.restore(lease)])
        _ = ownership.restored(lease, .failure(failure), now: Now(monotonic: first, wall: self.now(1).wall))
        #expect(try #require(ownership.nextWake) - first > first - self.now(1).monotonic)
    }

    @Test func eventPartitionGoesOnWhereItsGroupWas() throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.events], now: .zero))
        #expect(
            ownership.located(lease, .success(self.location(committed: 42, high: 50)), now: self.now(1))
                == .begin(lease, position: Offset(rawValue: 42), isNew: false)
        )
        #expect(ownership.accepts(lease))
        #expect(ownership.owner(of: self.events.partition) == nil)
    }

    @Test func eventPartitionWithoutAnOffsetWaitsForItsTopicsFirstStart() throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.events], now: .zero))
        let nothing = self.location(committed: nil, low: 3, high: 50)
        #expect(ownership.located(lease, .success(nothing), now: self.now(1)) == .ask([.readTopicStarts]))
        // Its owner has not written it yet: asked again later, and only once at a time.
        #expect(ownership.foundStarts(.success([:]), now: self.now(1)) == [])
        let wake = try #require(ownership.nextWake)
        #expect(ownership.timePassed(now: Now(monotonic: wake, wall: self.now(2).wall)) == [.readTopicStarts])
        let first = self.now(0).wall
        #expect(
            ownership.foundStarts(.success(["events": .time(first)]), now: self.now(2))
                == [.locate(lease, time: first)]
        )
        #expect(
            ownership.located(
                lease,
                .success(self.location(committed: nil, low: 3, high: 50, atTime: 31)),
                now: self.now(2)
            ) == .begin(lease, position: Offset(rawValue: 31), isNew: true)
        )
    }

    @Test func grownPartitionOfAKnownTopicBeginsAtItsTopicsStartAndNotNow() throws {
        var ownership = self.ownership(from: .beginning)
        let own = try self.lease(ownership.assigned([self.inbox], now: .zero))
        _ = ownership.restored(own, .success(self.facts(self.location(committed: nil))), now: self.now(1))
        var start = self.world
        start.topics["events"] = .beginning
        #expect(ownership.startRecorded(start, now: self.now(1)) == [])
        let lease = try self.lease(ownership.assigned([self.events], now: .zero))
        let nothing = self.location(committed: nil, low: 3, high: 50)
        #expect(ownership.located(lease, .success(nothing), now: self.now(1)) == .ask([.locate(lease, time: nil)]))
        #expect(
            ownership.located(lease, .success(nothing), now: self.now(1))
                == .begin(lease, position: Offset(rawValue: 3), isNew: true)
        )
    }

    @Test func whatIsOlderThanTheHorizonIsNotReadAgain() throws {
        var ownership = self.ownership(horizon: .seconds(60))
        let lease = try self.lease(ownership.assigned([self.events], now: .zero))
        _ = ownership.located(lease, .success(self.location(committed: nil)), now: self.now(1_000))
        let orders = ownership.foundStarts(.success(["events": .time(self.now(0).wall)]), now: self.now(1_000))
        #expect(orders == [.locate(lease, time: self.now(940).wall)])
    }

    @Test func revokedPartitionMayStillBeWrittenUntilItIsLetGo() throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.inbox], now: .zero))
        _ = ownership.restored(lease, .success(self.facts(self.location(committed: nil))), now: self.now(1))
        let id = RevocationID(number: 1)
        ownership.revoking([self.inbox], id, now: self.now(2).monotonic)
        #expect(!ownership.accepts(lease))
        #expect(ownership.owner(of: self.inbox.partition) == nil)
        #expect(ownership.isWritable(lease))
        ownership.advance(lease, to: Offset(rawValue: 5))
        #expect(ownership.position(of: lease) == Offset(rawValue: 5))
        #expect(ownership.letGo(id) == [self.inbox])
        #expect(!ownership.isWritable(lease))
        #expect(ownership.letGo(id) == [])
    }

    @Test func startingOverGrantsNewLeasesAndLeavesWhatIsRevokedAlone() throws {
        var ownership = self.ownership()
        let lease = try self.lease(ownership.assigned([self.inbox], now: .zero))
        _ = ownership.restored(lease, .success(self.facts(self.location(committed: nil))), now: self.now(1))
        let other = try self.lease(ownership.assigned([self.events], now: .zero))
        _ = ownership.located(other, .success(self.location(committed: 1)), now: self.now(1))
        ownership.revoking([self.events], RevocationID(number: 1), now: self.now(2).monotonic)
        let again = try self.lease(ownership.startOver())
        #expect(again.subject == self.inbox)
        #expect(again != lease)
        #expect(!ownership.isWritable(lease))
        #expect(!ownership.isWritable(other))
        // The old lease's answer means nothing any more.
        guard
            case .stale = ownership.restored(
                lease,
                .success(self.facts(self.location(committed: nil))),
                now: self.now(3)
            )
        else {
            Issue.record("an answer to an older lease counted")
            return
        }
        ownership.checkInvariants()
    }

    @Test func lostPartitionsLeaveNoMembership() throws {
        var ownership = self.ownership()
        ownership.joined(try #require(self.membership))
        let lease = try self.lease(ownership.assigned([self.events], now: .zero))
        #expect(ownership.lost([self.events, self.inbox]) == [self.events])
        #expect(ownership.membership == nil)
        #expect(ownership.located(lease, .success(self.location(committed: 1)), now: self.now(1)) == .nothing)
    }
}
