// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Rollouts whose model's name needs facts of the run: they are owned by their id first, and by their model then.
struct MovingTests {
    private static let count = 8
    private static let owner = Ownership.owner(of: "m-r1", count: count)
    private static let other = Partition(rawValue: (owner.rawValue + 1) % 8)

    private func bench(holds partitions: [Partition]) -> Bench {
        Bench(policy: Coordinator.Policy(inboxPartitions: Self.count), holds: partitions)
    }

    private func pending(_ partition: Partition, template: String = "m-{runId}") -> RolloutState {
        var plan = RolloutPlan.sample(run: nil, model: "")
        plan.naming = PendingName(template: template, subject: nil)
        return .sample(1, partition: partition, plan: plan)
    }

    /// A rollout that has moved, as the owner's intake reads it.
    private func moved() throws -> RolloutState {
        let bench = self.bench(holds: [Self.other])
        bench.accept(self.pending(Self.other))
        bench.answer(.run(.sample(1)))
        var state = try #require(bench.moves.first).rollout
        state.partition = Self.owner
        return state
    }

    @Test func aRolloutWhoseOwnerIsTheSameStays() {
        let bench = self.bench(holds: [Self.owner])
        bench.accept(self.pending(Self.owner))
        bench.answer(.run(.sample(1)))
        bench.answerAll()
        #expect(bench.moves == [])
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.plan.modelName == "m-r1")
        #expect(bench.records.last?.lane?.modelName == "m-r1")
    }

    @Test func aRolloutOfAnotherOwnersModelIsPassedOnWhole() throws {
        let bench = self.bench(holds: [Self.other])
        bench.holdsCommits = true
        bench.accept(self.pending(Self.other))
        bench.answer(.run(.sample(1)))
        let move = try #require(bench.moves.first)
        #expect(move.to == Self.owner)
        #expect(move.rollout.partition == Self.other)
        #expect(move.rollout.movedFrom == Self.other)
        #expect(move.rollout.plan.modelName == "m-r1")
        // "The newest" may be another run by the time at which it is read again.
        #expect(move.rollout.plan.run.runID == "r1")
        #expect(move.rollout.run == nil)
        #expect(bench.records == [], "its status is told where it goes on")
        #expect(bench.calls == [])
        #expect(bench.coordinator.unfinishedCount == 1)
        bench.commit()
        #expect(bench.coordinator.unfinishedCount == 0)
        #expect(bench.isKnown(1, partition: Self.other), "its event is not accepted a second time")
    }

    @Test func aRolloutGoesOnOnceWhereItHasMoved() throws {
        let state = try self.moved()
        let bench = self.bench(holds: [Self.owner])
        #expect(bench.canMoveIn(state))
        bench.moveIn(state)
        #expect(!bench.canMoveIn(state), "it is read a second time")
        bench.answerAll()
        #expect(!bench.canMoveIn(state))
        #expect(bench.endings.map(\.phase) == [.deployed])
        // An earlier owner has worked at it, so that it looks at every step.
        #expect(
            bench.asked.filter { $0.hasPrefix("find") } == ["findVersion", "findModel", "findBuild", "findDeployment"]
        )
        #expect(bench.moves == [])
    }

    @Test func theSequenceGoesOnWhereItHasMoved() throws {
        let bench = self.bench(holds: [Self.owner])
        bench.moveIn(try self.moved())
        bench.answerAll()
        #expect(bench.records.filter(\.publishes).map(\.rollout.sequence) == [2, 3, 4, 5])
    }

    /// One worker holds both partitions, and reads its own move before it hears that it is committed.
    @Test func aMoveBetweenTwoPartitionsOfOneWorkerIsTakenWhileItIsUnderWay() throws {
        let bench = self.bench(holds: [Self.owner, Self.other])
        bench.holdsCommits = true
        bench.accept(self.pending(Self.other))
        bench.answer(.run(.sample(1)))
        var state = try #require(bench.moves.first).rollout
        state.partition = Self.owner
        #expect(bench.canMoveIn(state))
        bench.moveIn(state)
        bench.holdsCommits = false
        bench.commit()
        #expect(bench.coordinator.unfinishedCount == 1)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.map(\.partition) == [Self.owner])
        #expect(bench.coordinator.unfinishedCount == 0)
    }

    @Test func aRolloutMovesOnceAndThenContradictsItself() throws {
        var state = try self.moved()
        state.plan.run.runID = nil
        let bench = self.bench(holds: [Self.owner])
        bench.moveIn(state)
        // The facts are of another run now, whose model another partition owns.
        let number = try #require((2...99).first { Ownership.owner(of: "m-r\($0)", count: Self.count) != Self.owner })
        bench.answer(.run(.sample(number)))
        #expect(bench.moves == [])
        #expect(bench.endings.map(\.cause?.class) == [.contradiction])
        #expect(bench.endings.first?.cause?.message.contains("m-r\(number)") == true)
    }

    @Test func aMoveThatDoesNotFitEndsWhereItIsKnown() {
        let bench = self.bench(holds: [Self.other])
        bench.holdsCommits = true
        bench.accept(self.pending(Self.other))
        bench.answer(.run(.sample(1)))
        bench.refuseMove()
        bench.commit()
        #expect(bench.endings.map(\.cause?.class) == [.recordTooLarge])
        #expect(bench.coordinator.unfinishedCount == 0)
    }

    @Test func aNameThatTheFactsDoNotGiveEndsTheRollout() {
        let bench = self.bench(holds: [Self.other])
        bench.accept(self.pending(Self.other, template: "{subject}-{runId}"))
        bench.answer(.run(.sample(1)))
        #expect(bench.endings.map(\.cause?.class) == [.invalidName])
    }

    @Test func aPartitionThatIsReleasedTakesItsMoveAlong() {
        let bench = self.bench(holds: [Self.other])
        bench.holdsCommits = true
        bench.accept(self.pending(Self.other))
        bench.answer(.run(.sample(1)))
        bench.coordinator.release(partition: Self.other)
        bench.commit()
        #expect(bench.coordinator.unfinishedCount == 0)
        #expect(bench.coordinator.workUnderWay == 0)
    }
}
