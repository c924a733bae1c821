// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// What is looked for after a rollout's end, and what becomes of it.
struct SweepTests {
    private func ended(_ doubts: [CreatingStep], deploymentID: String? = "d1") -> RolloutState {
        var state = RolloutState.sample(1, plan: .sample(run: "r1"))
        state.run = ResolvedRun(
            projectID: "project",
            experimentID: "experiment",
            order: RunOrder(start: wall(1), runID: "r1")
        )
        state.made.registeredModelID = "rm"
        state.made.versionID = "v1"
        state.made.modelID = "m"
        state.made.buildID = "b1"
        state.made.deploymentID = deploymentID
        for step in doubts { state.doubt(step) }
        state.enter(.deployed, at: wall(1))
        state.step = .finished
        return state
    }

    private func live(_ deploymentID: String, run: String = "r1") -> LiveDeployment {
        LiveDeployment(
            run: ResolvedRun(
                projectID: "project",
                experimentID: "experiment",
                order: RunOrder(start: wall(1), runID: run)
            ),
            place: self.place(deploymentID)
        )
    }

    private func place(_ deploymentID: String) -> DeploymentPlace {
        DeploymentPlace(projectID: "project", modelID: "m", buildID: "b1", deploymentID: deploymentID)
    }

    @Test func aSecondBuildIsToldFirstAndThenRemoved() {
        var sweep = Sweep(self.ended([.build]), live: self.live("d1"))
        guard case .call(.findBuilds(let look)) = sweep.nextMove() else {
            Issue.record("no search")
            return
        }
        #expect(look.marker == sweep.state.marker)
        sweep.succeeded([MarkedObject(id: "b1", isActive: true), MarkedObject(id: "b2", isActive: true)])
        #expect(sweep.nextMove() == .tell)
        let told = sweep.tell()
        #expect(told.aftermath?.orphans == [Orphan(kind: .build, id: "b2", outcome: .removed)])
        #expect(told.needsSweep, "whoever takes over in between goes on with it")
        #expect(sweep.nextMove() == .call(.removeBuild(projectID: "project", modelID: "m", buildID: "b2")))
        sweep.succeeded([])
        #expect(sweep.nextMove() == .finish)
        let (state, isNews) = sweep.finished()
        #expect(!isNews && state.aftermath?.orphans.count == 1)
        #expect(state.needsSweep, "what is applied later than anyone waits is looked for once more")
        var second = Sweep(state, live: nil)
        _ = second.nextMove()
        second.succeeded([MarkedObject(id: "b1", isActive: true)])
        #expect(second.nextMove() == .finish)
        #expect(!second.finished().state.needsSweep)
    }

    @Test func whatCanNotBeRemovedIsToldAsLeft() {
        var sweep = Sweep(self.ended([.build]), live: nil)
        _ = sweep.nextMove()
        sweep.succeeded([MarkedObject(id: "b1", isActive: true), MarkedObject(id: "b2", isActive: true)])
        _ = sweep.tell()
        sweep.gaveUp()
        #expect(sweep.nextMove() == .finish)
        let (state, isNews) = sweep.finished()
        #expect(isNews)
        #expect(state.aftermath?.orphans == [Orphan(kind: .build, id: "b2", outcome: .left)])
    }

    @Test func aSweepThatFindsNothingSaysNothing() {
        var sweep = Sweep(self.ended([.version, .model, .build, .deployment]), live: self.live("d1"))
        for objects in [["v1"], ["b1"], ["d1"]] {
            guard case .call = sweep.nextMove() else {
                Issue.record("no further search")
                return
            }
            sweep.succeeded(objects.map { MarkedObject(id: $0, isActive: true) })
        }
        #expect(sweep.nextMove() == .finish)
        let (state, isNews) = sweep.finished()
        #expect(!isNews && state.aftermath?.orphans == [])
    }

    @Test func aDeploymentThatCameUpLateAndDisplacedItsOwnTwinServes() {
        var sweep = Sweep(self.ended([.deployment]), live: self.live("d1"))
        _ = sweep.nextMove()
        sweep.succeeded([MarkedObject(id: "d1", isActive: false), MarkedObject(id: "d2", isActive: true)])
        #expect(sweep.tell().aftermath?.orphans == [Orphan(kind: .deployment, id: "d2", outcome: .serving)])
        #expect(sweep.nextMove() == .finish)
        // The second look finds it as the first one left it.
        var second = Sweep(sweep.finished().state, live: self.live("d1"))
        _ = second.nextMove()
        second.succeeded([MarkedObject(id: "d1", isActive: false), MarkedObject(id: "d2", isActive: true)])
        #expect(second.orphans == [Orphan(kind: .deployment, id: "d2", outcome: .serving)])
        #expect(second.nextMove() == .finish)
    }

    @Test func whatIsUpIsNotStartedAgain() {
        var sweep = Sweep(self.ended([.deployment]), live: self.live("d9", run: "r9"))
        _ = sweep.nextMove()
        sweep.succeeded([MarkedObject(id: "d1", isActive: false), MarkedObject(id: "d2", isActive: true)])
        _ = sweep.tell()
        sweep.succeeded([])
        #expect(sweep.nextMove() == .call(.readLive(self.place("d9"))))
        sweep.succeeded([MarkedObject(id: "d9", isActive: true)])
        #expect(sweep.nextMove() == .finish)
    }

    @Test func anOlderRunThatCameUpLateIsStoppedAndTheNewestServesAgain() {
        var newest = self.place("d9")
        newest.buildID = "b9"
        var live = self.live("d9", run: "r9")
        live.place = newest
        var sweep = Sweep(self.ended([.deployment]), live: live)
        _ = sweep.nextMove()
        sweep.succeeded([MarkedObject(id: "d1", isActive: false), MarkedObject(id: "d2", isActive: true)])
        #expect(sweep.tell().aftermath?.orphans == [Orphan(kind: .deployment, id: "d2", outcome: .stopped)])
        #expect(sweep.nextMove() == .call(.stopDeployment(self.place("d2"))))
        sweep.succeeded([])
        #expect(sweep.nextMove() == .call(.readLive(newest)))
        sweep.succeeded([MarkedObject(id: "d9", isActive: false)])
        #expect(sweep.nextMove() == .call(.reviveDeployment(newest)))
        sweep.succeeded([])
        #expect(sweep.nextMove() == .finish)
    }

    @Test func whatAnEarlierProcessStoppedBeforeItCouldReviveIsRevived() {
        var state = self.ended([.deployment])
        state.aftermath?.orphans = [Orphan(kind: .deployment, id: "d2", outcome: .stopped)]
        var sweep = Sweep(state, live: self.live("d9", run: "r9"))
        _ = sweep.nextMove()
        sweep.succeeded([MarkedObject(id: "d1", isActive: false), MarkedObject(id: "d2", isActive: false)])
        #expect(sweep.nextMove() == .call(.readLive(self.place("d9"))))
        sweep.succeeded([MarkedObject(id: "d9", isActive: false)])
        #expect(sweep.nextMove() == .call(.reviveDeployment(self.place("d9"))))
        sweep.succeeded([])
        #expect(sweep.nextMove() == .finish)
    }

    // MARK: What is whose

    /// A build was asked for at second 10, and may have been made until second 100.
    private func doubted(_ step: CreatingStep) -> RolloutState {
        var state = self.ended([])
        state.askedAt = wall(10_000)
        state.doubt(step, until: wall(100_000))
        return state
    }

    @Test(
        "what a person made by hand is told, and not touched",
        arguments: [
            ("us", 9_000, false), ("us", 10_000, true), ("us", 100_000, true), ("us", 200_000, false),
            ("ann", 50_000, false),
        ]
    )
    func persons(user: String, at time: Int64, isOurs: Bool) {
        var sweep = Sweep(self.doubted(.deployment), live: nil, user: "us")
        _ = sweep.nextMove()
        let found = MarkedObject(id: "d2", isActive: true, createdAt: wall(time), user: user)
        sweep.succeeded([MarkedObject(id: "d1", isActive: true), found])
        // Our clock and the workbench's may be some seconds apart.
        let expected = isOurs || time == 9_000 ? Orphan.Outcome.stopped : .left
        #expect(sweep.tell().aftermath?.orphans == [Orphan(kind: .deployment, id: "d2", outcome: expected)])
        #expect(sweep.nextMove() == (expected == .stopped ? .call(.stopDeployment(self.place("d2"))) : .finish))
    }

    @Test func whatIsLiveIsNeverStopped() {
        var sweep = Sweep(self.doubted(.deployment), live: self.live("d2", run: "r9"), user: "us")
        _ = sweep.nextMove()
        sweep.succeeded([MarkedObject(id: "d2", isActive: true, createdAt: wall(50_000), user: "us")])
        #expect(sweep.nextMove() == .finish)
    }

    @Test func aBuildThatMayBeOursIsToldAndLeft() {
        var sweep = Sweep(self.doubted(.build), live: nil, user: "us")
        _ = sweep.nextMove()
        sweep.succeeded([
            MarkedObject(id: "b2", isActive: true, isMarked: false, createdAt: wall(50_000), user: "us"),
            MarkedObject(id: "b3", isActive: true, isMarked: false, createdAt: wall(500_000), user: "us"),
        ])
        #expect(sweep.tell().aftermath?.orphans == [Orphan(kind: .build, id: "b2", outcome: .left)])
        #expect(sweep.nextMove() == .finish)
    }

    @Test("a version is deleted only if nothing is built from it", arguments: [true, false])
    func uses(isUsed: Bool) {
        var sweep = Sweep(self.ended([.version]), live: nil)
        _ = sweep.nextMove()
        sweep.succeeded([MarkedObject(id: "v2", parent: "rm", isActive: true)])
        _ = sweep.tell()
        #expect(sweep.nextMove() == .call(.findUses(projectID: "project", modelID: "m", versionID: "v2")))
        sweep.succeeded(isUsed ? [MarkedObject(id: "b7", isActive: true, isMarked: false)] : [])
        if !isUsed {
            #expect(sweep.nextMove() == .call(.removeVersion(registeredModelID: "rm", versionID: "v2")))
            sweep.succeeded([])
        }
        #expect(sweep.nextMove() == .finish)
        #expect(sweep.orphans.map(\.outcome) == [isUsed ? .left : .removed])
    }

    @Test func aVersionStaysWhereAReplayMayHaveAdoptedIt() {
        var state = self.ended([.version])
        state.made.modelID = nil
        var sweep = Sweep(state, live: nil)
        _ = sweep.nextMove()
        sweep.succeeded([MarkedObject(id: "v2", parent: "rm", isActive: true)])
        #expect(sweep.tell().aftermath?.orphans == [Orphan(kind: .version, id: "v2", outcome: .left)])
        #expect(sweep.nextMove() == .finish)
    }

    @Test func anOrphanThatAnEarlierProcessToldIsRemovedAndNotToldTwice() {
        var state = self.ended([.build])
        state.aftermath?.orphans = [Orphan(kind: .build, id: "b2", outcome: .removed)]
        var sweep = Sweep(state, live: nil)
        _ = sweep.nextMove()
        sweep.succeeded([MarkedObject(id: "b1", isActive: true), MarkedObject(id: "b2", isActive: true)])
        #expect(sweep.nextMove() == .call(.removeBuild(projectID: "project", modelID: "m", buildID: "b2")))
        sweep.succeeded([])
        #expect(sweep.finished().isNews == false)
    }

    /// With no time to settle nearly every late effect makes an orphan; each is found, told once, and taken away.
    @Test
    func orphansOfLateEffectsAreFoundAndRemoved() throws {
        var found: Set<CreatingStep> = []
        for seed in 0..<60 as Range<UInt64> { found.formUnion(try self.orphansFound(seed: seed)) }
        #expect(found == [.version, .build, .deployment])
    }

    private func orphansFound(seed: UInt64) throws -> Set<CreatingStep> {
        var random = SeededGenerator(seed: seed)
        var world = VirtualWorld(
            seed: random.next(),
            faults: VirtualFaults(chance: 0.4, kinds: [.appliedLate]),
            policy: Coordinator.Policy(settle: .zero, requestTimeout: .seconds(1), sweepAfter: .seconds(100))
        )
        for number in 1...3 { world.workbench.runs["r\(number)"] = .sample(number) }
        world.events[0] = [.sample(1, plan: .sample(run: "r1")), .sample(2, plan: .sample(run: "r2"))]
        try world.start(partitions: [0])
        if seed % 2 == 0 { world.schedule(.crash, in: Double.random(in: 10...600, using: &random)) }
        let ended = try world.run()
        #expect(ended, "seed \(seed)")

        let states = world.journal.newest.values.compactMap(\.state)
        #expect(states.allSatisfy { !$0.needsSweep }, "seed \(seed)")
        for state in states {
            let builds = world.workbench.builds.filter { $0.marker == state.marker }
            #expect(builds.count <= 1, "seed \(seed)")
            let versions = world.workbench.versions.filter { $0.marker == state.marker }
            #expect(versions.count <= 1 || state.made.modelID == nil, "seed \(seed)")
            let made = world.workbench.log.filter { $0.kind == .build && $0.object.marker == state.marker }
            let told = state.aftermath?.orphans.filter { $0.kind == .build } ?? []
            #expect(made.count == (state.made.buildID == nil ? 0 : 1) + told.count, "seed \(seed)")
        }
        let active = world.workbench.deployments.filter { !$0.isStopped }
        // Where every attempt was in vain, all that came late is taken away, and nothing serves.
        #expect(active.count == (states.contains { $0.phase == .deployed } ? 1 : 0), "seed \(seed)")
        #expect(active.first?.run == world.journal.lanes.first?.live?.runID, "seed \(seed): the newest run serves")
        return Set(states.flatMap { $0.aftermath?.orphans ?? [] }.map(\.kind))
    }
}
