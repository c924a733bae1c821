// SPDX-License-Identifier: Apache-2.0

package import Rollouts
package import WorkbenchAPI

/// Makes the pipeline's calls on the workbench: one attempt each, in the core's words.
package struct CallRunner: Sendable {
    let client: WorkbenchClient
    private let credentials: any CredentialSource

    /// Creates a runner.
    ///
    /// - Parameters:
    ///   - client: Makes the requests.
    ///   - credentials: Told to read the key again after a 401 and before each probe.
    package init(client: WorkbenchClient, credentials: any CredentialSource) {
        self.client = client
        self.credentials = credentials
    }

    /// Makes one call.
    package func perform(_ call: APICall) async -> Result<CallResult, CallFailure> {
        do throws(APIError) {
            return .success(try await self.result(of: call))
        } catch {
            if error.kind == .unauthorized { self.credentials.reload() }
            return .failure(CallFailure(error))
        }
    }

    private func result(of call: APICall) async throws(APIError) -> CallResult {
        switch call {
        case .probe(let component): try await self.probe(component)
        case .findProject(let name): .project(id: try await self.client.findProjects(named: name).first?.id)
        case .findExperiment(let project, let name):
            .experiment(id: try await self.client.findExperiment(project: project, named: name)?.id)
        case .readRun(let project, let experiment, let run):
            .run(try await self.readRun(project: project, experiment: experiment, run: run))
        case .newestRun(let project, let experiment):
            .run(
                try await self.client.newestFinishedRun(project: project, experiment: experiment)
                    .map { RunFacts($0, projectID: project) }
            )
        case .findVersion(let name, _, let run, let marker):
            .version(try await self.findVersion(modelName: name, run: run, marker: marker))
        case .registerVersion(let request): .version(try await self.register(request))
        case .readVersion(let model, let version):
            .version(VersionFacts(try await self.client.registeredVersion(model: model, version), marker: nil))
        case .findModel(let project, let name):
            .model(try await self.client.findModel(project: project, named: name).map(ModelFacts.init))
        case .createModel(let request): .model(try await self.createModel(request))
        case .findRuntime(let choice): .runtime(identifier: try await self.findRuntime(choice))
        case .findBuild(let project, let model, let marker):
            .build(
                try await self.client.findBuilds(project: project, model: model, commentContaining: marker).first
                    .map(BuildFacts.init)
            )
        case .createBuild(let request): .build(try await self.createBuild(request))
        case .readBuild(let project, let model, let build):
            .build(BuildFacts(try await self.client.build(project: project, model: model, build)))
        case .findDeployment(let project, let model, let build):
            .deployment(
                try await self.client.findDeployments(project: project, model: model, build: build).first
                    .map(DeploymentFacts.init)
            )
        case .createDeployment(let request): .deployment(try await self.createDeployment(request))
        case .readDeployment(let project, let model, let build, let deployment):
            .deployment(
                DeploymentFacts(
                    try await self.client.deployment(project: project, model: model, build: build, deployment)
                )
            )
        case .verify(let project, let model, let verification):
            .verification(try await self.verify(project: project, model: model, verification))
        case .sweep(let call): .marked(try await self.sweep(call))
        }
    }

    /// Asks a component something cheap that needs the key.
    private func probe(_ component: Component) async throws(APIError) -> CallResult {
        self.credentials.reload()
        switch component {
        case .workbench:
            let validation = try await self.client.validateKey()
            guard validation.isValid else {
                throw APIError(
                    .unauthorized,
                    operation: .validateKey,
                    message: "the workbench says that the API key is not valid",
                    outcome: .notApplied
                )
            }
        case .registry:
            // A name that nobody gives a model: the answer is one short page.
            let listing = Listing(filter: ["model_name": "slipway-probe"])
            var pages = self.client.registeredModels(listing).makeAsyncIterator()
            _ = try await pages.next()
        }
        return .alive
    }

    private func readRun(project: String, experiment: String, run: String) async throws(APIError) -> RunFacts? {
        do throws(APIError) {
            return RunFacts(
                try await self.client.run(project: project, experiment: experiment, run),
                projectID: project
            )
        } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    /// Picks, of several versions of the run, one that is ready, else one under way, else our own failed one.
    private func findVersion(modelName: String, run: String, marker: String) async throws(APIError) -> VersionFacts? {
        let versions = try await self.client.findVersions(
            modelNamed: modelName,
            run: run,
            tag: APITag(key: Self.markerTag, value: marker)
        )
        let facts = versions.filter { !$0.status.isEnded }.map { VersionFacts($0, marker: marker) }
        return facts.first { $0.progress == .ready }
            ?? facts.first { if case .underWay = $0.progress { true } else { false } }
            ?? facts.first(where: \.isOurs)
            ?? facts.first
    }

    private func register(_ request: VersionRequest) async throws(APIError) -> VersionFacts {
        let model = try await self.client.register(
            RegistrationRequest(
                projectID: request.projectID,
                experimentID: request.experimentID,
                runID: request.runID,
                artifactPath: request.artifactPath,
                modelName: request.modelName,
                tags: [APITag(key: Self.markerTag, value: request.marker)],
                description: request.description
            )
        )
        guard let version = model.version(ofRun: request.runID) else {
            throw APIError(
                .protocol,
                operation: .createRegisteredModel,
                message: "the answer to the registration has no version of the run",
                outcome: .unknown
            )
        }
        var facts = VersionFacts(version, marker: request.marker)
        facts.registeredModelID = model.id
        facts.isOurs = true
        return facts
    }

    private func createModel(_ request: Rollouts.ModelRequest) async throws(APIError) -> ModelFacts {
        let model = try await self.client.createModel(
            WorkbenchAPI.ModelRequest(
                projectID: request.projectID,
                name: request.name,
                description: request.description,
                registeredModelID: request.registeredModelID,
                isAuthenticationDisabled: request.disableAuthentication
            )
        )
        // What was asked for counts: a server that answers before it has written the link down is no error.
        return ModelFacts(
            modelID: model.id,
            registeredModelID: model.registeredModelID.isEmpty ? request.registeredModelID : model.registeredModelID
        )
    }

    private func findRuntime(_ choice: RuntimeChoice) async throws(APIError) -> String? {
        switch choice {
        case .identifier(let identifier): return identifier
        case .newest(let kernel, let edition, let editor):
            return try await self.client.newestRuntime(kernel: kernel, edition: edition, editor: editor)?
                .imageIdentifier
        }
    }

    private func createBuild(_ request: Rollouts.BuildRequest) async throws(APIError) -> BuildFacts {
        BuildFacts(
            try await self.client.createBuild(
                WorkbenchAPI.BuildRequest(
                    projectID: request.projectID,
                    modelID: request.modelID,
                    registeredVersionID: request.versionID,
                    runtimeIdentifier: request.runtimeIdentifier,
                    comment: request.comment
                )
            )
        )
    }

    private func createDeployment(_ request: Rollouts.DeploymentRequest) async throws(APIError) -> DeploymentFacts {
        let size = request.size
        return DeploymentFacts(
            try await self.client.createDeployment(
                WorkbenchAPI.DeploymentRequest(
                    projectID: request.projectID,
                    modelID: request.modelID,
                    buildID: request.buildID,
                    cpu: size.cpu,
                    memoryGB: size.memoryGB,
                    gpus: size.gpus,
                    replicas: size.replicas,
                    environment: size.environment.isEmpty ? nil : EnvironmentVariables(size.environment)
                )
            )
        )
    }

    /// Key of the tag that carries a rollout's marker.
    static let markerTag = "slipway.rollout"
}
