// SPDX-License-Identifier: Apache-2.0

/// Makes the project's model, which builds and deployments hang under; or takes the one of its name.
struct ModelStep: CreatingRules {
    static let precededBy = RolloutStep.register
    let next = Rollout.Move.advance(to: .build)
    /// It is ready as soon as it is there.
    let read: APICall? = nil

    private let run: ResolvedRun
    private let plan: RolloutPlan
    private let registeredModelID: String

    init?(_ rollout: Rollout) {
        guard let run = rollout.state.run, let registeredModelID = rollout.state.made.registeredModelID else {
            return nil
        }
        self.run = run
        self.plan = rollout.state.plan
        self.registeredModelID = registeredModelID
    }

    // MARK: What is asked

    var look: APICall { .findModel(projectID: self.run.projectID, name: self.plan.modelName) }

    var creation: Rollout.Move {
        let request = ModelRequest(
            projectID: self.run.projectID,
            name: self.plan.modelName,
            description: self.plan.modelDescription,
            registeredModelID: self.registeredModelID,
            disableAuthentication: self.plan.disableAuthentication
        )
        return .create(.createModel(request), .model)
    }

    // MARK: What an answer means

    static func id(in made: MadeObjects) -> String? { made.modelID }

    static func progress(of facts: ModelFacts) -> Progress { .ready }

    static func objection(to facts: ModelFacts, by rollout: Rollout) -> Objection? {
        guard facts.registeredModelID != rollout.state.made.registeredModelID else { return nil }
        let name = rollout.state.plan.modelName
        let message =
            facts.registeredModelID.isEmpty
            ? "the project's model '\(name)' was made without a registered model"
            : "the project's model '\(name)' belongs to registered model \(facts.registeredModelID)"
        return .end(Cause(.modelUnusable, message))
    }

    static func adopt(_ facts: ModelFacts, for rollout: Rollout) { rollout.state.made.modelID = facts.modelID }

    static func failure(of facts: ModelFacts, _ message: String) -> Cause { Cause(.modelUnusable, message) }

    // MARK: What may be left behind

    /// A project has one model of a name: a second one is refused, so there is none to be found.
    static func search(for state: RolloutState) -> SweepCall? { nil }

    static func cleanUp(_ objects: [MarkedObject], in sweep: inout Sweep) {}
}
