// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// What a journal brings back, and rollouts that move.
struct RestoreTests {
    private let inbox = ReadPartition.inbox(0)
    private let lease = Lease(.inbox(0), epoch: 1)
    private let model = ModelNames.owned(by: 0)[0]

    /// A rollout that an earlier owner had in hand.
    private func state(_ fixture: MachineFixture, run: String) -> RolloutState {
        var state = RolloutState(
            id: RolloutID(high: 1, low: 1),
            partition: 0,
            origin: Origin(topic: "events", partition: 3, offset: 0),
            event: EventReference(id: "i", source: "s", time: nil),
            plan: RolloutPlan(
                route: "all",
                run: RunReference(projectID: fixture.project, experimentID: fixture.experiment, runID: run),
                modelName: self.model,
                artifactPath: "model",
                runtime: .identifier(MachineFixture.runtime)
            ),
            acceptedAt: fixture.now.wall
        )
        state.plan.claim = self.claim(subject: nil, model: self.model)
        return state
    }

    /// What its event asks for.
    private func claim(subject: String?, model: String?) -> Claim? {
        let data = RunFinishedData(run: RunReference(), model: RunFinishedData.ModelWish(name: model))
        let origin = Origin(topic: "events", partition: 3, offset: 0)
        return Claim(RunFinishedEvent(source: "s", id: "i", time: nil, subject: subject, data: data, origin: origin))
    }

    /// A machine that has just been assigned the inbox partition.
    private func assigned() throws -> MachineFixture {
        var rule = MachineFixture.rule
        rule.modelName = try ModelNameTemplate("m-{runId}{subject}")
        let fixture = try MachineFixture(routes: Routes([rule]))
        fixture.take()
        fixture.answer()
        fixture.take(.group(.assigned([self.inbox], try MachineFixture.membership())))
        return fixture
    }

    @Test func whatWasUnfinishedGoesOnAndLooksFirst() throws {
        let fixture = try self.assigned()
        let state = self.state(fixture, run: try fixture.run())
        let before = fixture.sent.count
        #expect(
            fixture.take(MachineFixture.restored(self.lease, Coordinator.Restored(unfinished: [state]), isNew: false))
                == ["read inbox-0#1 from 0", "send GetProject", "commit position; inbox-0 at 0"]
        )
        #expect(fixture.told.contains("ready inbox-0 from 0, 1 go on"))
        try fixture.settle()
        #expect(
            fixture.sent[before...] == [
                "GetProject", "GetExperiment", "GetExperimentRun", "ListRegisteredModels", "CreateRegisteredModel",
                "ListModels", "CreateModel", "ListModelBuilds", "ListRuntimes", "CreateModelBuild",
                "ListModelDeployments", "CreateModelDeployment",
            ]
        )
        #expect(fixture.unfinished == 0)
    }

    /// Nobody knows what came of the call that its intent announced.
    @Test func anIntentWithoutAnOutcomeIsLookedForAndNotRepeatedUntilItIsOver() throws {
        let fixture = try self.assigned()
        let run = try fixture.run()
        var state = self.state(fixture, run: run)
        state.step = .register
        state.intent = .version
        state.run = ResolvedRun(
            projectID: fixture.project,
            experimentID: fixture.experiment,
            order: RunOrder(start: fixture.now.wall, runID: run)
        )
        let restored = Coordinator.Restored(unfinished: [state])
        #expect(
            fixture.take(MachineFixture.restored(self.lease, restored, isNew: false))
                == ["read inbox-0#1 from 0", "send ListRegisteredModels", "commit position; inbox-0 at 0"]
        )
        try fixture.commit()
        for _ in 0..<100 where !fixture.sent.contains("CreateRegisteredModel") {
            try fixture.settle()
            fixture.pass(1)
            fixture.take(.woke)
        }
        // The call's own time and the time to settle, on our own clock.
        #expect(fixture.now.monotonic >= MonotonicTime(nanoseconds: 91_000_000_000))
        #expect(fixture.sent.contains("CreateRegisteredModel"))
    }

    @Test func aRolloutWhoseModelAnotherPartitionOwnsMovesOnceItsRunIsKnown() throws {
        let fixture = try self.assigned()
        let run = try fixture.run()
        let state = try self.pending(fixture, run, owner: 1)
        let restored = Coordinator.Restored(unfinished: [state])
        fixture.take(MachineFixture.restored(self.lease, restored, isNew: false))
        try fixture.commit()
        let name = "m-\(run)\(state.event.id)"
        #expect(fixture.answer() == ["send GetExperiment"])
        #expect(fixture.answer() == ["send GetExperimentRun"])
        #expect(fixture.answer() == ["commit moved out \(name) to 1; inbox-0 at 0"])
        #expect(try fixture.commit() == [])
        #expect(fixture.unfinished == 0)
        #expect(fixture.sent.last == "GetExperimentRun")
    }

    @Test func aRolloutThatMovesInGoesOnAndIsTakenOnce() throws {
        let fixture = try self.assigned()
        fixture.take(MachineFixture.restored(self.lease, isNew: false))
        try fixture.commit()
        var state = self.state(fixture, run: try fixture.run())
        state.movedFrom = 1
        let entries = [
            IntakeEntry(.moved(state), OriginalRecord(origin: state.origin, value: []), next: 1),
            IntakeEntry(.moved(state), OriginalRecord(origin: state.origin, value: []), next: 2),
        ]
        #expect(
            fixture.take(.group(.records(self.lease, entries)))
                == ["send GetProject", "commit moved in \(self.model), repeated; inbox-0 at 2"]
        )
        #expect(fixture.told == [], "it was told where it was accepted")
        try fixture.settle()
        #expect(fixture.unfinished == 0)
        #expect(fixture.written[self.model]?.last?.hasSuffix(" deployed") == true)
    }

    /// A rollout that waits for its run to name its model, which a partition owns then.
    private func pending(_ fixture: MachineFixture, _ run: String, owner: Partition) throws -> RolloutState {
        var state = self.state(fixture, run: run)
        let suffix = try #require(
            (0..<100).map { "-\($0)" }.first { Ownership.owner(of: "m-\(run)\($0)", count: 2) == owner }
        )
        state.event.id = suffix
        state.plan.modelName = ""
        state.plan.naming = PendingName(template: "m-{runId}{subject}", subject: suffix)
        state.plan.claim = self.claim(subject: suffix, model: nil)
        return state
    }
}
