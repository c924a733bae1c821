// SPDX-License-Identifier: Apache-2.0

/// One call to the workbench that the pipeline asks for; the runner makes it, once, and says how it went.
package enum APICall: Sendable, Equatable {
    /// Asks something cheap of a component, to learn whether it is up; with a place, of all that is served there.
    case probe(Component, ProbePlace?)
    /// Looks up a project by its exact name.
    case findProject(name: String)
    /// Reads a project.
    case readProject(projectID: String)
    /// Looks up an experiment by its exact name in a project.
    case findExperiment(projectID: String, name: String)
    /// Reads an experiment.
    case readExperiment(projectID: String, experimentID: String)
    /// Reads one run.
    case readRun(projectID: String, experimentID: String, runID: String)
    /// Reads the newest finished run of an experiment.
    case newestRun(projectID: String, experimentID: String)
    /// Looks for a version of the run in the registry; with a project, whether the name is another project's, too.
    case findVersion(
        modelName: String,
        experimentID: String,
        runID: String,
        marker: String,
        SecondKeys?,
        ownerOfName: String? = nil
    )
    /// Creates a version. Creating.
    case registerVersion(VersionRequest)
    /// Reads one version; the marker tells whether it is the rollout's own.
    case readVersion(registeredModelID: String, versionID: String, marker: String)
    /// Looks up a model by its exact name in a project.
    case findModel(projectID: String, name: String)
    /// Creates a model. Creating.
    case createModel(ModelRequest)
    /// Picks a runtime.
    case findRuntime(RuntimeChoice)
    /// Looks for the rollout's build.
    case findBuild(BuildLook)
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

    /// What a call is called, what must be up for it, and what it does.
    struct Traits {
        /// Without what it is about.
        let name: String
        let component: Component
        let effect: Effect
    }

    /// What a call does on the workbench.
    enum Effect: Equatable {
        /// Reads what is always there to be asked for: an error says something of the component, not of what was asked.
        case looks
        /// Asks something else, and changes nothing.
        case asks
        /// Makes something, so that it needs an intent and is never repeated blindly.
        case creates(CreatingStep)
        /// Takes something away, or starts it again.
        case changes
    }

    /// The call's row in the table of all calls.
    var traits: Traits {
        switch self {
        case .probe(let component, _): Traits(name: "probe", component: component, effect: .asks)
        case .findProject: Traits(name: "findProject", component: .experiments, effect: .looks)
        case .readProject: Traits(name: "readProject", component: .experiments, effect: .looks)
        case .findExperiment: Traits(name: "findExperiment", component: .experiments, effect: .looks)
        case .readExperiment: Traits(name: "readExperiment", component: .experiments, effect: .looks)
        case .readRun: Traits(name: "readRun", component: .experiments, effect: .looks)
        case .newestRun: Traits(name: "newestRun", component: .experiments, effect: .looks)
        case .findVersion: Traits(name: "findVersion", component: .registry, effect: .looks)
        case .registerVersion: Traits(name: "registerVersion", component: .registry, effect: .creates(.version))
        case .readVersion: Traits(name: "readVersion", component: .registry, effect: .looks)
        case .findModel: Traits(name: "findModel", component: .models, effect: .looks)
        case .createModel: Traits(name: "createModel", component: .models, effect: .creates(.model))
        case .findRuntime: Traits(name: "findRuntime", component: .models, effect: .looks)
        case .findBuild: Traits(name: "findBuild", component: .models, effect: .looks)
        case .createBuild: Traits(name: "createBuild", component: .models, effect: .creates(.build))
        case .readBuild: Traits(name: "readBuild", component: .models, effect: .looks)
        case .findDeployment: Traits(name: "findDeployment", component: .models, effect: .looks)
        case .createDeployment: Traits(name: "createDeployment", component: .models, effect: .creates(.deployment))
        case .readDeployment: Traits(name: "readDeployment", component: .models, effect: .looks)
        case .verify: Traits(name: "verify", component: .models, effect: .asks)
        case .sweep(let call):
            Traits(name: "sweep", component: call.component, effect: call.isChanging ? .changes : .asks)
        }
    }

    /// The call's name, without what it is about.
    package var name: String { self.traits.name }

    /// What must be up for this call, and is asked when it fails.
    package var component: Component { self.traits.component }

    /// Whether the service that answers requests to models must be up for it as well.
    var needsModelService: Bool {
        if case .verify = self { true } else { false }
    }

    /// What a creating call makes; `nil` for every other call.
    package var creatingStep: CreatingStep? {
        if case .creates(let step) = self.traits.effect { step } else { nil }
    }

    /// What its intent must announce; `nil` for a call that changes nothing.
    var subject: CommittedIntent.Subject? {
        switch self.traits.effect {
        case .creates(let step): .creation(step)
        case .changes: .cleanUp
        case .looks, .asks: nil
        }
    }

    /// Whether the call makes something on the workbench, so that it needs an intent and is never repeated blindly.
    package var isCreating: Bool { self.creatingStep != nil }

    /// Whether it asks for what is always there to be asked for.
    var isLook: Bool { self.traits.effect == .looks }
}
