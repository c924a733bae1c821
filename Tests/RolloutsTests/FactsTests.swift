// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Resolving believes the workbench: what an event says of project, experiment and run is a claim.
struct FactsTests {
    private func bench(_ change: (inout RunReference) -> Void) -> Bench {
        var plan = RolloutPlan.sample()
        plan.run = RunReference(projectID: "p", experimentID: "e", runID: "r1")
        change(&plan.run)
        let bench = Bench()
        bench.accept(.sample(plan: plan))
        return bench
    }

    private static let project = ProjectFacts(id: "p", name: "ml-production", owner: "alice")
    private static let experiment = ExperimentFacts(id: "e", projectID: "p", name: "churn")

    @Test("a project that is not called as the event says ends the rollout (S1)")
    func projectOfAnotherName() {
        let bench = self.bench { $0.projectName = "team-b-project" }
        bench.answer(.projects([Self.project]))
        let message = "the event names project 'p' 'team-b-project', the workbench names it 'ml-production'"
        #expect(bench.endings.map(\.cause) == [Cause(.contradiction, message)])
        #expect(bench.asked == ["readProject"])
    }

    @Test("an experiment that is not called as the event says ends the rollout (S1)")
    func experimentOfAnotherName() {
        let bench = self.bench { $0.experimentName = "iris-alex" }
        bench.answer(.projects([Self.project]))
        bench.answer(.experiments([Self.experiment]))
        let message = "the event names experiment 'e' 'iris-alex', the workbench names it 'churn'"
        #expect(bench.endings.map(\.cause) == [Cause(.contradiction, message)])
    }

    @Test("a name that the workbench does not confirm is none", arguments: ["", "Churn"])
    func unconfirmed(name: String) {
        let bench = self.bench { $0.projectName = "churn" }
        bench.answer(.projects([ProjectFacts(id: "p", name: name)]))
        #expect(bench.endings.map(\.cause?.class) == [.contradiction])
    }

    @Test("an experiment of a foreign project under the own project's id ends by name (S19)")
    func foreignExperiment() {
        let bench = self.bench { _ in }
        bench.answer(.projects([Self.project]))
        bench.answer(.experiments([ExperimentFacts(id: "e", projectID: "team-a", name: "churn")]))
        let message = "experiment 'e' belongs to project 'team-a', the event names project 'p'"
        #expect(bench.endings.map(\.cause) == [Cause(.contradiction, message)])
    }

    @Test("a run of a foreign experiment under the own one's id ends by name (S19)")
    func foreignRun() {
        let bench = self.bench { _ in }
        bench.answer(.projects([Self.project]))
        bench.answer(.experiments([Self.experiment]))
        var run = RunFacts.sample(1)
        run.experimentID = "of-team-a"
        bench.answer(.run(run))
        let message = "run 'r1' belongs to experiment 'of-team-a', the event names experiment 'e'"
        #expect(bench.endings.map(\.cause) == [Cause(.contradiction, message)])
    }

    @Test("another run than the one that was asked for ends the rollout")
    func anotherRun() {
        let bench = self.bench { _ in }
        bench.answer(.projects([Self.project]))
        bench.answer(.experiments([Self.experiment]))
        var run = RunFacts.sample(2)
        run.experimentID = "e"
        bench.answer(.run(run))
        #expect(bench.endings.map(\.cause?.class) == [.contradiction])
    }

    @Test("experiments of one name are told, and none is taken (S11)")
    func ambiguousExperiment() {
        let bench = self.bench { ($0.experimentID, $0.experimentName) = (nil, "churn") }
        bench.answer(.projects([Self.project]))
        bench.answer(.experiments(["e2", "e1"].map { ExperimentFacts(id: $0, projectID: "p", name: "churn") }))
        let message = "2 experiments of project 'p' are named 'churn': e1, e2"
        #expect(bench.endings.map(\.cause) == [Cause(.experimentAmbiguous, message)])
        #expect(CauseClass.experimentAmbiguous.nextStep.contains("by its id"))
    }

    /// A bench at which another rollout was told of the project under its old name, some seconds ago.
    private func staleBench(_ age: Double, _ change: (inout RunReference) -> Void) -> Bench {
        var plan = RolloutPlan.sample()
        plan.run = RunReference(projectID: "p", experimentID: "e", runID: "r1")
        change(&plan.run)
        let bench = Bench()
        let call = APICall.readProject(projectID: "p")
        bench.coordinator.sharedAnswers.learn(call, .projects([Self.project]), now: bench.now.monotonic)
        bench.pass(age)
        bench.accept(.sample(plan: plan))
        return bench
    }

    @Test("another one's answer of a while ago lets go on, and ends nothing")
    func renamed() {
        let bench = self.staleBench(20) { $0.projectName = "renamed" }
        #expect(bench.endings.isEmpty && bench.asked == ["readProject"])
        bench.answer(.projects([ProjectFacts(id: "p", name: "renamed", owner: "alice")]))
        #expect(bench.endings.isEmpty && bench.asked == ["readProject", "readExperiment"])
        // Where it fits it saves the call.
        #expect(self.staleBench(20) { $0.projectName = "ml-production" }.asked == ["readExperiment"])
        // A flood of events that contradict costs no flood of calls.
        #expect(self.staleBench(4) { $0.projectName = "renamed" }.endings.map(\.cause?.class) == [.contradiction])
    }

    @Test("another one's answer about an experiment, of a while ago, ends nothing either")
    func renamedExperiment() {
        var plan = RolloutPlan.sample()
        plan.run = RunReference(projectID: "p", experimentID: "e", experimentName: "renamed", runID: "r1")
        let bench = Bench()
        for (call, result) in [
            (APICall.readProject(projectID: "p"), CallResult.projects([Self.project])),
            (.readExperiment(projectID: "p", experimentID: "e"), .experiments([Self.experiment])),
        ] {
            bench.coordinator.sharedAnswers.learn(call, result, now: bench.now.monotonic)
        }
        bench.pass(20)
        bench.accept(.sample(plan: plan))
        #expect(bench.endings.isEmpty && bench.asked == ["readProject"])
        bench.answer(.projects([Self.project]))
        bench.answer(.experiments([ExperimentFacts(id: "e", projectID: "p", name: "renamed")]))
        #expect(bench.endings.isEmpty && bench.asked == ["readProject", "readExperiment", "readRun"])
    }

    @Test("an end below another one's answer of a while ago asks for all of it again, once")
    func madeAnew() {
        let bench = self.staleBench(20) { $0.experimentName = "churn" }
        let absent = CallFailure(.notFound, message: "GetExperiment: none", httpStatus: 404)
        bench.answer(.absent(absent))
        #expect(bench.asked == ["readExperiment", "readProject"] && bench.endings.isEmpty)
        bench.answer(.projects([Self.project]))
        bench.answer(.absent(absent))
        bench.pass(600)
        bench.answer(.absent(absent))
        #expect(bench.endings.map(\.cause?.class) == [.experimentNotFound])
        #expect(bench.asked.count(where: { $0 == "readProject" }) == 1)
    }

    @Test("what no rule has taken by its event, and the workbench does not show, no route wants")
    func undecided() {
        var plan = RolloutPlan.sample()
        (plan.route, plan.run) = ("", RunReference(projectID: "p", experimentID: "e", runID: "r1"))
        let bench = Bench()
        bench.accept(.sample(plan: plan))
        let words = CallFailure(.notFound, message: "GetProject: project p not found", httpStatus: 404)
        bench.answer(.absent(words))
        bench.pass(70)
        bench.answer(.absent(words))
        #expect(bench.endings.map(\.phase) == [.skipped])
        #expect(bench.endings.map(\.cause?.class) == [.noRoute])
    }

    @Test("the answer to another question is nobody else's")
    func misrouted() {
        let bench = self.bench { _ in }
        bench.answer(.projects([ProjectFacts(id: "other", name: "x")]))
        #expect(bench.endings.map(\.cause?.class) == [.contradiction])
        var plan = RolloutPlan.sample()
        plan.run = RunReference(projectID: "p", experimentID: "e", runID: "r2")
        bench.accept(.sample(2, plan: plan))
        #expect(bench.asked == ["readProject", "readProject"], "it asks for itself")
    }

    @Test("what is not there is told in the workbench's own words (A5)")
    func absent() {
        let words = CallFailure(.notFound, message: "GetProject: project p not found", httpStatus: 404)
        var results: [CallResult] = [.projects([Self.project]), .experiments([Self.experiment])]
        let wanted: [(CauseClass, String)] = [
            (.projectNotFound, "project 'p'"), (.experimentNotFound, "experiment 'e' in project 'p'"),
            (.runNotFound, "run 'r1' in project 'p', experiment 'e'"),
        ]
        for (number, (cause, what)) in wanted.enumerated() {
            let bench = self.bench { _ in }
            for result in results.prefix(number) { bench.answer(result) }
            // As long as reads may lag, it is asked again.
            bench.answer(.absent(words))
            #expect(bench.endings == [])
            bench.pass(70)
            bench.answer(.absent(words))
            let message = "there is no \(what); the workbench says: GetProject: project p not found"
            #expect(bench.endings.map(\.cause?.class) == [cause])
            #expect(bench.endings.first?.cause?.message.hasPrefix(message) == true)
            #expect(bench.endings.first?.cause?.httpStatus == 404)
        }
        results = []
    }

    // MARK: What is shared

    @Test("project and experiment are read once a minute, however many events name them")
    func shared() {
        let bench = Bench()
        for number in 1...20 {
            var plan = RolloutPlan.sample(run: "r\(number)", model: "m\(number)")
            (plan.run.projectID, plan.run.experimentID) = ("p", "e")
            bench.accept(.sample(number, plan: plan))
        }
        #expect(bench.asked == ["readProject"])
        bench.answer(.projects([Self.project]))
        #expect(bench.asked == ["readProject", "readExperiment"])
        bench.answer(.experiments([Self.experiment]))
        #expect(bench.asked.count { $0 == "readRun" } == 20)
        bench.pass(59)
        var plan = RolloutPlan.sample(run: "r21", model: "m21")
        (plan.run.projectID, plan.run.experimentID) = ("p", "e")
        bench.accept(.sample(21, plan: plan))
        #expect(bench.asked.count { $0 == "readProject" } == 1)
        bench.pass(2)
        bench.accept(.sample(22, plan: plan))
        #expect(bench.asked.count { $0 == "readProject" } == 2)
    }

    @Test("who waits for another one's answer asks when that one fails")
    func sharedFailure() {
        let bench = Bench()
        for number in 1...2 {
            var plan = RolloutPlan.sample(run: "r\(number)", model: "m\(number)")
            plan.run.projectID = "p"
            bench.accept(.sample(number, plan: plan))
        }
        bench.fail(CallFailure(.forbidden, message: "no right", httpStatus: 403))
        #expect(bench.endings.count == 1)
        #expect(bench.calls == [.readProject(projectID: "p")])
    }

    @Test("answers are kept for a minute, and no more than a bound of them")
    func bound() {
        var shared = SharedAnswers()
        for number in 0..<(2 * SharedAnswers.limit) {
            let now = MonotonicTime(nanoseconds: Int64(number))
            let facts = ProjectFacts(id: "p\(number)", name: "n")
            shared.learn(.readProject(projectID: facts.id), .projects([facts]), now: now)
        }
        #expect(shared.count == SharedAnswers.limit)
        let last = APICall.readProject(projectID: "p\(2 * SharedAnswers.limit - 1)")
        #expect(shared.answer(to: .readProject(projectID: "p0"), notBefore: nil, now: .zero) == nil)
        #expect(shared.answer(to: last, notBefore: nil, now: .zero + .seconds(59)) != nil)
        #expect(shared.answer(to: last, notBefore: nil, now: .zero + .seconds(61)) == nil)
        // What names more than one thing, or none, is asked for again.
        shared.learn(.findProject(name: "n"), .projects([]), now: .zero)
        shared.learn(
            .findExperiment(projectID: "p", name: "n"),
            .experiments([Self.experiment, Self.experiment]),
            now: .zero
        )
        shared.learn(.findRuntime(.identifier("i")), .runtime(identifier: nil), now: .zero)
        #expect(shared.answer(to: .findProject(name: "n"), notBefore: nil, now: .zero) == nil)
        #expect(shared.answer(to: .findExperiment(projectID: "p", name: "n"), notBefore: nil, now: .zero) == nil)
        #expect(shared.answer(to: .findRuntime(.identifier("i")), notBefore: nil, now: .zero) == nil)
    }

    @Test("an image that is not enabled is no runtime, whoever has chosen it (S16)")
    func runtime() {
        var plan = RolloutPlan.sample()
        plan.runtime = .identifier("evil.registry.example/backdoor:latest")
        let bench = Bench()
        bench.accept(.sample(plan: plan))
        bench.answerAll { $0.isNamed("findRuntime") }
        bench.answer(.runtime(identifier: nil))
        #expect(bench.endings.map(\.cause?.class) == [.runtimeNotFound])
        #expect(bench.endings.first?.cause?.message.contains("evil.registry.example/backdoor:latest") == true)
        #expect(!bench.asked.contains("createBuild"))
    }
}
