// SPDX-License-Identifier: Apache-2.0

/// One call to the workbench that the pipeline asks for; the runner makes it, once, and says how it went.
package enum APICall: Sendable, Equatable {
    /// Asks something cheap of a component, to learn whether it is back.
    case probe(Component)
    /// Looks up a project by its exact name.
    case findProject(name: String)
    /// Looks up an experiment by its exact name in a project.
    case findExperiment(projectID: String, name: String)
    /// Reads one run.
    case readRun(projectID: String, experimentID: String, runID: String)
    /// Reads the newest finished run of an experiment.
    case newestRun(projectID: String, experimentID: String)
    /// Looks for a version of the run in the registry.
    case findVersion(modelName: String, experimentID: String, runID: String, marker: String)
    /// Creates a version. Creating.
    case registerVersion(VersionRequest)
    /// Reads one version.
    case readVersion(registeredModelID: String, versionID: String)
    /// Looks up a model by its exact name in a project.
    case findModel(projectID: String, name: String)
    /// Creates a model. Creating.
    case createModel(ModelRequest)
    /// Picks a runtime.
    case findRuntime(RuntimeChoice)
    /// Looks for the build that carries the marker in its comment.
    case findBuild(projectID: String, modelID: String, marker: String)
    /// Creates a build. Creating.
    case createBuild(BuildRequest)
    /// Reads one build.
    case readBuild(projectID: String, modelID: String, buildID: String)
    /// Looks for a deployment under a build.
    case findDeployment(projectID: String, modelID: String, buildID: String)
    /// Creates a deployment. Creating.
    case createDeployment(DeploymentRequest)
    /// Reads one deployment.
    case readDeployment(projectID: String, modelID: String, buildID: String, deploymentID: String)
    /// Sends the sample request to the deployed model.
    case verify(projectID: String, modelID: String, Verification)
    /// Looks for orphans after a rollout's end, or takes one away.
    case sweep(SweepCall)

    /// Whether the call makes something on the workbench, so that it needs an intent and is never repeated blindly.
    package var isCreating: Bool {
        switch self {
        case .registerVersion, .createModel, .createBuild, .createDeployment: true
        case .probe, .findProject, .findExperiment, .readRun, .newestRun, .findVersion, .readVersion, .findModel,
            .findRuntime, .findBuild, .readBuild, .findDeployment, .readDeployment, .verify, .sweep:
            false
        }
    }

    /// Whether the call may be made only while the partition is held: it changes something.
    package var needsPartition: Bool {
        if case .sweep(let call) = self { call.isChanging } else { self.isCreating }
    }

    /// The call's name, without what it is about.
    package var name: String {
        switch self {
        case .probe: "probe"
        case .findProject: "findProject"
        case .findExperiment: "findExperiment"
        case .readRun: "readRun"
        case .newestRun: "newestRun"
        case .findVersion: "findVersion"
        case .registerVersion: "registerVersion"
        case .readVersion: "readVersion"
        case .findModel: "findModel"
        case .createModel: "createModel"
        case .findRuntime: "findRuntime"
        case .findBuild: "findBuild"
        case .createBuild: "createBuild"
        case .readBuild: "readBuild"
        case .findDeployment: "findDeployment"
        case .createDeployment: "createDeployment"
        case .readDeployment: "readDeployment"
        case .verify: "verify"
        case .sweep: "sweep"
        }
    }

    /// What must be up for this call.
    package var component: Component {
        switch self {
        case .probe(let component): component
        case .sweep(let call): call.component
        case .findVersion, .registerVersion, .readVersion: .registry
        case .findProject, .findExperiment, .readRun, .newestRun, .findModel, .createModel, .findRuntime, .findBuild,
            .createBuild, .readBuild, .findDeployment, .createDeployment, .readDeployment, .verify:
            .workbench
        }
    }
}

/// A part of the workbench that can be down by itself.
package enum Component: String, Sendable, CaseIterable, Hashable {
    /// The workbench's API.
    case workbench
    /// The model registry behind it.
    case registry
}

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
    /// Comment, which ends with the rollout's marker.
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
