// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// A worker that is told to end.
struct StopTests {
    private let model = ModelNames.owned(by: 0)[0]

    private func by(_ fixture: MachineFixture) -> Input { .stop(by: fixture.now.monotonic + .seconds(20)) }

    @Test func aWorkerThatHasNothingToDoEndsAtOnce() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        #expect(fixture.take(self.by(fixture)) == ["pause inbox-0#1 events0-3#2", "end"])
        #expect(fixture.told == ["partitions: stopping"])
        #expect(fixture.take(.woke) == [], "it has ended")
    }

    @Test func whatACreatingCallBringsIsWrittenBeforeTheEnd() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        fixture.take(fixture.events(leases.events, self.model, runs: [try fixture.run()]))
        try fixture.commit()
        // Project, experiment and run.
        for _ in 1...3 { fixture.answer() }
        try fixture.commit()
        #expect(fixture.take(self.by(fixture)) == ["pause inbox-0#1 events0-3#2"])
        #expect(fixture.answer() == ["commit step \(self.model) registering; inbox-0 at 0"])
        #expect(try fixture.commit() == ["end"])
        #expect(fixture.sent.last == "CreateRegisteredModel", "nothing new was begun")
    }

    @Test func aWorkerEndsAtItsDeadlineWhateverIsUnderWay() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        fixture.take(fixture.events(leases.events, self.model, runs: [try fixture.run()]))
        let by = fixture.now.monotonic + .seconds(20)
        #expect(fixture.take(.stop(by: by)) == ["pause inbox-0#1 events0-3#2"])
        #expect(fixture.turn.wakeAt == by)
        fixture.pass(21)
        #expect(fixture.take(.woke) == ["end"])
    }

    @Test func aSecondStopChangesNothing() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        fixture.take(fixture.events(leases.events, self.model, runs: [try fixture.run()]))
        let by = fixture.now.monotonic + .seconds(20)
        fixture.take(.stop(by: by))
        #expect(fixture.take(.stop(by: by + .seconds(100))) == [])
        #expect(fixture.turn.wakeAt == by)
    }

    @Test func aPartitionThatIsAssignedMeanwhileIsReadPaused() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        fixture.take(fixture.events(leases.events, self.model, runs: [try fixture.run()]))
        fixture.take(self.by(fixture))
        let more = ReadPartition(.events(0), 4)
        fixture.take(.group(.assigned([more], try MachineFixture.membership(2))))
        #expect(
            fixture.take(.group(.located(Lease(more, epoch: 3), .success(MachineFixture.location(5)))))
                == ["read events0-4#3 from 5, paused"]
        )
    }
}
