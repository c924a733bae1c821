// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

struct TransactionPlannerTests {
    /// Ownership of an inbox partition and of a partition of an event topic, ready both.
    private final class World {
        var ownership = PartitionOwnership(
            PartitionOwnership.Settings(
                world: StartRecord(partitionCount: 6, group: "slipway", workbench: "w"),
                eventTopics: ["events"],
                startFrom: .beginning,
                horizon: nil
            )
        )
        var planner: TransactionPlanner
        let own: Lease
        let source: Lease

        init(batchBytes: Int = 1_000_000) throws {
            self.planner = TransactionPlanner(
                TransactionPlanner.Settings(
                    batchEntries: 3,
                    batchBytes: batchBytes,
                    maximumRecordBytes: 1_000,
                    maximumDeadBytes: 2_000
                )
            )
            let membership = try #require(GroupMembership(groupID: "slipway", generation: 1, memberID: "m"))
            self.ownership.joined(membership)
            self.own = Lease(.inbox(Partition(rawValue: 0)), epoch: 1)
            self.source = Lease(ReadPartition(.events(0), Partition(rawValue: 4)), epoch: 2)
            self.ownership.partitions[self.own.subject] = .held(self.own, position: Offset(rawValue: 10))
            self.ownership.partitions[self.source.subject] = .held(self.source, position: Offset(rawValue: 20))
        }

        func join(generation: Int32) throws {
            self.ownership.joined(
                try #require(GroupMembership(groupID: "slipway", generation: generation, memberID: "m"))
            )
        }

        /// An event of a rollout of ours, taken at an offset.
        func accepted(_ number: Int, at offset: Int64) -> TransactionEntry {
            let state = RolloutState.sample(number)
            let record = OriginalRecord(origin: state.origin, value: [])
            return TransactionEntry(
                .accepted(state, of: record),
                writer: self.own,
                taken: .init(self.source, next: Offset(rawValue: offset + 1))
            )
        }

        /// A step of a rollout of ours.
        func step(_ number: Int, intent: CreatingStep? = nil) -> TransactionEntry {
            var state = RolloutState.sample(number)
            state.intent = intent
            let record = Coordinator.Record(
                ticket: UInt64(number),
                partition: self.own.partition,
                rollout: state,
                publishes: false
            )
            return TransactionEntry(.step(record), writer: self.own)
        }

        func next(_ seconds: Double = 1) -> Transaction? {
            self.next(at: MonotonicTime(nanoseconds: Int64(seconds * 1e9)))
        }

        func next(at time: MonotonicTime) -> Transaction? { self.planner.next(self.ownership, now: time) }

        func takeRebuild(now: MonotonicTime) -> Bool { self.planner.takeRebuild(now: now) }

        func ended(_ transaction: Transaction, _ outcome: CommitOutcome, _ seconds: Double = 2) -> [String] {
            self.planner.ended(transaction.id, outcome, self.ownership, now: at(seconds)).map(Self.word)
        }

        private static func word(_ event: TransactionPlanner.Event) -> String {
            switch event {
            case .committed(let transaction): "committed \(transaction.entries.count)"
            case .refused(let ticket, _): "refused \(ticket)"
            case .abandoned(let id): "abandoned \(id.low)"
            case .startOver: "startOver"
            case .failed(_, let failures): "failed \(failures)"
            case .fenced: "fenced"
            case .blamed(let count, _): "blamed \(count)"
            case .letterRefused(let origin, _, _): "letterRefused \(origin.offset.rawValue)"
            case .topicTakesNothing(let failures): "topicTakesNothing \(failures)"
            }
        }
    }

    private let outage = PortFailure(.outage, "no broker")

    @Test func whatIsDecidedMeanwhileGoesIntoTheNextTransaction() throws {
        let world = try World()
        world.planner.append(world.step(1))
        let first = try #require(world.next())
        world.planner.append(world.step(2))
        world.planner.append(world.step(3))
        #expect(world.next() == nil)
        #expect(world.ended(first, .committed(records: 1)) == ["committed 1"])
        #expect(try #require(world.next()).entries.count == 2)
    }

    @Test func largeEventsGoInSmallerTransactions() throws {
        let world = try World(batchBytes: 100)
        let large = OriginalRecord(origin: RolloutState.sample(1).origin, value: Array(repeating: 0, count: 40))
        for _ in 0..<3 {
            let reason = DeadLetterReason(.truncated, "the text ends")
            world.planner.append(TransactionEntry(.dead(large, reason, at: wall(1), maximumBytes: 1_000)))
        }
        let huge = OriginalRecord(origin: RolloutState.sample(1).origin, value: Array(repeating: 0, count: 600))
        let event = ForwardedEvent(record: huge, id: RolloutID(1), owner: 2, time: wall(9))
        world.planner.append(TransactionEntry(.forwarded(event, maximumDeadBytes: 1_000)))
        var sizes: [Int] = []
        while let transaction = world.next() {
            sizes.append(transaction.entries.count)
            _ = world.ended(transaction, .committed(records: 1))
        }
        // One that is larger than the limit goes all the same, alone.
        #expect(sizes == [2, 1, 1])
    }

    @Test func everyJournalPartitionThatIsWrittenIsFenced() throws {
        let world = try World()
        world.planner.append(world.step(1))
        let transaction = try #require(world.next())
        // Committed again, unchanged: else brokers would not check that the partition is still ours.
        #expect(transaction.offsets == [world.own: Offset(rawValue: 10)])
    }

    @Test func anAcceptedEventCommitsItsOwnOffsetAndItsOwnersFence() throws {
        let world = try World()
        world.planner.append(world.accepted(1, at: 20))
        world.planner.append(world.accepted(2, at: 21))
        let transaction = try #require(world.next())
        #expect(transaction.offsets == [world.own: Offset(rawValue: 10), world.source: Offset(rawValue: 22)])
    }

    @Test func refusedMembershipHoldsTheBatchUntilAnotherIsTold() throws {
        let world = try World()
        world.planner.append(world.step(1))
        let first = try #require(world.next())
        #expect(world.ended(first, .membershipLost(self.outage)) == ["fenced"])
        #expect(world.next(100) == nil)
        #expect(world.planner.isWaitingForMembership)
        try world.join(generation: 2)
        world.planner.append(world.step(2))
        let second = try #require(world.next(100))
        #expect(second.membership.generation == 2)
        #expect(second.entries.map { $0.isStep(of: [RolloutID(1)]) } == [true, false])
    }

    @Test func whatBelongsToAPartitionThatWasLostIsDroppedAndTheRestGoesOn() throws {
        let world = try World()
        world.planner.append(world.step(1))
        world.planner.append(
            TransactionEntry(.repeated(count: 1), taken: .init(world.source, next: Offset(rawValue: 21)))
        )
        world.ownership.partitions[world.own.subject] = nil
        let transaction = try #require(world.next())
        #expect(transaction.entries.count == 1)
        #expect(transaction.offsets == [world.source: Offset(rawValue: 21)])
    }

    @Test func repeatedEventsInARowAreOneEntryWithTheOffsetOfTheLast() throws {
        let world = try World()
        for offset in 21...24 {
            world.planner.append(
                TransactionEntry(.repeated(count: 1), taken: .init(world.source, next: Offset(rawValue: Int64(offset))))
            )
        }
        let transaction = try #require(world.next())
        #expect(transaction.offsets == [world.source: Offset(rawValue: 24)])
        guard case .repeated(count: 4)? = transaction.entries.first?.content, transaction.entries.count == 1 else {
            Issue.record("\(transaction.entries)")
            return
        }
    }

    @Test func whatStandsBetweenRepeatedEventsOrIsReadElsewhereKeepsThemApart() throws {
        let world = try World()
        func append(_ lease: Lease, _ next: Int64) {
            let taken = TransactionEntry.Taken(lease, next: Offset(rawValue: next))
            world.planner.append(TransactionEntry(.repeated(count: 1), taken: taken))
        }
        append(world.source, 21)
        world.planner.append(world.accepted(1, at: 21))
        append(world.source, 23)
        let first = try #require(world.next())
        #expect(first.entries.count == 3)
        #expect(first.offsets[world.source] == Offset(rawValue: 23))
        append(world.own, 11)
        append(world.source, 24)
        #expect(world.ended(first, .committed(records: 2)) == ["committed 3"])
        let second = try #require(world.next(3))
        #expect(second.entries.count == 2)
        #expect(second.offsets == [world.own: Offset(rawValue: 11), world.source: Offset(rawValue: 24)])
    }

    @Test func anAcceptedEventWhoseOwnerWasLostIsPassedOnToTheNextOne() throws {
        let world = try World()
        world.planner.append(world.accepted(1, at: 20))
        world.ownership.partitions[world.own.subject] = nil
        world.planner.partitionsChanged(world.ownership)
        let transaction = try #require(world.next())
        guard case .forwarded(let event, _)? = transaction.entries.first?.content else {
            Issue.record("the event is lost")
            return
        }
        #expect(event.id == RolloutID(1))
        #expect(transaction.offsets == [world.source: Offset(rawValue: 21)])
    }

    @Test func anAcceptedEventWhoseSourceWasLostIsWrittenWithoutItsOffset() throws {
        let world = try World()
        world.planner.append(world.accepted(1, at: 20))
        world.ownership.partitions[world.source.subject] = nil
        let transaction = try #require(world.next())
        guard case .accepted? = transaction.entries.first?.content else {
            Issue.record("the rollout is lost")
            return
        }
        #expect(transaction.offsets == [world.own: Offset(rawValue: 10)])
    }

    @Test func abortIsTriedAgainInTheOldOrderBeforeAnythingNewer() throws {
        let world = try World()
        world.planner.append(world.step(1))
        world.planner.append(world.step(2))
        let first = try #require(world.next())
        world.planner.append(world.step(3))
        #expect(world.ended(first, .aborted(self.outage)) == ["failed 1"])
        #expect(world.next(2) == nil)
        let wake = try #require(world.planner.nextWake)
        let second = try #require(world.next(at: wake))
        #expect(second.entries.count == 3)
        #expect(second.entries[0].isStep(of: [RolloutID(1)]))
        #expect(second.entries[2].isStep(of: [RolloutID(3)]))
    }

    @Test func oneBadRecordIsFoundByGoingOneByOne() throws {
        let world = try World()
        for number in 1...3 { world.planner.append(world.step(number)) }
        let whole = try #require(world.next())
        let tooLarge = PortFailure(.tooLarge, "too large")
        #expect(world.ended(whole, .refused([0: tooLarge, 1: tooLarge, 2: tooLarge])) == ["blamed 3"])
        let first = try #require(world.next())
        #expect(first.entries.count == 1)
        #expect(world.ended(first, .committed(records: 1)) == ["committed 1"])
        let second = try #require(world.next())
        #expect(world.ended(second, .refused([0: tooLarge])) == ["blamed 1", "refused 2"])
        let third = try #require(world.next())
        #expect(third.entries.count == 1)
        #expect(third.entries[0].isStep(of: [RolloutID(3)]))
    }

    @Test func anOversizedAcceptanceEndsItsRolloutAndWhatFollowedIsNotWritten() throws {
        let world = try World()
        world.planner.append(world.accepted(1, at: 20))
        let first = try #require(world.next())
        world.planner.append(world.step(1))
        world.planner.append(world.step(2))
        #expect(world.ended(first, .oversized([0])) == ["abandoned 1"])
        let second = try #require(world.next())
        #expect(second.entries.count == 2)
        guard case .accepted(let state, _) = second.entries[0].content else {
            Issue.record("the event is lost")
            return
        }
        #expect(state.cause?.class == .recordTooLarge)
        #expect(second.entries[1].isStep(of: [RolloutID(2)]))
    }

    /// Rule 24: whatever a broker has against a record, it is that record's fault alone, where it takes others.
    @Test func aRecordThatABrokerRefusesEndsItsOwnRolloutOnly() throws {
        let world = try World()
        let invalid = PortFailure(.invalidRecord, "Broker: Broker failed to validate record")
        world.planner.append(world.step(1))
        world.planner.append(world.accepted(2, at: 20))
        let whole = try #require(world.next())
        #expect(world.ended(whole, .refused([0: invalid, 1: invalid])) == ["blamed 2"])
        let first = try #require(world.next())
        #expect(world.ended(first, .committed(records: 1)) == ["committed 1"])
        let second = try #require(world.next())
        #expect(world.ended(second, .refused([0: invalid])) == ["blamed 1", "abandoned 2"])
        let third = try #require(world.next())
        guard case .accepted(let state, _) = third.entries[0].content else {
            Issue.record("the event is lost")
            return
        }
        #expect(state.cause?.class == .recordRefused)
        #expect(state.cause?.message.contains("failed to validate record") == true)
    }

    /// A topic that validates what we write refuses all of it: a person has to mend that, and no rollout ends for it.
    @Test func aTopicThatRefusesAllOfOursEndsNobody() throws {
        let world = try World()
        let invalid = PortFailure(.invalidRecord, "Broker: Broker failed to validate record")
        world.planner.append(world.step(1))
        world.planner.append(world.step(2))
        #expect(world.ended(try #require(world.next()), .refused([0: invalid, 1: invalid])) == ["blamed 2"])
        for failures in 1...8 {
            let next = try #require(world.next(100 * Double(failures)))
            let events = world.ended(next, .refused([0: invalid]))
            #expect(events.allSatisfy { $0.hasPrefix("blamed") || $0.hasPrefix("failed") }, "\(events)")
        }
    }

    /// This worker's clock may be wrong: that is no rollout's fault, and nothing ends for it.
    @Test func aTimeThatABrokerRefusesIsNobodysFault() throws {
        let world = try World()
        let time = PortFailure(.invalidTime, "Broker: Invalid timestamp")
        world.planner.append(world.step(1))
        #expect(world.ended(try #require(world.next()), .refused([0: time])) == ["failed 1"])
    }

    @Test func aDeadLetterThatABrokerRefusesInEveryFormIsPassedOverAndTold() throws {
        let world = try World()
        let invalid = PortFailure(.invalidRecord, "Broker: Broker failed to validate record")
        let origin = Origin(topic: "events", partition: 4, offset: 20)
        let letter = TransactionEntry.Content.dead(
            OriginalRecord(origin: origin, value: []),
            DeadLetterReason(.empty, "no bytes"),
            at: .epoch,
            maximumBytes: 1_000
        )
        world.planner.append(TransactionEntry(letter, taken: .init(world.source, next: 21)))
        world.planner.append(world.step(1))
        let whole = try #require(world.next())
        #expect(world.ended(whole, .refused([0: invalid])) == ["blamed 1"])
        #expect(world.ended(try #require(world.next()), .refused([0: invalid])) == ["blamed 1"])
        let short = try #require(world.next())
        #expect(world.ended(short, .refused([0: invalid])) == ["blamed 1", "letterRefused 20"])
        let offset = try #require(world.next())
        #expect(offset.offsets[world.source] == 21)
        #expect(world.ended(offset, .committed(records: 0)) == ["committed 1"])
        #expect(try #require(world.next()).entries[0].isStep(of: [RolloutID(1)]))
    }

    @Test(arguments: [true, false])
    func afterALostProducerNothingIsSentAgainFromMemory(_ isUnknown: Bool) throws {
        let world = try World()
        world.planner.append(world.step(1))
        let first = try #require(world.next())
        world.planner.append(world.step(2))
        #expect(world.ended(first, isUnknown ? .unknown(self.outage) : .fatal(self.outage)) == ["startOver"])
        #expect(world.planner.isIdle)
        #expect(world.next() == nil)
        #expect(world.takeRebuild(now: at(2).monotonic))
        #expect(!world.takeRebuild(now: at(2).monotonic))
        world.planner.append(world.step(3))
        #expect(world.next() == nil)
        world.planner.producerReady()
        #expect(try #require(world.next()).entries.count == 1)
    }

    @Test func onlyACommittedTransactionGivesAnIntent() throws {
        let world = try World()
        world.planner.append(world.step(1, intent: .build))
        let transaction = try #require(world.next(7))
        let events = world.planner.ended(transaction.id, .committed(records: 1), world.ownership, now: at(8))
        guard case .committed(let committed)? = events.first else {
            Issue.record("it is not committed")
            return
        }
        let intent = try #require(committed.intent(of: transaction.entries[0]))
        #expect(intent.subject == .creation(.build))
        #expect(intent.lease == world.own)
        #expect(intent.began == at(7).monotonic)
    }

    /// A worker that then has nothing to write must not stay unready for ever.
    @Test func aNewProducerShowsThatNothingIsInTheWayAnyMore() throws {
        let world = try World()
        world.planner.append(world.step(1))
        _ = world.ended(try #require(world.next()), .unknown(self.outage))
        #expect(world.planner.obstacles.failure != nil)
        #expect(world.takeRebuild(now: at(2).monotonic))
        world.planner.producerReady()
        #expect(world.planner.obstacles.failure == nil)
    }

    @Test func whatWasToBeWrittenForOthersPartitionsIsInNobodysWay() throws {
        let world = try World()
        world.planner.append(world.step(1))
        _ = world.ended(try #require(world.next()), .aborted(self.outage))
        #expect(world.planner.obstacles.failure != nil)
        _ = world.ownership.lost(Array(world.ownership.partitions.keys))
        world.planner.partitionsChanged(world.ownership)
        #expect(world.planner.obstacles.failure == nil)
    }

    @Test func whatIsRefusedAfterItsPartitionsHaveGoneIsInNobodysWayEither() throws {
        let world = try World()
        world.planner.append(world.step(1))
        let transaction = try #require(world.next())
        _ = world.ownership.lost(Array(world.ownership.partitions.keys))
        try world.join(generation: 2)
        _ = world.ended(transaction, .aborted(self.outage))
        #expect(world.next(100) == nil)
        #expect(world.planner.obstacles.failure == nil)
    }

    @Test func missingRightStaysNamedUntilATransactionWithThatTopicSucceeds() throws {
        let world = try World()
        world.planner.append(world.step(1))
        let first = try #require(world.next())
        _ = world.ended(first, .aborted(PortFailure(.denied(topic: "journal"), "no right")))
        #expect(world.planner.obstacles.failure != nil)
        // A dead letter is written meanwhile: it shows nothing about the journal.
        world.planner.dropAll()
        world.planner.append(
            TransactionEntry(.repeated(count: 1), taken: .init(world.source, next: Offset(rawValue: 21)))
        )
        let second = try #require(world.next(100))
        _ = world.ended(second, .committed(records: 0))
        #expect(world.planner.obstacles.failure != nil)
        world.planner.append(world.step(2))
        let third = try #require(world.next(101))
        _ = world.ended(third, .committed(records: 1))
        #expect(world.planner.obstacles.failure == nil)
    }
}
