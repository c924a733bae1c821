// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

struct OutageTests {
    private let cause = Cause(.unavailable, "down")

    @Test
    func onlyTheFirstFailureAsksForAProbe() {
        var outage = Outage()
        #expect(outage.allowsCalls)
        #expect(outage.suspect(self.cause) == true)
        #expect(outage.suspect(self.cause) == false)
        #expect(!outage.allowsCalls)
        #expect(outage.cause == nil, "a suspicion is no outage")
        #expect(outage.nextProbe == nil)
    }

    @Test
    func aProbeThatIsAnsweredEndsASuspicion() {
        var outage = Outage()
        _ = outage.suspect(self.cause)
        #expect(outage.probeSucceeded(now: at(1)) == .falseAlarm)
        #expect(outage.state == .up)
    }

    @Test
    func goesDownWithTheFirstFailedProbeAndComesBackWithTheFirstAnswer() {
        var outage = Outage()
        _ = outage.suspect(self.cause)
        #expect(outage.probeFailed(self.cause, now: at(1), delay: .seconds(2)) == .wentDown)
        #expect(outage.cause == self.cause)
        #expect(outage.nextProbe == at(3).monotonic)
        #expect(outage.suspect(self.cause) == false)
        outage.probeStarted()
        #expect(outage.nextProbe == nil, "one probe at a time")
        #expect(outage.probeFailed(Cause(.unauthorized, "no"), now: at(4), delay: .seconds(4)) == .stillDown)
        #expect(outage.failedProbes == 2)
        #expect(outage.cause?.class == .unauthorized)
        outage.probeStarted()
        #expect(outage.probeSucceeded(now: at(9)) == .cameBack(.seconds(8)))
        #expect(outage.allowsCalls)
        #expect(outage.failedProbes == 0)
    }
}

struct RetryPolicyTests {
    @Test
    func pollsGetRarerUpToTheLongestInterval() {
        let policy = RetryPolicy(pollMinimum: .seconds(2), pollMaximum: .seconds(15))
        var random = SeededGenerator(seed: 1)
        for polls in 0..<40 {
            let ideal = min(2 * (0..<min(polls, 20)).reduce(1.0) { value, _ in value * 1.5 }, 15)
            let interval = policy.pollInterval(afterPolls: polls, using: &random)
            #expect(interval >= seconds(ideal * 0.89) && interval <= seconds(ideal * 1.11))
        }
    }

    @Test
    func noIntervalIsNoIntervalAtAll() {
        let policy = RetryPolicy(pollMinimum: .zero, pollMaximum: .zero)
        var random = SeededGenerator(seed: 1)
        #expect(policy.pollInterval(afterPolls: 3, using: &random) == .zero)
    }
}

struct KnownRolloutsTests {
    private func second(_ number: Int) -> Timestamp { Timestamp(millisecondsSinceEpoch: Int64(number) * 1_000) }

    @Test
    func saysWhatIsNew() {
        var known = KnownRollouts()
        #expect(known.insert(RolloutID(1)) == true)
        #expect(known.insert(RolloutID(1)) == false)
        #expect(known.contains(RolloutID(1)))
        #expect(!known.contains(RolloutID(2)))
        _ = known.insert(RolloutID(2))
        #expect(known.count == 2)
    }

    @Test
    func whatIsForgottenIsNewAgain() {
        var known = KnownRollouts()
        for number in 1...1_000 {
            _ = known.insert(RolloutID(number))
            if number % 2 == 0 { known.end(RolloutID(number), at: self.second(number)) }
        }
        #expect(known.ended(before: self.second(501), limit: 3) == [RolloutID(2), RolloutID(4), RolloutID(6)])
        let old = known.ended(before: self.second(501), limit: 1_000)
        #expect(old.count == 250)
        for id in old { known.forget(id) }
        #expect(known.count == 750)
        #expect(known.ended(before: self.second(501), limit: 1_000) == [])
        for number in 1...1_000 {
            let isForgotten = number % 2 == 0 && number <= 500
            #expect(known.contains(RolloutID(number)) != isForgotten)
        }
        #expect(known.insert(RolloutID(2)) == true)
    }

    @Test func aFailedOneIsToldOnceWhenItsEventComesAgain() {
        var known = KnownRollouts()
        for number in 1...3 { _ = known.insert(RolloutID(number)) }
        known.end(RolloutID(1), at: self.second(1), isFailed: true)
        known.end(RolloutID(2), at: self.second(1))
        known.restore(RolloutID(4), endedAt: self.second(1), isFailed: true)
        #expect((1...4).map { known.isFailedAndAskedForAgain(RolloutID($0)) } == [true, false, false, true])
        #expect((1...4).allSatisfy { !known.isFailedAndAskedForAgain(RolloutID($0)) })
    }

    /// The same answers as a set gives, whatever the order of insertions and removals.
    @Test
    func answersAsASetDoes() {
        var random = SeededGenerator(seed: 3)
        var known = KnownRollouts()
        var ids: Set<RolloutID> = []
        for _ in 0..<20_000 {
            let id = RolloutID(Int.random(in: 1...600, using: &random))
            if Bool.random(using: &random) {
                #expect(known.insert(id) == ids.insert(id).inserted)
            } else {
                known.forget(id)
                ids.remove(id)
            }
            #expect(known.contains(id) == ids.contains(id))
            #expect(known.count == ids.count)
        }
    }

    @Test
    func aMillionRolloutsNeedLessThan40BytesEach() {
        var known = KnownRollouts()
        var random = SeededGenerator(seed: 1)
        for _ in 0..<1_000_000 {
            _ = known.insert(RolloutID(high: random.next(), low: random.next()))
        }
        #expect(known.count == 1_000_000)
        #expect(known.sizeBytes <= 40 * 1_000_000)
    }
}

struct RunKeyTests {
    private let run = ResolvedRun.sample(1)

    @Test
    func everyPartOfTheKeyCounts() {
        var runs = [self.run, self.run, self.run, self.run]
        runs[1].projectID = "projecte"
        runs[2].experimentID = "e"
        runs[3].order.runID = "r"
        var keys = runs.map { RunKey($0, modelName: "m", replayID: nil, topic: "t") }
        keys.append(RunKey(self.run, modelName: "n", replayID: nil, topic: "t"))
        keys.append(RunKey(self.run, modelName: "m", replayID: "", topic: "t"))
        keys.append(RunKey(self.run, modelName: "m", replayID: "x", topic: "t"))
        keys.append(RunKey(self.run, modelName: "m", replayID: nil, topic: "u"))
        #expect(Set(keys.map(\.digest)).count == keys.count)
    }

    @Test
    func textsThatMoveFromOneFieldToTheNextMakeAnotherKey() {
        var first = self.run
        var second = self.run
        (first.projectID, first.experimentID) = ("ab", "c")
        (second.projectID, second.experimentID) = ("a", "bc")
        let keys = [first, second].map { RunKey($0, modelName: "m", replayID: nil, topic: "t") }
        #expect(keys[0].digest != keys[1].digest)
    }

    @Test
    func theStartTimeDoesNotCount() {
        var other = self.run
        other.order.start = other.order.start.advanced(by: .milliseconds(1))
        let keys = [self.run, other].map { RunKey($0, modelName: "m", replayID: nil, topic: "t") }
        #expect(keys[0].digest == keys[1].digest)
    }
}
