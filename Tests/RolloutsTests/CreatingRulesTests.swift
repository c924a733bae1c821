// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// The four creating steps, each described once.
struct CreatingRulesTests {
    private static var made: MadeObjects {
        var made = MadeObjects()
        made.registeredModelID = "rm"
        made.versionID = "v"
        made.modelID = "m"
        made.runtimeIdentifier = "runtime"
        made.buildID = "b"
        made.deploymentID = "d"
        return made
    }

    /// A rollout at a step, with all that earlier steps have left for it.
    private static func rollout(at step: RolloutStep) -> Rollout {
        var state = RolloutState.sample()
        state.run = .sample(1)
        state.step = step
        state.made = self.made
        switch step {
        case .register: state.made = MadeObjects()
        case .model: state.made.modelID = nil
        case .build: state.made.buildID = nil
        case .deploy: state.made.deploymentID = nil
        case .resolve, .lane, .verify, .finished: break
        }
        let rollout = Rollout(state)
        rollout.isHead = true
        return rollout
    }

    private static let creating: [RolloutStep] = [.register, .model, .build, .deploy]

    @Test func everyThingThatCanBeMadeHasAStep() {
        #expect(RolloutStep.allCases.compactMap(\.makes) == CreatingStep.allCases)
    }

    @Test(arguments: creating)
    func aStepCreatesWhatItSays(step: RolloutStep) {
        guard case .create(let call, let made) = Self.rollout(at: step).nextMove(live: nil) else {
            Issue.record("it does not create")
            return
        }
        #expect(call.creatingStep == made)
        #expect(made == step.makes)
    }

    @Test(arguments: creating)
    func aStepThatOwesALookAsksSomethingOfTheComponentThatItCreatesIn(step: RolloutStep) {
        let rollout = Self.rollout(at: step)
        guard case .create(let creating, _) = rollout.nextMove(live: nil) else {
            Issue.record("it does not create")
            return
        }
        rollout.look = .owed
        guard case .call(let look) = rollout.nextMove(live: nil) else {
            Issue.record("it does not look")
            return
        }
        #expect(look.isLook)
        #expect(look.component == creating.component)
    }

    @Test(arguments: creating)
    func aStepWithoutWhatItNeedsGoesBack(step: RolloutStep) {
        let rollout = Self.rollout(at: step)
        rollout.state.run = nil
        guard case .advance(let back) = rollout.nextMove(live: nil) else {
            Issue.record("it goes on without a run")
            return
        }
        let order = RolloutStep.allCases
        #expect(order.firstIndex(of: back) ?? 0 < order.firstIndex(of: step) ?? 0)
    }

    @Test(arguments: creating)
    func aStepWhoseThingIsReadyGoesOn(step: RolloutStep) {
        let rollout = Self.rollout(at: step)
        rollout.state.made = Self.made
        rollout.isReady = true
        let next: Rollout.Move =
            switch step {
            case .register: .advance(to: .model)
            case .model: .advance(to: .build)
            case .build: .advance(to: .deploy)
            case .deploy, .resolve, .lane, .verify, .finished: .finish(.deployed, nil)
            }
        #expect(rollout.nextMove(live: nil) == next)
    }

    /// A second model of a name is refused, so only that one leaves nothing to be looked for.
    @Test(arguments: CreatingStep.allCases)
    func whatMayBeLeftBehindIsSearchedFor(step: CreatingStep) {
        var state = Self.rollout(at: .verify).state
        #expect((step.rules.search(for: state) == nil) == (step == .model))
        state.run = nil
        #expect(step.rules.search(for: state) == nil)
    }
}
