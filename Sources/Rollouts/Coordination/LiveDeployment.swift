// SPDX-License-Identifier: Apache-2.0

/// The run that is live for a model, and its deployment where that is known.
package struct LiveDeployment: Sendable, Equatable {
    /// The run.
    package var run: ResolvedRun
    /// Its deployment; `nil` where that is not known.
    package var place: DeploymentPlace?
    /// The registered model that its version is of; `nil` where that is not known.
    package var registeredModelID: String?
    /// The newest run ever deployed when this one came by a rollback; `nil` where it did not.
    package var rolledBackFrom: RunOrder?
    /// The rollout that was accepted last of all that have been deployed, this one included.
    package var newestAccepted: Acceptance?

    /// Creates one.
    package init(run: ResolvedRun, place: DeploymentPlace?, registeredModelID: String? = nil) {
        self.run = run
        self.place = place
        self.registeredModelID = registeredModelID
    }
}
