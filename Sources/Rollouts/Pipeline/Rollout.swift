// SPDX-License-Identifier: Apache-2.0

package import Values

/// One rollout in memory: what is journalled, and where it stands between two records.
///
/// Everything but `state` is rebuilt from it after a restart. Changed in place, in the coordinator's table: there is one of
/// each, so that no change to a copy can be forgotten.
package final class Rollout {
    /// What it is doing now.
    package enum Activity: Sendable, Equatable {
        /// Wants to make a call. Next: `calling`, `committing` or `parked`.
        indirect case ready(APICall)
        /// Holds a place of the budget while the intent of a creating call is being committed. Next: `cleared`.
        indirect case committing(APICall)
        /// Holds its place until there is a slot for the creating call, which must be made while its intent is fresh. Next:
        /// `calling`, or `committing` again.
        indirect case cleared(APICall, CommittedIntent)
        /// A call is under way. Next: any.
        indirect case calling(APICall)
        /// Waits until a time. Next: any.
        case waiting
        /// Waits until a component is back, or until it is clear whether it is down. Next: any.
        case parked(Component)
        /// Waits until a call that fails for everybody has succeeded for somebody, or for its turn to try. Next: any.
        indirect case stalled(String)
        /// Waits for its turn among the rollouts of its model. Next: any.
        case queued
        /// Waits until its lane's journal record can be read. Next: gone (the partition is restored anew).
        case laneParked
        /// It is being passed on to the partition that owns its model. Next: gone.
        case moving
        /// Its terminal record is being committed. Next: gone.
        case ending

        /// Whether it holds a place of the budget.
        var holdsPlace: Bool {
            switch self {
            case .committing, .cleared: true
            case .ready, .calling, .waiting, .parked, .stalled, .queued, .laneParked, .moving, .ending: false
            }
        }
    }

    /// Whether a step has to look before it creates.
    package enum Look: Sendable, Equatable {
        /// There can be no earlier attempt: the owner's own first. Next: `owed`.
        case notOwed
        /// There can be one. Next: `done`.
        case owed
        /// There was none, as a look after the last moment of it has shown. Next: `owed`.
        case done
    }

    /// Whether a step that has made something looks for more of it (rule 16).
    package enum TwinLook: Sendable, Equatable {
        /// Not now. Next: `owed`, `checking`.
        case notOwed
        /// Its creation has succeeded: a gateway may have sent it on twice. Next: `notOwed`.
        case owed
        /// What it has made has failed or was displaced, perhaps by a twin that lives. Next: `notOwed`, or the end.
        case checking

        var isDue: Bool { self != .notOwed }
    }

    /// A call that failed as if its component were down.
    package struct Suspicion: Sendable, Equatable {
        /// The call's name.
        var call: String
        /// What must be up for the call.
        var component: Component
        /// Why it failed.
        var cause: Cause
        /// When it began.
        var startedAt: MonotonicTime
        /// Whether it creates nothing.
        var isReading: Bool
        /// By how much the step's deadline was moved, so that its outcome can be waited for.
        var excused: Span
    }

    /// A try of a call that fails for others, too.
    package struct Trial: Sendable, Equatable {
        /// The call's name.
        var call: String
        /// When it began.
        var at: MonotonicTime
        /// Whether the rollout may make the call though others wait.
        var isCanary = false
        /// Whether it has not failed yet.
        var isFirst = false
    }

    /// Behind one pointer: few rollouts are ever in trouble, and many wait in memory.
    private struct Trouble: Sendable {
        var suspicion: Suspicion?
        var trial: Trial?
        var waitCause: Cause?
        var missingSince: MonotonicTime?
        var stalledSince: MonotonicTime?

        var isNone: Bool {
            self.suspicion == nil && self.trial == nil && self.waitCause == nil && self.missingSince == nil
                && self.stalledSince == nil
        }
    }

    /// What the workbench has said while the run is being resolved.
    struct Found: Sendable {
        /// Project.
        var project: ProjectFacts?
        /// Experiment.
        var experiment: ExperimentFacts?
        /// What the routes have decided again; `nil` until then.
        var decision: RolloutPlan?
        /// The model's name by the event's own word; `nil` where that says none for certain.
        var claimedModelName: String?
        /// When the oldest answer came that was another rollout's; `nil` while all are its own.
        var sharedSince: MonotonicTime?
        /// Older answers to others don't count, since they would have ended the rollout; `nil` where all count.
        var notBefore: MonotonicTime?
    }

    /// The journalled part.
    package var state: RolloutState
    /// What it is doing now.
    package var activity: Activity = .waiting
    /// What resolving has found so far; `nil` once the run is resolved.
    @Rare var found: Found?
    /// Failures of this step that count.
    package private(set) var attempts = 0
    /// Those of them that were of reading calls, since the last answer.
    private var failedReads: UInt8 = 0
    /// What is known of a call that fails, and may fail for others, too.
    @Rare private var trouble: Trouble?
    /// What the newest poll found in the way.
    @Rare package var obstacle: Cause?
    /// Why it ends once it is certain that its last creating call had no effect.
    @Rare package var lastFailure: Cause?
    /// Polls of this step.
    package var polls = 0
    /// Whether this step has to look for what an earlier attempt made, before it creates.
    package var look = Look.notOwed
    /// Whether this step looks for more of what it has made.
    package var twinLook = TwinLook.notOwed
    /// Whether what this step made or adopted is ready.
    package var isReady = false
    /// Whether an earlier owner may have worked at it: its state came out of a journal, or from another partition.
    package private(set) var isRestored = false
    /// Whether another rollout may have registered its run since it was resolved, or just before.
    package var isReplayed = false
    /// Whether the workbench has said in this step that a name is taken.
    package var hasMetConflict = false
    /// Whether its model is the one that its lane's live deployment has, and was not looked for.
    package var modelIsHint = false
    /// Versions that the workbench named with the run, as registered from it; `nil` once they are of no use.
    @Rare package var namedVersions: [RegisteredVersion]?
    /// Whether the version that it goes by is known to be of its own making.
    package var hasOwnVersion = false
    /// Whether it is its turn in the lane.
    package var isHead = false
    /// A call of unknown outcome may still have an effect until then: no creating before it.
    package var uncertainUntil: MonotonicTime?
    /// When the step must have ended; later by the time for which it is held.
    package var deadline: MonotonicTime = .zero
    /// Since when it has been held by this program or by an outage: that time is not the step's own.
    package var heldSince: MonotonicTime?
    /// Counts the waits, so that an old timer is known to be old.
    package var token: UInt32 = 0
    /// The run's facts, while gates may need them.
    @Rare package var facts: RunFacts?
    /// The facts of the run that is deployed, while gates may need them.
    @Rare package var deployedFacts: RunFacts?

    /// Takes a state, new or from the journal.
    package init(_ state: RolloutState) {
        self.state = state
    }

    /// The run reference, completed while it is being resolved.
    package var reference: RunReference {
        var reference = self.state.plan.run
        reference.projectID = reference.projectID ?? self.found?.project?.id
        reference.experimentID = reference.experimentID ?? self.found?.experiment?.id
        return reference
    }

    /// A failure that says something of the rollout only if the component turns out to be up.
    package var suspicion: Suspicion? {
        get { self.trouble?.suspicion }
        set { self.change { $0.suspicion = newValue } }
    }

    /// The newest try of a call that has failed.
    package var trial: Trial? {
        get { self.trouble?.trial }
        set { self.change { $0.trial = newValue } }
    }

    /// What stands in its way while it waits for others to succeed.
    package var waitCause: Cause? {
        get { self.trouble?.waitCause }
        set { self.change { $0.waitCause = newValue } }
    }

    /// Since when the workbench has said that something is not there which it has named itself.
    package var missingSince: MonotonicTime? {
        get { self.trouble?.missingSince }
        set { self.change { $0.missingSince = newValue } }
    }

    /// Since when it has waited for others to succeed.
    var stalledSince: MonotonicTime? {
        get { self.trouble?.stalledSince }
        set { self.change { $0.stalledSince = newValue } }
    }

    private func change(_ body: (inout Trouble) -> Void) {
        var trouble = self.trouble ?? Trouble()
        body(&trouble)
        self.trouble = trouble.isNone ? nil : trouble
    }

    /// Its id.
    package var id: RolloutID { self.state.id }

    /// Whether some gate compares it with the run that is deployed.
    package var hasComparingGates: Bool { self.state.plan.gates.contains { $0.betterThanDeployed != nil } }

    /// The newest version that the workbench named with the run, under the name of the rollout's model; `nil` for none.
    var namedVersion: RegisteredVersion? {
        let name = self.state.plan.registeredName
        return self.namedVersions?.last { $0.modelName == name }
    }

    /// Forgets the version that it goes by, or was about to go by, where that is somebody else's.
    ///
    /// Somebody else's failed or deleted upload of the same run is no reason not to register it.
    ///
    /// - Returns: Whether there was one, so that the step begins again.
    package func forgetForeignVersion() -> Bool {
        guard self.state.step == .register else { return false }
        if self.state.made.versionID != nil {
            guard !self.hasOwnVersion else { return false }
            self.state.made.registeredModelID = nil
            self.state.made.versionID = nil
            return true
        }
        guard self.namedVersion != nil else { return false }
        self.namedVersions = nil
        return true
    }

    /// The lane it belongs to, once resolved.
    package var laneKey: Lane.Key? { self.state.laneKey }

    /// How it waits in its lane; `nil` until it is resolved.
    var waiting: Lane.Waiting? {
        self.state.run.map { run in
            Lane.Waiting(
                acceptance: self.state.acceptance,
                order: run.order,
                mode: self.state.plan.queue,
                allowsRollback: self.state.isRollback,
                isCommand: self.state.replay != nil
            )
        }
    }

    /// Goes on to a step with a clean slate.
    package func advance(to step: RolloutStep, at now: Now) {
        // A step that begins again keeps when its thing was first asked for.
        if step != self.state.step { self.state.askedAt = nil }
        self.state.step = step
        self.state.stepAt = now.wall
        self.attempts = 0
        self.failedReads = 0
        self.polls = 0
        self.look = self.owesLook(step) ? .owed : .notOwed
        self.twinLook = .notOwed
        self.isReady = false
        self.hasMetConflict = false
        self.uncertainUntil = nil
        self.trouble = nil
        self.obstacle = nil
        self.lastFailure = nil
        self.startClock(at: now.monotonic)
    }

    /// An earlier owner may have worked at it: from here on every step looks before it creates.
    package func markRestored() {
        self.isRestored = true
        self.look = self.owesLook(self.state.step) ? .owed : .notOwed
    }

    /// Whether an earlier attempt at a step can exist when the step begins.
    ///
    /// A rollout that came out of a journal, or from another partition, may have been worked at by an earlier owner: it looks
    /// at every step, whatever the journal says. A replay adopts the version that the first rollout of its run registered, or
    /// the other way round. A model is there for all rollouts of its name.
    private func owesLook(_ step: RolloutStep) -> Bool {
        switch step {
        case .register: self.isRestored || self.isReplayed || self.state.replay != nil
        case .model: true
        case .build, .deploy: self.isRestored
        case .resolve, .lane, .verify, .finished: false
        }
    }

    /// Gives the step its full time from now on.
    package func startClock(at now: MonotonicTime) {
        self.heldSince = nil
        self.deadline = now + .milliseconds(self.allowedMilliseconds)
    }

    /// It is held from `time` on, if it isn't already: by a missing slot, a commit, a limit or an outage.
    package func hold(since time: MonotonicTime) {
        if self.heldSince == nil { self.heldSince = time }
    }

    /// It goes on: the time for which it was held is added to the step's.
    package func goOn(at now: MonotonicTime) {
        guard let heldSince = self.heldSince else { return }
        self.heldSince = nil
        self.excuse(now - heldSince)
    }

    /// Adds time to the step's that was not its own.
    package func excuse(_ span: Span) {
        self.deadline = self.deadline + span
        self.state.stepAt = self.state.stepAt.advanced(by: .milliseconds(span.milliseconds))
    }

    /// Whether it is making its deployment what serves, or has just done so.
    var isDeploying: Bool { self.state.step == .deploy || self.state.step == .verify }

    /// Whether the step's own time is up.
    package func isPastDeadline(_ now: MonotonicTime) -> Bool { (self.heldSince ?? now) >= self.deadline }

    /// Whether a rollout that ends at this step, and not well, leaves a deployment behind that may come up.
    package func mayBeDeployed(after cause: Cause?) -> Bool {
        guard self.state.step == .deploy else { return false }
        guard self.state.made.deploymentID != nil else { return self.state.intent == .deployment }
        // One that is not to be found was acknowledged, and may come up yet (rule 14).
        return cause?.class != .deployment
    }

    /// A call has failed in a way that counts.
    package func countFailure(isReading: Bool) {
        self.attempts += 1
        if isReading, self.failedReads < .max { self.failedReads += 1 }
    }

    /// A reading call was answered: failures that lie between answers are no series.
    ///
    /// A creating call's own are counted until it had an effect.
    package func readWasAnswered() {
        self.attempts = self.uncertainUntil == nil ? 0 : self.attempts - Int(self.failedReads)
        self.failedReads = 0
    }

    /// A creating call has an unknown outcome: until `time` it may take effect, and nothing is created meanwhile.
    ///
    /// - Returns: By how much the step's deadline moves: the wait is no time of its own.
    @discardableResult
    package func becomeUncertain(until time: MonotonicTime, now: MonotonicTime) -> Span {
        self.look = .owed
        let span = time - max(now, self.uncertainUntil ?? now)
        self.excuse(span)
        self.uncertainUntil = time
        return span
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
