// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// Partitions that come and go.
struct PartitionTests {
    private let inbox = ReadPartition.inbox(0)
    private let events = ReadPartition(.events(0), 3)

    @Test func theWorkbenchIsAskedBeforeAnythingNeedsIt() throws {
        let fixture = try MachineFixture()
        #expect(fixture.take() == ["reload key", "send ValidateAPIKey"])
        #expect(fixture.answer() == [])
        #expect(fixture.take() == [])
    }

    @Test func assignedPartitionsAreMadeReadyAndThenRead() throws {
        let fixture = try MachineFixture()
        fixture.take()
        fixture.answer()
        let membership = try MachineFixture.membership()
        #expect(
            fixture.take(.group(.assigned([self.inbox, self.events], membership)))
                == ["restore inbox-0#1", "locate events0-3#2"]
        )
        #expect(
            fixture.take(.group(.located(Lease(self.events, epoch: 2), .success(MachineFixture.location(7)))))
                == ["read events0-3#2 from 7"]
        )
        // The journal gets to know its world before anything else is written.
        #expect(
            fixture.take(MachineFixture.restored(Lease(self.inbox, epoch: 1)))
                == ["read inbox-0#1 from 0", "commit start; inbox-0 at 0"]
        )
        #expect(try fixture.commit() == [])
    }

    @Test func aJournalThatKnowsItsWorldCommitsItsPositionAgain() throws {
        let fixture = try MachineFixture()
        fixture.take(.group(.assigned([self.inbox], try MachineFixture.membership())))
        #expect(
            fixture.take(MachineFixture.restored(Lease(self.inbox, epoch: 1), isNew: false))
                == ["read inbox-0#1 from 0", "commit position; inbox-0 at 0"]
        )
    }

    @Test func aTopicWithoutAnOffsetBeginsAtItsFirstStart() throws {
        let fixture = try MachineFixture()
        let lease = Lease(self.events, epoch: 1)
        fixture.take(.group(.assigned([self.events], try MachineFixture.membership())))
        #expect(
            fixture.take(.group(.located(lease, .success(MachineFixture.location(nil, high: 9))))) == ["read starts"]
        )
        #expect(
            fixture.take(.journal(.topicStarts(.success(["events": .beginning])))) == ["locate events0-3#1"]
        )
        #expect(
            fixture.take(.group(.located(lease, .success(MachineFixture.location(nil, high: 9)))))
                == ["read events0-3#1 from 0", "commit position; events0-3 at 0"]
        )
    }

    @Test func aJournalOfAnotherWorldEndsTheWorker() throws {
        let fixture = try MachineFixture()
        fixture.take(.group(.assigned([self.inbox], try MachineFixture.membership())))
        let facts = RestoreFacts(
            restored: Coordinator.Restored(),
            start: StartRecord(partitionCount: 9, group: "g", workbench: "w"),
            recordCount: 1,
            location: MachineFixture.location(0)
        )
        #expect(
            fixture.take(.journal(.restored(Lease(self.inbox, epoch: 1), .success(facts))))
                == ["end: journalUnreadable"]
        )
        #expect(fixture.take(.woke) == [], "it has ended")
    }

    @Test func aRestoreThatFailsIsTriedAgainAfterAPause() throws {
        let fixture = try MachineFixture()
        fixture.take(.group(.assigned([self.inbox], try MachineFixture.membership())))
        let failure = PortFailure(.outage, "no broker")
        #expect(fixture.take(.journal(.restored(Lease(self.inbox, epoch: 1), .failure(failure)))) == [])
        #expect(fixture.told.contains("not ready inbox-0: no broker"))
        #expect(fixture.take(.woke) == [])
        fixture.pass(1)
        #expect(fixture.take(.woke) == ["restore inbox-0#1"])
    }

    @Test func answersToLeasesThatAreOverMeanNothing() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let run = try fixture.run()
        #expect(fixture.take(.group(.lost([self.inbox, self.events]))) == [])
        #expect(fixture.take(fixture.events(leases.events, "a", runs: [run])) == [])
        #expect(fixture.take(MachineFixture.restored(leases.inbox)) == [])
        #expect(fixture.take(.group(.located(leases.events, .success(MachineFixture.location(0))))) == [])
        #expect(fixture.unfinished == 0)
    }

    @Test func recordsOfAnOlderLeaseOfAPartitionThatCameBackMeanNothing() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let run = try fixture.run()
        fixture.take(.group(.lost([self.inbox, self.events])))
        let again = try MachineFixture.membership(2)
        #expect(
            fixture.take(.group(.assigned([self.inbox, self.events], again)))
                == ["restore inbox-0#3", "locate events0-3#4"]
        )
        #expect(fixture.take(fixture.events(leases.events, "a", runs: [run])) == [])
        #expect(fixture.take(MachineFixture.restored(leases.inbox)) == [])
    }

    /// The group had given this worker up, so that others may have worked meanwhile, and its client did not tell.
    @Test func underAnotherMemberIDEverythingIsReadAgain() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let run = try fixture.run()
        #expect(fixture.take(.group(.membershipChanged(try MachineFixture.membership(2)))) == [])
        let again = try MachineFixture.membership(3, member: "another")
        #expect(
            fixture.take(.group(.membershipChanged(again)))
                == ["pause inbox-0#1 events0-3#2", "restore inbox-0#3", "locate events0-3#4"]
        )
        #expect(fixture.told.contains("lost inbox-0 events0-3"))
        #expect(fixture.take(fixture.events(leases.events, "a", runs: [run])) == [])
        #expect(fixture.take(MachineFixture.restored(leases.inbox)) == [])
    }

    @Test func aPartitionThatGoesWhileItIsReadIsNotAwaited() throws {
        let fixture = try MachineFixture()
        fixture.take(.group(.assigned([self.inbox], try MachineFixture.membership())))
        #expect(
            fixture.take(.group(.revoking([self.inbox], RevocationID(number: 1))))
                == ["abandon inbox-0#1", "let go 1"]
        )
    }

    @Test func aQuietPartitionIsLetGoAtOnce() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        #expect(fixture.take(.group(.revoking([self.inbox, self.events], RevocationID(number: 1)))) == ["let go 1"])
        #expect(fixture.told.prefix(1) == ["revoked inbox-0 events0-3"])
    }
}
