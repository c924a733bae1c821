// SPDX-License-Identifier: Apache-2.0

import Rollouts
import WorkbenchAPI

extension Stage {
    /// How a call begins.
    static func first(of call: APICall, with dialect: Dialect) -> Turn {
        switch call {
        case .probe(let component, let place): .ask(.probing(.first(of: component, place)))
        case .findProject(let name): .ask(.findingProject(.projects(named: name)))
        case .readProject(let project): .ask(.readingProject(.project(project)))
        case .findExperiment(let project, let name):
            .ask(.findingExperiment(.experiments(project: project, named: name)))
        case .readExperiment(let project, let experiment):
            .ask(.readingExperiment(.experiment(project: project, experiment)))
        case .readRun(let project, let experiment, let run):
            .ask(.readingRun(.run(project: project, experiment: experiment, run), projectID: project))
        case .newestRun(let project, let experiment):
            .ask(
                .findingNewestRun(.newestFinishedRun(project: project, experiment: experiment), projectID: project)
            )
        case .findVersion(let name, let experiment, let run, let marker, let keys, let owner):
            .first(forVersionOf: run, experiment, marker, keys, owner, modelNamed: name)
        case .registerVersion(let request): .ask(.registering(.register(RegistrationRequest(request)), request))
        case .readVersion(let model, let version, let marker):
            .ask(.readingVersion(.registeredVersion(model: model, version), marker: marker))
        case .findModel(let project, let name): .ask(.findingModel(.model(project: project, named: name)))
        case .createModel(let request):
            .ask(
                .creatingModel(
                    .createModel(WorkbenchAPI.ModelRequest(request)),
                    registeredModelID: request.registeredModelID
                )
            )
        case .findRuntime(.identifier(let identifier)):
            .ask(.findingRuntime(.enabledRuntime(identifier: identifier)))
        case .findRuntime(.newest(let kernel, let edition, let editor)):
            .ask(.findingRuntime(.newestRuntime(kernel: kernel, edition: edition, editor: editor)))
        case .findBuild(let look): .ask(.findingBuild(look.search, look))
        case .createBuild(let request):
            .ask(.askingForBuild(.createBuild(WorkbenchAPI.BuildRequest(request)), sent: request.comment))
        case .readBuild(let project, let model, let build):
            .ask(.askingForBuild(.build(project: project, model: model, build), sent: nil))
        case .findDeployment(let project, let model, let build):
            .ask(.findingDeployment(.deployments(project: project, model: model, build: build)))
        case .createDeployment(let request):
            .ask(.askingForDeployment(.createDeployment(WorkbenchAPI.DeploymentRequest(request))))
        case .readDeployment(let project, let model, let build, let deployment):
            .ask(.askingForDeployment(.deployment(project: project, model: model, build: build, deployment)))
        case .verify(let project, let model, let verification):
            .ask(.readingModelKey(.model(project: project, model), verification))
        case .sweep(let call): .ask(.sweeping(SweepStage.first(of: call)))
        }
    }
}

extension Stage {
    fileprivate static func first(of look: VersionLook, modelNamed name: String) -> Turn {
        .ask(.findingVersion(.versions(modelNamed: name) { look.takes($0) }, look))
    }
}

extension Turn {
    fileprivate static func first(
        forVersionOf run: String,
        _ experiment: String,
        _ marker: String,
        _ keys: SecondKeys?,
        _ owner: String?,
        modelNamed name: String
    ) -> Turn {
        let tag = MarkerTag(marker)
        let look = VersionLook(experiment: experiment, run: run, marker: tag, secondKeys: keys, owner: owner)
        return Stage.first(of: look, modelNamed: name)
    }
}

extension RegistrationRequest {
    fileprivate init(_ request: VersionRequest) {
        self.init(
            projectID: request.projectID,
            experimentID: request.experimentID,
            runID: request.runID,
            artifactPath: request.artifactPath,
            modelName: request.modelName,
            tags: [MarkerTag(request.marker).tag],
            description: request.description
        )
    }
}

extension WorkbenchAPI.ModelRequest {
    fileprivate init(_ request: Rollouts.ModelRequest) {
        self.init(
            projectID: request.projectID,
            name: request.name,
            description: request.description,
            registeredModelID: request.registeredModelID,
            isAuthenticationDisabled: request.disableAuthentication
        )
    }
}

extension WorkbenchAPI.BuildRequest {
    fileprivate init(_ request: Rollouts.BuildRequest) {
        self.init(
            projectID: request.projectID,
            modelID: request.modelID,
            registeredVersionID: request.versionID,
            runtimeIdentifier: request.runtimeIdentifier,
            comment: request.comment
        )
    }
}

extension WorkbenchAPI.DeploymentRequest {
    fileprivate init(_ request: Rollouts.DeploymentRequest) {
        let size = request.size
        self.init(
            projectID: request.projectID,
            modelID: request.modelID,
            buildID: request.buildID,
            cpu: size.cpu,
            memoryGB: size.memoryGB,
            gpus: size.gpus,
            replicas: size.replicas,
            environment: size.environment.isEmpty ? nil : EnvironmentVariables(size.environment)
        )
    }
}
