// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// What a gateway that sends a call on twice makes (rule 16).
struct TwinTests {
    private func build(_ id: String, _ progress: Progress, hasTwins: Bool = false) -> CallResult {
        .build(BuildFacts(buildID: id, progress: progress, making: Making(hasTwins: hasTwins)))
    }

    private func deployment(_ id: String, _ progress: Progress, hasTwins: Bool = false) -> CallResult {
        .deployment(DeploymentFacts(deploymentID: id, progress: progress, making: Making(hasTwins: hasTwins)))
    }

    private let building = Progress.underWay("building")

    private func until(_ call: String) -> Bench {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed(call) })
        return bench
    }

    @Test func theFirstPollAfterACreationLooksForATwin() {
        let bench = self.until("createBuild")
        bench.answer(self.build("b", self.building))
        bench.pass(5)
        #expect(bench.calls.map(\.name) == ["findBuild"])
        bench.answer(self.build("b", self.building))
        bench.pass(20)
        #expect(bench.calls.map(\.name) == ["readBuild"], "once")
    }

    @Test func aTwinIsLeftToTheCleanUp() {
        let bench = self.until("createDeployment")
        bench.answer(self.deployment("d", self.building))
        bench.pass(5)
        bench.answer(self.deployment("d", .ready, hasTwins: true))
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.aftermath?.doubts.map(\.step) == [.deployment])
    }

    @Test func aListThatDoesNotShowItYetProvesNothing() {
        let bench = self.until("createBuild")
        bench.answer(self.build("b", self.building))
        bench.pass(5)
        bench.answer(.build(nil))
        bench.pass(20)
        #expect(bench.calls.map(\.name) == ["readBuild"])
    }

    /// chaos.md V3: the twin displaces the rollout's own deployment, which is then stopped.
    @Test func ofTwinsTheOneThatLivesIsOurs() {
        let bench = self.until("createDeployment")
        bench.answer(self.deployment("d1", self.building))
        bench.pass(5)
        bench.answer(self.deployment("d1", self.building))
        bench.pass(20)
        bench.answer(self.deployment("d1", .failed("stopped")))
        #expect(bench.calls.map(\.name) == ["findDeployment"])
        bench.answer(self.deployment("d2", .ready, hasTwins: true))
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.made.deploymentID == "d2")
        #expect(bench.endings.first?.needsSweep == true)
    }

    @Test(arguments: [true, false])
    func withoutALivingTwinTheRolloutFails(isListed: Bool) {
        let bench = self.until("createBuild")
        bench.answer(self.build("b", self.building))
        bench.pass(5)
        bench.answer(self.build("b", .failed("build failed")))
        if bench.calls.first?.isNamed("findBuild") == true {
            bench.answer(isListed ? self.build("b", .failed("build failed")) : .build(nil))
        }
        #expect(bench.endings.map(\.cause?.class) == [.build])
        #expect(bench.endings.first?.cause?.message == "build b ended as 'build failed'")
    }

    /// Found by seed 500148: the first attempt's doubt was closed, and the twin of the second was younger than that.
    @Test func aDoubtThatIsOpenedAgainCoversWhatWasMadeSince() {
        var state = RolloutState.sample()
        state.doubt(.build, until: wall(10_000))
        state.doubt(.build)
        #expect(state.aftermath?.doubts.first?.covers(wall(60_000)) == true)
        state.closeDoubts(at: wall(60_000))
        #expect(state.aftermath?.doubts.map(\.until) == [wall(60_000)])
        state.doubt(.build)
        state.closeDoubts(at: wall(30_000))
        #expect(state.aftermath?.doubts.map(\.until) == [wall(60_000)], "what may come later may do so still")
        state.doubt(.build, until: wall(20_000))
        #expect(state.aftermath?.doubts.map(\.until) == [wall(60_000)])
    }
}
