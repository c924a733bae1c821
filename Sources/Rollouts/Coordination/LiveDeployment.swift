// SPDX-License-Identifier: Apache-2.0

/// The run that is live for a model, and its deployment where that is known.
package struct LiveDeployment: Sendable, Equatable {
    /// The run.
    package var run: ResolvedRun
    /// Its deployment; `nil` where that is not known.
    package var place: DeploymentPlace?
    /// The registered model that its version is of; `nil` where that is not known.
    package var registeredModel: KnownRegisteredModel?
    /// The newest run ever deployed when this one came by a rollback; `nil` where it did not.
    package var rolledBackFrom: RunOrder?
    /// Rollouts that have deployed it and ended well, the newest last: as long as it is live, their run keys are held.
    ///
    /// A replay, and an event of another topic, deploy the live run once more, and hold their own keys beside the first one's.
    package var holders: [LiveHolder] = []
    /// The rollout that was accepted last of all that have been deployed, this one included.
    package var newestAccepted: Acceptance?

    /// Creates one.
    package init(run: ResolvedRun, place: DeploymentPlace?, registeredModel: KnownRegisteredModel? = nil) {
        self.run = run
        self.place = place
        self.registeredModel = registeredModel
    }
}

/// A registered model that a version of ours is of.
package struct KnownRegisteredModel: Codable, Sendable, Equatable {
    /// Its id.
    package var id: String
    /// The name that the version was registered under: facts, of which a route may make another one, change.
    package var name: String

    /// Creates one.
    package init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}
