// SPDX-License-Identifier: Apache-2.0

/// One rollout in memory: what is journalled, and where it stands between two records.
///
/// Everything but `state` is rebuilt from it after a restart.
package struct Rollout: Sendable {
    /// What it is doing now.
    package enum Activity: Sendable, Equatable {
        /// Wants to make a call. Next: `calling`, `committing` or `parked`.
        case ready(APICall)
        /// Holds a slot of the budget while the intent of a creating call is being committed. Next: `calling`.
        case committing(APICall)
        /// A call is under way. Next: any.
        case calling(APICall)
        /// Waits until a time. Next: any.
        case waiting
        /// Waits until a component is back, or until it is clear whether it is down. Next: any.
        case parked(Component)
        /// Waits for its turn among the rollouts of its model. Next: any.
        case queued
        /// Its terminal record is being committed. Next: gone.
        case ending
    }

    /// The journalled part.
    package var state: RolloutState
    /// What it is doing now.
    package var activity: Activity = .waiting
    /// The run reference, completed while it is being resolved.
    package var reference: RunReference
    /// Failures of this step that count.
    package var attempts = 0
    /// A failure that counts only if the component turns out to be up.
    package var suspectedFailure: Cause?
    /// What the newest poll found in the way.
    package var obstacle: Cause?
    /// Polls of this step.
    package var polls = 0
    /// Whether this step has looked for what an earlier attempt made, and knows that there is nothing.
    package var hasLooked = false
    /// Whether what this step made or adopted is ready.
    package var isReady = false
    /// Whether it is its turn in the lane.
    package var isHead = false
    /// A call of unknown outcome may still have an effect until then: no creating before it.
    package var uncertainUntil: MonotonicTime?
    /// When the step must have ended, on the clock that stands still during outages.
    package var deadline: MonotonicTime = .zero
    /// Counts the waits, so that an old timer is known to be old.
    package var token: UInt32 = 0
    /// The run's facts, while gates may need them.
    package var facts: RunFacts?
    /// The facts of the run that is deployed, while gates may need them.
    package var deployedFacts: RunFacts?

    /// Takes a state, new or from the journal.
    package init(_ state: RolloutState) {
        self.state = state
        self.reference = state.plan.run
    }

    /// Its id.
    package var id: RolloutID { self.state.id }

    /// Whether some gate compares it with the run that is deployed.
    package var hasComparingGates: Bool { self.state.plan.gates.contains { $0.betterThanDeployed != nil } }

    /// The lane it belongs to, once resolved.
    package var laneKey: Lane.Key? {
        self.state.run.map { Lane.Key(projectID: $0.projectID, modelName: self.state.plan.modelName) }
    }

    /// Goes on to a step with a clean slate.
    package mutating func advance(to step: RolloutStep, at now: Now, activeTime: MonotonicTime) {
        self.state.step = step
        self.state.stepAt = now.wallMilliseconds
        self.attempts = 0
        self.polls = 0
        self.hasLooked = false
        self.isReady = false
        self.uncertainUntil = nil
        self.suspectedFailure = nil
        self.obstacle = nil
        self.deadline = activeTime + .milliseconds(self.allowedMilliseconds)
    }

    /// How long the step may take.
    package var allowedMilliseconds: Int64 {
        let deadlines = self.state.plan.deadlines
        return switch self.state.step {
        case .resolve, .lane, .finished: deadlines.resolve
        case .register, .model: deadlines.register
        case .build: deadlines.build
        case .deploy: deadlines.deploy
        case .verify: deadlines.verify
        }
    }

    /// The phase that tells people about the step, where it has one.
    package var phaseOfStep: Phase? {
        switch self.state.step {
        case .resolve, .finished: nil
        case .lane: .queued
        case .register, .model: .registering
        case .build: .building
        case .deploy: .deploying
        case .verify: .verifying
        }
    }
}
