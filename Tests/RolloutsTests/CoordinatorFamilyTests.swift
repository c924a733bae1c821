// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Rule 13: the parts of the workbench are up or down each by itself.
struct CoordinatorFamilyTests {
    private static let shut = CallFailure(.unavailable, message: "no connection", failedAt: .workbench)

    /// A bench with one rollout that builds and one that is about to read its run.
    private func bench() -> Bench {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.answerAll(until: { $0.isNamed("createBuild") })
        bench.answer(.build(BuildFacts(buildID: "b", progress: .underWay("building"))))
        bench.pass(20)
        bench.accept(.sample(2, plan: .sample(run: "r2", model: "other")))
        return bench
    }

    private func down(_ bench: Bench) -> [Component] { bench.coordinator.outageCauses.map(\.component) }

    @Test("a part that is down holds up nobody who does not need it")
    func oneIsDown() {
        let bench = self.bench()
        bench.fail(.cut)
        let place = ProbePlace(projectID: "project", experimentID: "experiment", modelID: "m", buildID: "b")
        #expect(bench.calls.contains(.probe(.models, place)))
        #expect(bench.calls.contains { $0.isNamed("readRun") })
        bench.answer(.run(.sample(2)), to: { $0.isNamed("readRun") })
        bench.fail(.cut)
        #expect(self.down(bench) == [.models])
        #expect(bench.calls.contains { $0.isNamed("registerVersion") })
    }

    @Test("where the door is shut, that is what is down, and one probe asks for all")
    func shutDoor() {
        let bench = self.bench()
        bench.fail(.cut)
        bench.fail(.cut)
        #expect(bench.calls.map(\.component) == [.models, .experiments])
        bench.fail(Self.shut)
        bench.fail(Self.shut)
        #expect(self.down(bench) == [.workbench])
        #expect(bench.outages.count == 1)
        bench.pass(60)
        #expect(bench.calls == [.probe(.workbench, nil)])
        bench.answer(.alive)
        bench.answerAll()
        bench.pass(60)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed])
    }

    @Test("a part that is down stays so until its own probe is answered, whatever the door does")
    func doorAndPart() {
        let bench = self.bench()
        bench.fail(.cut)
        bench.fail(.cut, to: { $0.isNamed("probe") })
        #expect(self.down(bench) == [.models])
        bench.fail(.cut)
        bench.fail(Self.shut, to: { $0.component == .experiments })
        #expect(self.down(bench) == [.workbench, .models])
        for _ in 0..<20 {
            bench.pass(60)
            bench.answer(.alive, to: { $0.component == .workbench })
            bench.fail(.cut, to: { $0.component == .models && $0.isNamed("probe") })
        }
        #expect(self.down(bench) == [.models])
        bench.pass(60)
        bench.answer(.alive, to: { $0.component == .models })
        bench.answerAll()
        bench.pass(60)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed])
    }

    @Test("probes ask for another model's things first, and each time for another's")
    func anotherModels() {
        let bench = Bench()
        for number in 1...3 {
            bench.accept(.sample(number, plan: .sample(run: "r\(number)", model: "model-\(number)")))
        }
        var asked: [String] = []
        for name in ["b1", "b2", "b3"] {
            bench.answerAll(until: { $0.isNamed("createBuild") })
            bench.answer(.build(BuildFacts(buildID: name, progress: .underWay("building"))))
        }
        bench.pass(20)
        bench.fail(.cut)
        for _ in 0..<6 {
            if case .probe(.models, let place?)? = bench.calls.first(where: { $0.isNamed("probe") }) {
                asked.append(place.buildID ?? "")
            }
            bench.fail(.cut, to: { $0.isNamed("probe") })
            bench.pass(60)
        }
        #expect(asked.count == 6)
        #expect(zip(asked, asked.dropFirst()).allSatisfy { $0 != $1 })
        #expect(Set(asked).count >= 2)
    }

    /// Answers everything; reads of runs of experiment `none` fail, and so does every probe that asks there.
    private func answerButOne(_ bench: Bench) {
        bench.coordinator.sharedAnswers.learn(
            .readExperiment(projectID: "project", experimentID: "none"),
            .experiments([ExperimentFacts(id: "none", projectID: "project", name: "none")]),
            now: bench.now.monotonic
        )
        func isPoisoned(_ call: APICall) -> Bool {
            switch call {
            case .readRun(_, let experiment, _): experiment == "none"
            case .probe(_, let place): place?.experimentID == "none"
            default: false
            }
        }
        for _ in 0..<100 {
            bench.answerAll(leaving: isPoisoned)
            guard !bench.calls.isEmpty else { return }
            bench.fail(CallFailure(.serverError, message: "500", httpStatus: 500))
        }
    }

    @Test("what fails for one event alone is that event's, though nobody has been served before it")
    func poisonedProbe() {
        let bench = Bench()
        var poison = RolloutPlan.sample(run: "r9", model: "poison")
        poison.run.experimentID = "none"
        bench.accept(.sample(9, plan: poison))
        bench.fail(CallFailure(.serverError, message: "500", httpStatus: 500))
        bench.fail(CallFailure(.serverError, message: "500", httpStatus: 500))
        #expect(self.down(bench) == [.experiments])
        for number in 1...3 {
            bench.accept(.sample(number, plan: .sample(run: "r\(number)", model: "model-\(number)")))
        }
        for _ in 0..<40 where bench.endings.count < 4 {
            self.answerButOne(bench)
            bench.pass(31)
        }
        #expect(bench.endings.filter { $0.phase == .deployed }.count == 3)
        #expect(bench.endings.first { $0.phase == .failed }?.cause?.class == .serverError)
        #expect(self.down(bench) == [])
    }

    @Test("a 401 of one part, with a good key, is that part's")
    func refusedByAPart() {
        let bench = self.bench()
        let refusal = CallFailure(.unauthorized, message: "who are you", httpStatus: 401)
        bench.fail(refusal)
        #expect(bench.calls.contains(.probe(.workbench, nil)))
        bench.answer(.alive, to: { $0.isNamed("probe") })
        #expect(bench.calls.contains { $0.isNamed("probe") && $0.component == .models })
        bench.fail(refusal, to: { $0.isNamed("probe") })
        #expect(self.down(bench) == [.models])
        #expect(bench.endings == [])
    }

    @Test("what fails while it is not clear whether the door is shut is its own part's afterwards")
    func suspectedDoor() {
        let bench = self.bench()
        bench.fail(CallFailure(.unauthorized, message: "who are you", httpStatus: 401), to: { $0.isNamed("readRun") })
        bench.fail(.cut, to: { $0.component == .models })
        #expect(bench.calls == [.probe(.workbench, nil)])
        bench.answer(.alive)
        #expect(Set(bench.calls.map(\.component)) == [.models, .experiments])
        #expect(bench.calls.allSatisfy { $0.isNamed("probe") })
    }
}
