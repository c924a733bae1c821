// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Rollouts
import Testing
import Values

/// What is told: reports and conditions of being ready.
struct ReportTests {
    private let inbox = ReadPartition.inbox(0)
    private let model = ModelNames.owned(by: 0)[0]

    @Test func readinessIsToldOnceAndWhereItChanges() throws {
        let fixture = try MachineFixture()
        fixture.take()
        let first = "partitions: waiting for the consumer group to assign partitions; membership met; journal met; "
        #expect(fixture.told.count == 1)
        #expect(fixture.told.first?.hasPrefix(first) == true)
        fixture.answer()
        fixture.take()
        #expect(fixture.told == [])
        fixture.take(.group(.assigned([self.inbox], try MachineFixture.membership())))
        #expect(fixture.told == ["assigned inbox-0", "partitions: reading the journal of partitions 0"])
        fixture.take(MachineFixture.restored(Lease(self.inbox, epoch: 1)))
        #expect(fixture.told == ["ready inbox-0 from 0, 0 go on", "partitions met"])
    }

    @Test func aRolloutTellsItsPhasesInOrder() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        fixture.take(fixture.events(leases.events, self.model, runs: [try fixture.run()]))
        var phases = fixture.told
        for _ in 0..<50 where !fixture.requests.isEmpty || fixture.transaction != nil {
            if fixture.requests.isEmpty { try fixture.commit() } else { fixture.answer() }
            phases += fixture.told.filter { $0.hasPrefix("\(self.model) ") }
        }
        #expect(
            phases == ["accepted", "registering", "building", "deploying", "deployed"].map { "\(self.model) \($0)" }
        )
        #expect(fixture.unfinished == 0)
    }

    @Test func anOutageIsToldWithItsCauseAndItsEnd() throws {
        let fixture = try MachineFixture()
        fixture.take()
        try fixture.fail(.connect)
        #expect(fixture.told.contains("workbench is down"))
        #expect(fixture.told.contains { $0.hasPrefix("workbench: unavailable: ") })
        fixture.pass(60)
        #expect(fixture.take(.woke) == ["reload key", "send ValidateAPIKey"])
        fixture.answer()
        #expect(fixture.told == ["workbench is back", "workbench met"])
    }

    @Test func aRightThatTheConsumerLacksIsAConditionUntilACommitSucceeds() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        fixture.take(.group(.failed(PortFailure(.denied(topic: "events"), "no right to read"))))
        #expect(fixture.told == ["consumer failed: no right to read", "consumer: no right to read"])
        fixture.take(.group(.records(leases.events, [fixture.entry(leases.events, "{")])))
        try fixture.commit()
        #expect(fixture.told == ["transaction committed 1", "consumer met"])
    }

    @Test(arguments: [PortFailure.Kind.fatal, .authentication])
    func aConsumerThatIsRefusedEndsTheWorker(kind: PortFailure.Kind) throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        #expect(fixture.take(.group(.failed(PortFailure(kind, "refused")))) == ["end: kafka"])
    }

    @Test func theLagIsAskedForAndTold() throws {
        let fixture = try MachineFixture { $0.lagInterval = .seconds(5) }
        let leases = try fixture.hold()
        fixture.pass(5)
        #expect(fixture.take(.woke) == ["ask ends inbox-0 events0-3"])
        let ends = [
            leases.inbox.subject: ReadProgress(end: 4),
            leases.events.subject: ReadProgress(end: 9, delivered: 0, met: 7),
        ]
        fixture.take(.group(.ends(ends)))
        #expect(fixture.told == ["lag inbox-0=4 events0-3=2"])
    }

    @Test func whatIsUnderWayIsToldForWhoeverWatches() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        fixture.take(fixture.events(leases.events, self.model, runs: [try fixture.run()]))
        #expect(fixture.turn.underWay.committingSince == fixture.now.monotonic)
        #expect(fixture.turn.underWay.oldestCall?.name == "readProject")
    }
}
