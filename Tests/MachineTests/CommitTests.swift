// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// How transactions end, and what follows.
struct CommitTests {
    private let inbox = ReadPartition.inbox(0)
    private let events = ReadPartition(.events(0), 3)
    private let model = ModelNames.owned(by: 0)[0]
    private let failure = PortFailure(.outage, "no broker")

    /// An event of ours is being accepted.
    private func accepting() throws -> (MachineFixture, inbox: Lease, events: Lease) {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        fixture.take(fixture.events(leases.events, self.model, runs: [try fixture.run()]))
        return (fixture, leases.inbox, leases.events)
    }

    @Test func aFencedBatchWaitsForTheNextMembership() throws {
        let (fixture, _, _) = try self.accepting()
        #expect(try fixture.commit(.membershipLost(self.failure)) == [])
        #expect(fixture.told.contains("transaction fenced"))
        #expect(fixture.told.contains("membership: waiting for the consumer group to rebalance"))
        fixture.pass(10)
        #expect(fixture.take(.woke) == [])
        #expect(
            fixture.take(.group(.membershipChanged(try MachineFixture.membership(2))))
                == ["commit accepted \(self.model); inbox-0 at 0, events0-3 at 1"]
        )
        #expect(fixture.transaction?.membership.generation == 2)
    }

    @Test func ofAFencedBatchOnlyWhatIsStillOursIsWritten() throws {
        let (fixture, _, _) = try self.accepting()
        try fixture.commit(.membershipLost(self.failure))
        #expect(fixture.take(.group(.revoking([self.inbox], RevocationID(number: 1)))) == ["cancel 2", "let go 1"])
        // Whoever owns the model now is passed the event.
        #expect(
            fixture.take(.group(.membershipChanged(try MachineFixture.membership(2))))
                == ["commit forwarded to 0; events0-3 at 1"]
        )
    }

    @Test func anAbortIsTriedAgainAfterAPause() throws {
        let (fixture, _, _) = try self.accepting()
        #expect(try fixture.commit(.aborted(self.failure)) == [])
        #expect(fixture.told.contains("journal: no broker"))
        fixture.pass(1)
        #expect(fixture.take(.woke) == ["commit accepted \(self.model); inbox-0 at 0, events0-3 at 1"])
        try fixture.commit()
        #expect(fixture.told.contains("journal met"))
    }

    @Test(arguments: [true, false])
    func afterAnUnknownOutcomeEverythingIsReadAgain(isUnknown: Bool) throws {
        let (fixture, inbox, events) = try self.accepting()
        let outcome = isUnknown ? CommitOutcome.unknown(self.failure) : .fatal(self.failure)
        #expect(
            try fixture.commit(outcome)
                == [
                    "pause inbox-0#1 events0-3#2", "cancel 2", "restore inbox-0#3", "locate events0-3#4",
                    "rebuild producer",
                ]
        )
        #expect(fixture.told.contains("started over: no broker"))
        #expect(fixture.unfinished == 0)
        // What was read or asked under the old leases means nothing.
        #expect(fixture.answer() == [])
        #expect(fixture.take(fixture.events(events, self.model, runs: ["r"])) == [])
        #expect(fixture.take(MachineFixture.restored(inbox)) == [])
        // Nothing is committed before there is a producer again.
        #expect(
            fixture.take(MachineFixture.restored(Lease(self.inbox, epoch: 3), isNew: false))
                == ["read inbox-0#3 from 0"]
        )
        #expect(fixture.take(.journal(.producerReady)) == ["commit position; inbox-0 at 0"])
    }

    @Test func aProducerThatCanNotBeReplacedEndsTheWorker() throws {
        let (fixture, _, _) = try self.accepting()
        try fixture.commit(.fatal(self.failure))
        let refusal = PortFailure(.authentication, "the login is refused")
        #expect(fixture.take(.journal(.producerFailed(refusal))) == ["end: kafka"])
    }

    @Test func anEventWhoseRecordDoesNotFitEndsAndItsRolloutStops() throws {
        let (fixture, _, _) = try self.accepting()
        #expect(
            try fixture.commit(.oversized([0])) == ["commit accepted \(self.model); inbox-0 at 0, events0-3 at 1"]
        )
        #expect(fixture.unfinished == 0)
        #expect(fixture.answer() == [])
        let entry = try #require(fixture.transaction?.entries.first)
        guard case .accepted(let state, _) = entry.content else {
            Issue.record("it is no acceptance")
            return
        }
        #expect(state.cause?.class == .recordTooLarge)
    }

    @Test func theEndOfATransactionThatIsNotUnderWayMeansNothing() throws {
        let (fixture, _, _) = try self.accepting()
        let other = TransactionID(number: 99)
        #expect(fixture.take(.journal(.commitEnded(other, .unknown(self.failure)))) == [])
        #expect(try fixture.commit() == [])
    }
}
