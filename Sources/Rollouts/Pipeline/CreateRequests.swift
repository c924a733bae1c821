// SPDX-License-Identifier: Apache-2.0

/// What is sent to register a version.
package struct VersionRequest: Sendable, Equatable {
    /// Project of the run.
    package var projectID: String
    /// Experiment of the run.
    package var experimentID: String
    /// The run.
    package var runID: String
    /// Name in the registry.
    package var modelName: String
    /// Artifact folder that holds the model.
    package var artifactPath: String
    /// Description of the model; empty for none.
    package var description: String
    /// Put into a tag of the version, so that it can be found again.
    package var marker: String
}

/// What is sent to create a model.
package struct ModelRequest: Sendable, Equatable {
    /// Project.
    package var projectID: String
    /// Name of the model.
    package var name: String
    /// Description; empty for none.
    package var description: String
    /// The registered model that its builds come from.
    package var registeredModelID: String
    /// Whether it may be called without a key.
    package var disableAuthentication: Bool
}

/// What is sent to create a build.
package struct BuildRequest: Sendable, Equatable {
    /// Project.
    package var projectID: String
    /// Model.
    package var modelID: String
    /// The registered version to build.
    package var versionID: String
    /// Runtime image.
    package var runtimeIdentifier: String
    /// Comment, which begins with the rollout's marker.
    package var comment: String
}

/// What is sent to create a deployment.
package struct DeploymentRequest: Sendable, Equatable {
    /// Project.
    package var projectID: String
    /// Model.
    package var modelID: String
    /// Build.
    package var buildID: String
    /// Sizes.
    package var size: DeploymentSize
}
