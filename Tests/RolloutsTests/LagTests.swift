// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Rule 14: what the workbench has acknowledged exists, though its reads may not show it yet.
struct LagTests {
    private static let missing = CallFailure(.notFound, message: "there is none", httpStatus: 404)

    @Test(
        "what was just made and is not shown yet is asked for again, without an attempt",
        arguments: ["readVersion", "createBuild", "readBuild", "readDeployment"]
    )
    func shownLate(call: String) {
        let bench = Bench()
        bench.accept(.sample())
        while bench.calls.first?.isNamed(call) != true, bench.endings.isEmpty { self.go(bench) }
        for _ in 0..<3 {
            bench.fail(Self.missing)
            if bench.calls.first?.isNamed("probe") == true { bench.answer(.alive) }
            bench.pass(17)
            #expect(bench.calls.map(\.name) == [call])
        }
        bench.answerAll()
        bench.pass(20)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.asked.filter { $0 == "createDeployment" }.count == 1)
    }

    /// Found by a drill on a machine that was busy.
    @Test(
        "an answer that was given in time and read late proves nothing",
        arguments: ["readVersion", "readDeployment"]
    )
    func readLate(call: String) {
        let bench = Bench()
        bench.accept(.sample())
        while bench.calls.first?.isNamed(call) != true, bench.endings.isEmpty { self.go(bench) }
        for _ in 0..<2 {
            bench.fail(Self.missing)
            if bench.calls.first?.isNamed("probe") == true { bench.answer(.alive) }
            bench.pass(17)
            #expect(bench.calls.map(\.name) == [call])
        }
        bench.pass(60)
        bench.fail(Self.missing)
        if bench.calls.first?.isNamed("probe") == true { bench.answer(.alive) }
        #expect(bench.endings == [])
        bench.pass(1)
        #expect(bench.calls.map(\.name) == [call])
        bench.fail(Self.missing)
        if bench.calls.first?.isNamed("probe") == true { bench.answer(.alive) }
        #expect(bench.endings.map(\.cause?.class) == [.notFound])
    }

    /// Goes one call further, to something that is under way and is then read.
    private func go(_ bench: Bench) {
        switch bench.calls.first?.name {
        case "registerVersion": bench.answer(.version(.sample(.underWay("registering"))))
        case "createBuild": bench.answer(.build(BuildFacts(buildID: "b", progress: .underWay("building"))))
        case "createDeployment":
            bench.answer(.deployment(DeploymentFacts(deploymentID: "d", progress: .underWay("starting"))))
        case nil: bench.pass(20)
        default:
            var isFirst = true
            bench.answerAll { _ in
                defer { isFirst = false }
                return !isFirst
            }
        }
    }

    @Test("a run that its job announced too early is asked for again; one that stays away ends its rollout")
    func announcedEarly() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.accept(.sample(2, plan: .sample(run: "r2", model: "other")))
        for _ in 0..<2 { bench.answer(.run(nil)) }
        #expect(bench.endings == [])
        bench.pass(20)
        bench.answer(.run(.sample(1)))
        while bench.endings.isEmpty, bench.now.monotonic < at(200).monotonic {
            if bench.calls.contains(where: { $0.isNamed("readRun") }) {
                bench.answer(.run(nil)) { $0.isNamed("readRun") }
            }
            bench.pass(5)
        }
        #expect(bench.endings.map(\.cause?.class) == [.runNotFound])
        #expect(bench.endings.map(\.id) == [RolloutID(2)])
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.failed, .deployed])
    }

    @Test("a deployment that was acknowledged and stays missing may be up: no older run gets its place")
    func inDoubt() {
        let bench = Bench()
        bench.accept(.sample(2, plan: .sample(run: "r2")))
        while bench.calls.first?.isNamed("readDeployment") != true, bench.endings.isEmpty { self.go(bench) }
        bench.stayMissing(Self.missing)
        #expect(bench.endings.map(\.cause?.class) == [.notFound])
        bench.accept(.sample(1))
        bench.answerAll()
        #expect(bench.endings.last?.phase == .superseded)
    }

    @Test("a deployment that was acknowledged and stays missing is looked for later, and stopped if it has come up")
    func lookedForLater() {
        let bench = Bench()
        bench.restore(
            [],
            lanes: [
                LaneState(
                    projectID: "project",
                    modelName: "model",
                    newestDeployed: RunFacts.sample(1).order,
                    live: .sample(1)
                )
            ]
        )
        bench.accept(.sample(2, plan: .sample(run: "r2")))
        while bench.calls.first?.isNamed("readDeployment") != true, bench.endings.isEmpty { self.go(bench) }
        bench.stayMissing(Self.missing)
        #expect(bench.endings.last?.aftermath?.doubts.contains { $0.step == .deployment } == true)
        #expect(bench.endings.last?.cause?.message.contains("deployment d ") == true)
        bench.pass(130)
        if case .sweep(.findBuilds)? = bench.calls.first { bench.answer(.marked([])) }
        guard case .sweep(.findDeployments)? = bench.calls.first else {
            Issue.record("nobody looks: \(bench.calls)")
            return
        }
        bench.answer(.marked([MarkedObject(id: "d", isActive: true)]))
        guard case .sweep(.stopDeployment(let place))? = bench.calls.first else {
            Issue.record("it stays: \(bench.calls)")
            return
        }
        #expect(place.deploymentID == "d")
    }

    @Test("a build or version that was acknowledged and stays missing is looked for later, too")
    func othersLookedForLater() {
        for (call, doubt) in [("readBuild", CreatingStep.build), ("readVersion", .version)] {
            let bench = Bench()
            bench.accept(.sample())
            while bench.calls.first?.isNamed(call) != true, bench.endings.isEmpty { self.go(bench) }
            bench.stayMissing(Self.missing)
            #expect(bench.endings.last?.aftermath?.doubts.map(\.step) == [doubt])
        }
    }

    /// A rollout of r2 that is to be compared with the live r1.
    private func comparing() -> Bench {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.answerAll()
        let gates = [Gate(source: .metric, key: "score", betterThanDeployed: .higher)]
        bench.accept(.sample(2, plan: .sample(run: "r2", gates: gates)))
        bench.answer(.run(.sample(2, metrics: ["score": 0.8])))
        return bench
    }

    @Test("a deployed run that is not shown for a while is compared with later")
    func comparedLater() {
        let bench = self.comparing()
        for _ in 0..<2 {
            bench.answer(.run(nil))
            #expect(bench.endings.map(\.phase) == [.deployed])
            bench.pass(17)
        }
        bench.answer(.run(.sample(1, metrics: ["score": 0.7])))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed])
    }

    @Test("a deployed run that is gone for longer than reads may lag meets no gate")
    func comparedNever() {
        let bench = self.comparing()
        for _ in 0..<30 where bench.endings.count == 1 {
            bench.answer(.run(nil))
            bench.pass(5)
        }
        #expect(bench.endings.map(\.cause?.class) == [nil, .gate])
        #expect(bench.now.monotonic >= at(60).monotonic)
    }
}
