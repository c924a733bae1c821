// SPDX-License-Identifier: Apache-2.0

package import Values

/// All that is known of one rollout and must outlive the process: the body of its journal record.
package struct RolloutState: Codable, Sendable, Equatable {
    /// Identity.
    package var id: RolloutID
    /// Number of the newest status event, counted from 1.
    package var sequence: Int
    /// What the newest status event said.
    package var phase: Phase
    /// Position in the pipeline.
    package var step: RolloutStep
    /// Partition that owns it: of its journal records, and of the event as it was accepted.
    package var partition: Partition
    /// Where its event stood first; another partition if it was forwarded.
    package var origin: Origin
    /// Id, source and time of the event, as the event says them.
    package var event: EventReference
    /// What is to be done.
    @Boxed package var plan: RolloutPlan
    /// The partition that it has moved from; `nil` where it has not moved.
    ///
    /// It moves once.
    package var movedFrom: Partition?
    /// The replay that it comes from.
    package var replay: Replay?
    /// W3C trace context of the event.
    @Rare package var traceparent: String?
    /// When it was accepted.
    package var acceptedAt: Timestamp
    /// When the phase began.
    package var phaseAt: Timestamp
    /// The random part of its marker, 48 bits, drawn where it is accepted; `nil` before.
    package var nonce: Int64?
    /// When the step's thing was first asked for, by the workbench's clock; `nil` where it was not.
    package var askedAt: Timestamp?
    // What takes a byte stands behind what leaves seven unused: 100,000 of these wait.
    /// What the status event before the newest one said.
    package var previousPhase: Phase?
    /// The creating call that may have been sent since this record was written.
    package var intent: CreatingStep?
    /// How long the phase before this one lasted, in milliseconds.
    package var previousPhaseMilliseconds: Int64?
    /// When the step began; later by the time for which it was held.
    package var stepAt: Timestamp
    /// The run, once resolved.
    package var run: ResolvedRun?
    /// What the workbench calls the things made or adopted so far.
    package var made = MadeObjects()
    /// Why it ended or waits.
    package var cause: Cause?
    /// What its calls of unknown outcome may have left behind; `nil` where there was none.
    @Rare package var aftermath: Aftermath?

    /// Creates the state of a rollout that has just been accepted.
    package init(
        id: RolloutID,
        partition: Partition,
        origin: Origin,
        event: EventReference,
        plan: RolloutPlan,
        replay: Replay? = nil,
        traceparent: String? = nil,
        acceptedAt: Timestamp
    ) {
        self.id = id
        self.sequence = 1
        self.phase = .accepted
        self.step = .resolve
        self.partition = partition
        self.origin = origin
        self.event = event
        self.plan = plan
        self.replay = replay
        self.traceparent = traceparent
        self.acceptedAt = acceptedAt
        self.phaseAt = acceptedAt
        self.stepAt = acceptedAt
    }

    /// The text that only this rollout carries: a tag of its version, the beginning of its build's comment.
    ///
    /// Its id can be worked out by whoever has the event. The random part is known to nobody but the journal until something
    /// is made with it, so that nobody can make in advance what the rollout would take for its own.
    package var marker: String {
        guard let nonce else { return "slipway:\(self.id)" }
        return "slipway:\(self.id).\(String(nonce, radix: 16))"
    }

    /// By what else the step's thing is known than by its marker; `nil` where it was never asked for.
    var secondKeys: SecondKeys? {
        // A workbench may say in whole seconds when it has made something.
        self.askedAt.map { SecondKeys(since: $0.advanced(by: .seconds(-1))) }
    }

    /// Ends a rollout that intake does not let in; its first status event is its last.
    package mutating func endAtIntake(_ phase: Phase, _ cause: Cause) {
        self.phase = phase
        self.step = .finished
        self.cause = cause
    }

    /// Calls of this step may have made something that nobody has seen.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - until: When the last of them may take effect, by the workbench's clock; `nil` where all have had theirs.
    package mutating func doubt(_ step: CreatingStep, until: Timestamp? = nil) {
        self.doubt(Doubt(step, from: self.askedAt, until: until))
    }

    /// Takes a doubt over; of two of one step one remains, which covers both.
    package mutating func doubt(_ doubt: Doubt) {
        var aftermath = self.aftermath ?? Aftermath()
        if let index = aftermath.doubts.firstIndex(where: { $0.step == doubt.step }) {
            let known = aftermath.doubts[index]
            aftermath.doubts[index].from = known.from.flatMap { from in doubt.from.map { min(from, $0) } }
            aftermath.doubts[index].until = [known.until, doubt.until].compactMap(\.self).max()
            if known.until == nil || doubt.until == nil { aftermath.doubts[index].isOpen = true }
        } else {
            aftermath.doubts.append(doubt)
        }
        self.aftermath = aftermath
    }

    /// What was found just now had its effect by now.
    mutating func closeDoubts(at time: Timestamp) {
        guard var aftermath = self.aftermath, aftermath.doubts.contains(where: { $0.until == nil || $0.isOpen })
        else { return }
        for index in aftermath.doubts.indices
        where aftermath.doubts[index].until == nil || aftermath.doubts[index].isOpen {
            aftermath.doubts[index].until = max(aftermath.doubts[index].until ?? time, time)
            aftermath.doubts[index].isOpen = false
        }
        self.aftermath = aftermath
    }

    /// Whether an operator wants it over a newer run.
    package var isRollback: Bool { self.replay?.allowsRollback ?? false }

    /// When it was accepted, among the others of its partition.
    package var acceptance: Acceptance { Acceptance(at: self.acceptedAt.cut(to: .milliseconds), id: self.id) }

    /// Whether it has ended and is still to be swept for orphans.
    package var needsSweep: Bool { self.phase.isTerminal && self.aftermath?.doubts.isEmpty == false }

    /// The lane it belongs to, once resolved.
    package var laneKey: Lane.Key? {
        self.run.map { Lane.Key(projectID: $0.projectID, modelName: self.plan.modelName) }
    }

    /// Where its deployment lies, once there is one.
    package var place: DeploymentPlace? {
        guard let run, let modelID = self.made.modelID, let buildID = self.made.buildID,
            let deploymentID = self.made.deploymentID
        else { return nil }
        return DeploymentPlace(
            projectID: run.projectID,
            modelID: modelID,
            buildID: buildID,
            deploymentID: deploymentID
        )
    }

    /// The longest text of the event that `shorten()` leaves, in bytes of UTF-8.
    private static let shortTextBytes = 200

    /// Drops or cuts the texts that came with the event, so that its record fits where the whole did not.
    ///
    /// For a rollout that ends: what it was asked to do can no longer be read from it. Its id stays what it was.
    package mutating func shorten() {
        self.plan.verification = nil
        self.plan.modelDescription = ""
        self.plan.buildComment = ""
        self.plan.deployment.environment = [:]
        self.plan.gates = []
        self.plan.claim = nil
        self.plan.limits = nil
        self.plan.registry = nil
        self.plan.artifactPath = Self.cut(self.plan.artifactPath)
        self.plan.modelName = Self.cut(self.plan.modelName)
        self.plan.run.projectID = self.plan.run.projectID.map(Self.cut)
        self.plan.run.projectName = self.plan.run.projectName.map(Self.cut)
        self.plan.run.experimentID = self.plan.run.experimentID.map(Self.cut)
        self.plan.run.experimentName = self.plan.run.experimentName.map(Self.cut)
        self.plan.run.runID = self.plan.run.runID.map(Self.cut)
        if case .identifier(let identifier) = self.plan.runtime {
            self.plan.runtime = .identifier(Self.cut(identifier))
        }
        self.event = EventReference(
            id: Self.cut(self.event.id),
            source: Self.cut(self.event.source),
            time: self.event.time
        )
        self.replay = self.replay.map { replay in
            Replay(id: Self.cut(replay.id), reason: Self.cut(replay.reason), allowsRollback: replay.allowsRollback)
        }
        self.traceparent = self.traceparent.map(Self.cut)
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > self.shortTextBytes else { return text }
        return String(decoding: text.utf8.prefix(self.shortTextBytes), as: UTF8.self)
    }

    /// Moves to a phase; the next status event says so.
    package mutating func enter(_ phase: Phase, at time: Timestamp, cause: Cause? = nil) {
        self.sequence += 1
        self.previousPhase = self.phase
        self.previousPhaseMilliseconds = max(0, time.milliseconds(since: self.phaseAt))
        self.phase = phase
        self.phaseAt = time
        self.cause = cause
    }
}

/// Position of a rollout in the pipeline.
package enum RolloutStep: String, Codable, Sendable, CaseIterable {
    /// Finding the run and its facts. Next: `lane`, `finished`, or gone (moved).
    case resolve
    /// Waiting for its turn among the rollouts of its model. Next: `register`, `finished`.
    case lane
    /// Registering the version, until it is ready. Next: `model`, `finished`.
    case register
    /// Finding or creating the model. Next: `build`, `finished`.
    case model
    /// Building, until built. Next: `deploy`, `model` (the lane's model is gone), `finished`.
    case build
    /// Deploying, until deployed. Next: `verify`, `finished`.
    case deploy
    /// Asking the deployed model. Next: `finished`.
    case verify
    /// Nothing left to do. Terminal.
    case finished
}

/// A step that creates something on the workbench.
package enum CreatingStep: String, Codable, Sendable, CaseIterable {
    /// A version in the registry.
    case version
    /// A model.
    case model
    /// A build.
    case build
    /// A deployment.
    case deployment
}

/// The event of a rollout, as it names itself.
package struct EventReference: Codable, Sendable, Equatable {
    /// CloudEvents `id`; empty for a plain event.
    package var id: String
    /// CloudEvents `source`; empty for a plain event.
    package var source: String
    /// CloudEvents `time`, or the record's timestamp.
    package var time: Timestamp?

    /// Creates a reference.
    package init(id: String, source: String, time: Timestamp?) {
        self.id = id
        self.source = source
        self.time = time
    }
}

/// The run that a rollout deploys, as resolving fixed it.
package struct ResolvedRun: Codable, Sendable, Equatable {
    /// Project.
    package var projectID: String
    /// Experiment.
    package var experimentID: String
    /// Run and its start, which order the runs of a model.
    package var order: RunOrder

    /// Creates a resolved run.
    package init(projectID: String, experimentID: String, order: RunOrder) {
        self.projectID = projectID
        self.experimentID = experimentID
        self.order = order
    }

    /// The run's id.
    package var runID: String { self.order.runID }

    /// The same run, with the reference's copy of each text that is the same: where 100,000 wait it counts.
    func sharingTexts(with reference: RunReference) -> ResolvedRun {
        ResolvedRun(
            projectID: self.projectID.shared(with: reference.projectID),
            experimentID: self.experimentID.shared(with: reference.experimentID),
            order: RunOrder(
                start: self.order.start,
                runID: self.order.runID.shared(with: reference.runID)
            )
        )
    }
}

extension String {
    /// The other text, if it says the same.
    fileprivate func shared(with other: String?) -> String { other == self ? other ?? self : self }
}

/// Ids of what was made or adopted on the workbench; `nil` until known.
package struct MadeObjects: Codable, Sendable, Equatable {
    /// Registered model.
    package var registeredModelID: String?
    /// Version of it.
    package var versionID: String?
    /// Model.
    package var modelID: String?
    /// Runtime image of the build.
    package var runtimeIdentifier: String?
    /// Build.
    package var buildID: String?
    /// Deployment.
    package var deploymentID: String?

    /// Creates an empty set.
    package init() {}

    /// Forgets what a step has made.
    mutating func forget(_ step: CreatingStep) {
        switch step {
        case .version: (self.registeredModelID, self.versionID) = (nil, nil)
        case .model: self.modelID = nil
        case .build: self.buildID = nil
        case .deployment: self.deploymentID = nil
        }
    }
}
