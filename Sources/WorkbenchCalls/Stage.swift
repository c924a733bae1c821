// SPDX-License-Identifier: Apache-2.0

import Rollouts
import WorkbenchAPI

/// Where a conversation stands: what is being asked, and what else belongs to the call.
///
/// A stage that says nothing else leads to the end.
enum Stage: Sendable {
    /// A probe is under way.
    case probing(ProbeStage)
    /// The project is looked for, page by page.
    case findingProject(PageSearch<Project, [Project]>)
    /// The project is read.
    case readingProject(Endpoint<Project>)
    /// The experiment is looked for, page by page.
    case findingExperiment(PageSearch<Experiment, [Experiment]>)
    /// The experiment is read.
    case readingExperiment(Endpoint<Experiment>)
    /// The run is read.
    case readingRun(Endpoint<ExperimentRun>, projectID: String)
    /// The newest finished run is looked for, page by page.
    case findingNewestRun(NewestRunSearch, projectID: String)
    /// The run's versions are looked for: models of the name page by page, then the versions of each, page by page.
    case findingVersion(VersionSearch, VersionLook)
    /// The version is being made.
    case registering(Endpoint<RegisteredModel>, VersionRequest)
    /// The version is read.
    case readingVersion(Endpoint<RegisteredModelVersion>, marker: String)
    /// The model is looked for, page by page.
    case findingModel(PageSearch<Model, Model?>)
    /// The model is being made.
    case creatingModel(Endpoint<Model>, registeredModelID: String)
    /// The runtime is looked for, page by page: the newest, or the one that was chosen.
    case findingRuntime(PageSearch<Runtime, Runtime?>)
    /// The build is looked for by its marker, or what else it is known by, page by page.
    case findingBuild(PageSearch<ModelBuild, [ModelBuild]>, BuildLook)
    /// The build is being made, with the comment that was sent, or read.
    case askingForBuild(Endpoint<ModelBuild>, sent: String?)
    /// The build's deployments are looked for, page by page.
    case findingDeployment(PageSearch<ModelDeployment, [ModelDeployment]>)
    /// The deployment is being made, or read.
    case askingForDeployment(Endpoint<ModelDeployment>)
    /// The model's access key is read: each time, since it is a secret, which no rollout keeps. Next: `sendingSample`.
    case readingModelKey(Endpoint<Model>, Verification)
    /// The sample request is with the model. Next, where it was refused without the API key: itself, with the key.
    case sendingSample(Endpoint<ModelReply>, withKey: Endpoint<ModelReply>?, Verification)
    /// Something of a sweep is under way.
    case sweeping(SweepStage)
}

extension Stage {
    /// What is to be sent.
    func draft(in dialect: Dialect) -> RequestDraft {
        switch self {
        case .probing(let stage): stage.draft
        case .findingProject(let search): search.draft(in: dialect)
        case .readingProject(let endpoint): endpoint.draft
        case .findingExperiment(let search): search.draft(in: dialect)
        case .readingExperiment(let endpoint): endpoint.draft
        case .readingRun(let endpoint, _): endpoint.draft
        case .findingNewestRun(let search, _): search.draft(in: dialect)
        case .findingVersion(let search, _): search.draft(in: dialect)
        case .registering(let endpoint, _): endpoint.draft
        case .readingVersion(let endpoint, _): endpoint.draft
        case .findingModel(let search): search.draft(in: dialect)
        case .creatingModel(let endpoint, _): endpoint.draft
        case .findingRuntime(let search): search.draft(in: dialect)
        case .findingBuild(let search, _): search.draft(in: dialect)
        case .askingForBuild(let endpoint, _): endpoint.draft
        case .findingDeployment(let search): search.draft(in: dialect)
        case .askingForDeployment(let endpoint): endpoint.draft
        case .readingModelKey(let endpoint, _): endpoint.draft
        case .sendingSample(let endpoint, _, _): endpoint.draft
        case .sweeping(let stage): stage.draft(in: dialect)
        }
    }

    /// Takes the response to what was sent.
    ///
    /// - Throws: `APIError` for one that is no answer, to be handed to `failed`.
    func turn(after arrival: Arrival) throws(APIError) -> Turn {
        switch self {
        case .probing(let stage): return try stage.turn(after: arrival)
        case .findingProject(let search):
            return try arrival.turn(of: search, in: Stage.findingProject) { .projects($0.map { ProjectFacts($0) }) }
        case .readingProject(let endpoint):
            return .ended(.projects([ProjectFacts(try arrival.answer(to: endpoint))]))
        case .findingExperiment(let search):
            return try arrival.turn(of: search, in: Stage.findingExperiment) { experiments in
                .experiments(experiments.map { ExperimentFacts($0) })
            }
        case .readingExperiment(let endpoint):
            return .ended(.experiments([ExperimentFacts(try arrival.answer(to: endpoint))]))
        case .readingRun(let endpoint, let project):
            return .ended(.run(RunFacts(try arrival.answer(to: endpoint), projectID: project, now: arrival.now)))
        case .findingNewestRun(let search, let project):
            let stage = { Stage.findingNewestRun($0, projectID: project) }
            return try arrival.turn(of: search, in: stage) { run in
                .run(run.map { RunFacts($0, projectID: project, now: arrival.now) })
            }
        case .findingVersion(let search, let look):
            return try arrival.turn(of: search, in: { .findingVersion($0, look) }, finding: look.result)
        case .registering(let endpoint, let request):
            return .ended(.version(try VersionFacts(arrival.answer(to: endpoint), registeredBy: request)))
        case .readingVersion(let endpoint, let marker):
            return .ended(.version(VersionFacts(try arrival.answer(to: endpoint), marker: marker)))
        case .findingModel(let search):
            return try arrival.turn(of: search, in: Stage.findingModel) { .model($0.map { ModelFacts($0) }) }
        case .creatingModel(let endpoint, let registeredModelID):
            return .ended(.model(ModelFacts(try arrival.answer(to: endpoint), createdFor: registeredModelID)))
        case .findingRuntime(let search):
            return try arrival.turn(of: search, in: Stage.findingRuntime) { .runtime(identifier: $0?.imageIdentifier) }
        case .findingBuild(let search, let look):
            return try arrival.turn(of: search, in: { .findingBuild($0, look) }, finding: look.result)
        case .askingForBuild(let endpoint, let sent):
            return .ended(.build(BuildFacts(try arrival.answer(to: endpoint), sent: sent)))
        case .findingDeployment(let search):
            return try arrival.turn(of: search, in: Stage.findingDeployment) { deployments in
                .deployment(DeploymentFacts(choosingFrom: deployments))
            }
        case .askingForDeployment(let endpoint):
            return .ended(.deployment(DeploymentFacts(try arrival.answer(to: endpoint))))
        case .readingModelKey(let endpoint, let verification):
            return .ask(Stage.sample(for: verification, of: try arrival.answer(to: endpoint)))
        case .sendingSample(let endpoint, let withKey, let verification):
            return try Stage.turn(after: arrival, to: endpoint, withKey: withKey, verification)
        case .sweeping(let stage): return try stage.turn(after: arrival)
        }
    }

    /// The sample request, with the API key only where the model wants it: its own code may read what comes with a call.
    private static func sample(for verification: Verification, of model: Model) -> Stage {
        let call = { (withKey: Bool) in
            Endpoint.callModel(
                accessKey: model.accessKey,
                isAuthenticated: withKey,
                request: Array(verification.request.utf8)
            )
        }
        // Where nothing is said, the key is kept back until it is asked for.
        let withKey = model.isAuthenticationTold ? nil : call(true)
        return .sendingSample(call(model.isAuthenticationEnabled), withKey: withKey, verification)
    }

    private static func turn(
        after arrival: Arrival,
        to endpoint: Endpoint<ModelReply>,
        withKey: Endpoint<ModelReply>?,
        _ verification: Verification
    ) throws(APIError) -> Turn {
        let reply: ModelReply
        do throws(APIError) {
            reply = try arrival.answer(to: endpoint)
        } catch {
            guard error.kind == .unauthorized, let withKey else { throw error }
            return .ask(.sendingSample(withKey, withKey: nil, verification))
        }
        return .ended(.verification(VerificationResult(reply, expecting: verification.expect)))
    }

    /// What it means for the call that the request of this stage failed, or can't be made.
    func failed(_ error: APIError) -> Result<CallResult, CallFailure> {
        switch self {
        // Its words go along: it may be the project that it doesn't know.
        case .readingProject where error.isAbsence, .readingExperiment where error.isAbsence,
            .readingRun where error.isAbsence:
            return .success(.absent(CallFailure(error)))
        case .probing(let stage): return .failure(stage.failed(error))
        case .sendingSample:
            if let result = VerificationResult(error) { return .success(.verification(result)) }
            return .failure(CallFailure(error))
        case .findingProject, .readingProject, .findingExperiment, .readingExperiment, .readingRun, .findingNewestRun,
            .findingVersion, .registering, .readingVersion, .findingModel, .creatingModel, .findingRuntime,
            .findingBuild, .askingForBuild, .findingDeployment, .askingForDeployment, .readingModelKey, .sweeping:
            return .failure(CallFailure(error))
        }
    }
}

extension APIError {
    /// Whether the workbench itself says that there is no such thing (rule 12).
    fileprivate var isAbsence: Bool { self.kind == .notFound && self.author == .workbench }
}
