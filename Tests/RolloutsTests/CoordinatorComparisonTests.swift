// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Rule 13: whose fault a failure is while the workbench itself answers.
struct CoordinatorComparisonTests {
    private static let page = CallFailure(
        .inBetween,
        message: "ListX: somebody in between answers: no",
        httpStatus: 403
    )

    private func bench(models: Int) -> Bench {
        let bench = Bench()
        for number in 1...models {
            bench.accept(.sample(number, plan: .sample(run: "r\(number)", model: "model-\(number)")))
        }
        return bench
    }

    /// Brings all rollouts to one call, and lets it fail for each while the probe is answered.
    private func failAll(_ bench: Bench, _ count: Int, _ failure: CallFailure) {
        bench.answerAll(until: { $0.isNamed("createModel") })
        for _ in 0..<count { bench.fail(failure) }
        bench.answer(.alive)
    }

    @Test("what fails for everybody uses no attempts; one goes on, another model's each time")
    func canaries() {
        let bench = self.bench(models: 3)
        self.failAll(bench, 3, Self.page)
        var canaries: [String] = []
        for _ in 0..<6 {
            bench.pass(30)
            #expect(bench.calls.count == 1)
            guard case .createModel(let request)? = bench.calls.first else {
                Issue.record("no canary: \(bench.calls)")
                return
            }
            canaries.append(request.name)
            bench.fail(Self.page)
            bench.answer(.alive)
        }
        #expect(Set(canaries).count == 3)
        #expect(zip(canaries, canaries.dropFirst()).allSatisfy { $0 != $1 })
        #expect(bench.endings == [])
    }

    @Test("a success of one lets all go on")
    func released() {
        let bench = self.bench(models: 3)
        self.failAll(bench, 3, Self.page)
        bench.pass(1)
        bench.answer(.model(ModelFacts(modelID: "m", registeredModelID: "rm")))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed, .deployed])
    }

    @Test("who is refused alone ends after its attempts, by name, and holds up nobody")
    func refusedAlone() {
        let bench = self.bench(models: 1)
        bench.answerAll(until: { $0.isNamed("createModel") })
        var tries = 0
        while bench.endings.isEmpty, tries < 20 {
            bench.fail(Self.page)
            bench.succeedForOthers("createModel")
            bench.answer(.alive)
            bench.pass(31)
            tries += 1
        }
        #expect(tries == RetryPolicy().maximumAttempts)
        #expect(bench.endings.map(\.cause?.class) == [.refusedInBetween])
        #expect(bench.endings.map(\.cause?.httpStatus) == [403])
        bench.accept(.sample(2, plan: .sample(run: "r2", model: "model-2")))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.failed, .deployed])
    }

    @Test(
        "alone in the world it tries until its step's time is up, and ends with its name",
        arguments: [
            (Self.page, CauseClass.refusedInBetween), (.cut, .unavailable),
        ]
    )
    func alone(failure: CallFailure, name: CauseClass) {
        let bench = self.bench(models: 1)
        bench.answerAll(until: { $0.isNamed("createModel") })
        let began = bench.now.monotonic
        var tries = 0
        while bench.endings.isEmpty, tries < 1_000 {
            bench.fail(failure)
            bench.answer(.alive)
            tries += 1
            bench.pass(31)
        }
        #expect(self.waitingStatuses(bench) > 0)
        #expect(bench.endings.map(\.cause?.class) == [name])
        let took = bench.now.monotonic - began
        #expect(took >= .seconds(300))
        #expect(took < .seconds(1_000))
    }

    @Test("a probe that fails, too, takes nothing from the step's time")
    func probed() {
        let bench = self.bench(models: 1)
        bench.answerAll(until: { $0.isNamed("createModel") })
        for _ in 0..<100 {
            bench.fail(Self.page)
            bench.pass(60)
        }
        #expect(bench.outages.map { $0?.class } == [.unavailable])
        #expect(bench.endings == [])
        bench.answer(.alive)
        bench.pass(1)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test("a rollout of another model that comes to a stalled call tries at once")
    func newcomer() {
        let bench = self.bench(models: 1)
        self.failAll(bench, 1, Self.page)
        bench.accept(.sample(2, plan: .sample(run: "r2", model: "model-2")))
        bench.answerAll(until: { $0.isNamed("createModel") })
        guard case .createModel(let request)? = bench.calls.first else {
            Issue.record("it waits: \(bench.calls)")
            return
        }
        #expect(request.name == "model-2")
    }

    @Test("whose partition is given away while it waits for a canary is forgotten")
    func partitionGone() {
        let bench = self.bench(models: 2)
        self.failAll(bench, 2, Self.page)
        bench.coordinator.release(partition: 0)
        bench.pass(120)
        #expect(bench.calls == [])
        #expect(bench.coordinator.stalls.isEmpty)
    }

    @Test("what may have had an effect is looked for at once, whoever else fails (rule 6)")
    func looksAtOnce() {
        let bench = self.bench(models: 5)
        self.failAll(bench, 5, .cut)
        bench.pass(2)
        #expect(bench.calls.map(\.name) == Array(repeating: "findModel", count: 5))
        while bench.calls.first?.isNamed("findModel") == true {
            bench.answer(.model(ModelFacts(modelID: "m", registeredModelID: "rm")))
        }
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == Array(repeating: .deployed, count: 5))
    }

    @Test("an outage takes nothing from the time of those that wait for a canary")
    func outage() {
        let bench = self.bench(models: 3)
        self.failAll(bench, 3, Self.page)
        bench.pass(1)
        for _ in 0..<50 {
            bench.fail(.cut)
            bench.pass(60)
        }
        #expect(bench.outages.map { $0?.class } == [.unavailable])
        #expect(bench.endings == [])
        bench.answer(.alive)
        for _ in 0..<5 {
            bench.pass(31)
            bench.answerAll()
        }
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed, .deployed])
    }

    @Test("a refusal by the workbench itself shows that calls get through: nobody waits any more")
    func refusedByTheWorkbench() {
        let bench = self.bench(models: 3)
        self.failAll(bench, 3, Self.page)
        bench.pass(1)
        bench.fail(CallFailure(.forbidden, message: "not you", httpStatus: 403))
        #expect(bench.endings.map(\.cause?.class) == [.forbidden])
        #expect(bench.calls.map(\.name) == ["createModel", "createModel"])
    }

    @Test("who waited long for its turn has the step's full time when it comes")
    func turn() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.accept(.sample(2, plan: .sample(run: "r2")))
        bench.answerAll(leaving: { $0.isNamed("createBuild") })
        #expect(bench.rollout(2)?.activity == .queued)
        bench.pass(1_000)
        bench.answerAll(until: { $0.isNamed("registerVersion") })
        #expect(bench.rollout(2).map { $0.deadline > bench.now.monotonic } == true)
    }

    private func waitingStatuses(_ bench: Bench) -> Int {
        bench.records.count { $0.publishes && $0.rollout.phase == .waiting }
    }

    @Test("what waits for a canary for a moment tells nobody; what waits longer says so")
    func toldLater() {
        let bench = self.bench(models: 40)
        self.failAll(bench, 40, Self.page)
        #expect(self.waitingStatuses(bench) == 0)
        bench.pass(1)
        bench.answer(.model(ModelFacts(modelID: "m", registeredModelID: "rm")))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == Array(repeating: .deployed, count: 40))
        #expect(self.waitingStatuses(bench) == 0)

        let longer = self.bench(models: 40)
        self.failAll(longer, 40, Self.page)
        for _ in 0..<60 {
            longer.pass(1)
            longer.fail(Self.page)
            longer.answer(.alive)
        }
        // A canary that has tried says so again.
        #expect((40...60).contains(self.waitingStatuses(longer)))
        let told = longer.records.filter { $0.publishes && $0.rollout.phase == .waiting }.map(\.rollout.id)
        #expect(Set(told).count == 40)
    }

    /// Two models in two partitions that fail alike, and the canary's model once it is sent.
    private func canary(_ bench: Bench) -> (partition: Partition, model: String) {
        for number in 0...1 {
            let plan = RolloutPlan.sample(run: "r\(number + 1)", model: "model-\(number)")
            bench.accept(.sample(number, partition: Partition(rawValue: Int32(number)), plan: plan))
        }
        self.failAll(bench, 2, Self.page)
        bench.holdsCommits = true
        bench.pass(2)
        let number = (0...1).first { if case .committing? = bench.rollout($0)?.activity { true } else { false } } ?? 0
        return (Partition(rawValue: Int32(number)), "model-\(number)")
    }

    @Test("where the canary's partition is given away another model's rollout becomes canary at once")
    func canaryLeaves() {
        for isReleased in [true, false] {
            let bench = Bench(holds: [0, 1])
            let canary = self.canary(bench)
            if isReleased {
                bench.coordinator.release(partition: canary.partition)
            } else {
                bench.coordinator.leave([canary.partition])
            }
            bench.pass(0.1)
            bench.commit()
            guard case .createModel(let request)? = bench.calls.last else {
                Issue.record("no canary: \(bench.calls), released: \(isReleased)")
                continue
            }
            #expect(request.name != canary.model)
        }
    }

    @Test func successesAreKnownForTwoSubjects() {
        let (one, other) = (Subject.rollout(RolloutID(1)), Subject.rollout(RolloutID(2)))
        var successes = Successes(one, at: at(1).monotonic)
        #expect(!successes.hasAnother(than: one, since: .zero))
        #expect(successes.hasAnother(than: other, since: at(1).monotonic))
        #expect(!successes.hasAnother(than: other, since: at(2).monotonic))
        successes.note(other, at: at(5).monotonic)
        successes.note(other, at: at(6).monotonic)
        #expect(successes.hasAnother(than: one, since: at(6).monotonic))
        #expect(successes.hasAnother(than: other, since: at(1).monotonic))
        #expect(!successes.hasAnother(than: other, since: at(2).monotonic))
    }
}
