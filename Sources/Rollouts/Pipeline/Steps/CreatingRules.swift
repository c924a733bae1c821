// SPDX-License-Identifier: Apache-2.0

import Values

/// One step that makes something on the workbench: all that is special about it.
///
/// A value of it is the step of one rollout, with what earlier steps have left for it. What all four have in common, the order
/// of looking, creating, reading and waiting, stands once in `Rollout.move(of:)` and `Rollout.found(_:by:startedAt:)`.
protocol CreatingRules {
    /// What the workbench says of the thing that the step makes.
    associatedtype Facts

    /// The step that leaves what this one needs; it comes again where that is missing.
    static var precededBy: RolloutStep { get }

    /// Takes from a rollout what the step needs; `nil` where something is missing.
    init?(_ rollout: Rollout)

    // MARK: What is asked

    /// A call that may save the look and the creating call; `nil` for none.
    var shortcut: APICall? { get }
    /// Looks for what an earlier attempt may have made.
    var look: APICall { get }
    /// Looks, where something is made or adopted, for more of it, in no more than one request; `nil` where that takes more.
    var twinLook: APICall? { get }
    /// Creates it, or asks for what must be known before.
    var creation: Rollout.Move { get }
    /// Reads what was made or adopted; `nil` where it is ready as soon as it is there.
    var read: APICall? { get }
    /// What follows once it is ready.
    var next: Rollout.Move { get }

    // MARK: What an answer means

    /// What the workbench calls the thing that was made or adopted; `nil` for none yet.
    static func id(in made: MadeObjects) -> String?
    /// How far it is.
    static func progress(of facts: Facts) -> Progress
    /// Why a rollout can't go by it; `nil` where it can, as far as it is known before it is adopted.
    static func objection(to facts: Facts, by rollout: Rollout) -> Objection?
    /// How it came to be.
    static func making(of facts: Facts) -> Making
    /// The rollout goes by it from here on.
    static func adopt(_ facts: Facts, for rollout: Rollout)
    /// Why a rollout ends whose object ended badly; the message is the workbench's.
    static func failure(of facts: Facts, _ message: String) -> Cause

    // MARK: What may be left behind

    /// Looks for all that carries the marker of a rollout that has ended; `nil` where there can be nothing.
    static func search(for state: RolloutState) -> SweepCall?
    /// Says what becomes of the objects that the search found.
    static func cleanUp(_ objects: [MarkedObject], in sweep: inout Sweep)
}

/// Why a rollout can't go by what was found.
enum Objection {
    /// The rollout ends.
    case end(Cause)
    /// It is somebody else's and of no use: as if it had not been found.
    case ignore
}

extension CreatingRules {
    var shortcut: APICall? { nil }
    var twinLook: APICall? { nil }

    static func making(of facts: Facts) -> Making { Making() }

    static func objection(to facts: Facts, by rollout: Rollout) -> Objection? { nil }
}

extension CreatingStep {
    /// The rules of the step that makes it.
    var rules: any CreatingRules.Type {
        switch self {
        case .version: RegisterStep.self
        case .model: ModelStep.self
        case .build: BuildStep.self
        case .deployment: DeployStep.self
        }
    }
}

extension RolloutStep {
    /// What the step makes; `nil` for one that makes nothing.
    var makes: CreatingStep? {
        switch self {
        case .register: .version
        case .model: .model
        case .build: .build
        case .deploy: .deployment
        case .resolve, .lane, .verify, .finished: nil
        }
    }
}

extension Rollout {
    /// Says the next move of a creating step.
    func move<Step: CreatingRules>(of type: Step.Type) -> Move {
        guard let step = Step(self) else { return .advance(to: Step.precededBy) }
        guard Step.id(in: self.state.made) == nil else {
            guard !self.isReady, let read = step.read else { return step.next }
            return .call(self.twinLook.isDue ? step.twinLook ?? read : read)
        }
        if let shortcut = step.shortcut { return .call(shortcut) }
        guard self.look != .owed else { return .call(step.look) }
        return step.creation
    }

    /// A look, a read or the creating call itself was answered.
    func found<Step: CreatingRules>(
        _ facts: Step.Facts?,
        by type: Step.Type,
        startedAt: MonotonicTime
    ) -> Verdict {
        guard let facts else { return self.foundNothing(startedAt: startedAt) }
        if case .failed(let message) = Step.progress(of: facts), self.mayHaveLivingTwin(of: type, facts) {
            self.obstacle = Step.failure(of: facts, message)
            self.twinLook = .checking
            return .proceed
        }
        self.twinLook = .notOwed
        switch Step.objection(to: facts, by: self) {
        case .end(let cause): return .finish(.failed, cause)
        case .ignore: return self.forgetForeignVersion() ? .beginAgain : self.foundNothing(startedAt: startedAt)
        case nil: break
        }
        let known = Step.id(in: self.state.made)
        Step.adopt(facts, for: self)
        if Step.making(of: facts).hasTwins || known != nil && known != Step.id(in: self.state.made) {
            self.doubtStep()
        }
        let progress = Step.progress(of: facts)
        if case .failed(let message) = progress { return .finish(.failed, Step.failure(of: facts, message)) }
        return self.made(progress)
    }

    /// Whether what has failed may have been displaced by a twin that lives: nobody has looked for one since (rule 16).
    private func mayHaveLivingTwin<Step: CreatingRules>(of type: Step.Type, _ facts: Step.Facts) -> Bool {
        guard Step.id(in: self.state.made) != nil, self.twinLook == .notOwed else { return false }
        return Step(self)?.twinLook != nil
    }

    /// What the step has made may not be all that came of its calls: the clean-up looks.
    private func doubtStep() {
        if let step = self.state.step.makes { self.state.doubt(step) }
    }

    /// Something is made or adopted, so nothing is uncertain any more.
    private func made(_ progress: Progress) -> Verdict {
        self.state.intent = nil
        self.uncertainUntil = nil
        self.lastFailure = nil
        self.obstacle = nil
        self.isReady = progress == .ready
        return self.isReady ? .proceed : .poll
    }

    /// A look or a read found nothing.
    private func foundNothing(startedAt: MonotonicTime) -> Verdict {
        guard !self.hasMadeObjectOfStep else {
            switch self.twinLook {
            case .owed:
                // Lists may not show yet what was just made: it is read by its id from here on, and the clean-up looks.
                self.twinLook = .notOwed
                self.doubtStep()
                return .poll
            case .checking: return .finish(.failed, self.obstacle)
            case .notOwed: break
            }
            return .finish(.failed, Cause(.notFound, "what step '\(self.state.step.rawValue)' made is gone"))
        }
        if let certainAt = self.uncertainUntil {
            // Only a look that began after the last moment at which the call can take effect proves anything.
            guard startedAt >= certainAt else { return .poll }
            self.uncertainUntil = nil
            self.state.intent = nil
            if let lastFailure { return .finish(.failed, lastFailure) }
        }
        self.look = .done
        return .proceed
    }

    /// A look has found what may be the rollout's, and nothing to tell by.
    func foundUnclear(_ message: String, startedAt: MonotonicTime) -> Verdict {
        // It may be told later, as long as the call may still have its effect.
        if let certainAt = self.uncertainUntil, startedAt < certainAt { return .poll }
        return .finish(.failed, Cause(.outcomeUnknown, message))
    }

    /// Whether the workbench has something under way for the step.
    var hasMadeObjectOfStep: Bool {
        self.state.step.makes.map { $0.rules.id(in: self.state.made) != nil } ?? false
    }
}
