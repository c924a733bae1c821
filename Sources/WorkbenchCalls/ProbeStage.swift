// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values
import WorkbenchAPI

/// Where a probe stands: one cheap question after the other, of all that its component serves.
///
/// A probe proves only what it asks (rule 13). Builds may be down while models are not, so that each kind of thing is asked
/// for, as far as something is known to ask below. The key comes first: where that fails, nothing is known of the rest.
struct ProbeStage: Sendable {
    private var question: Question
    private var rest: ArraySlice<Question>

    /// Asks several questions in turn.
    private init(_ first: Question, _ rest: some Sequence<Question> = []) {
        self.question = first
        self.rest = ArraySlice(rest)
    }
}

/// Something cheap to ask.
private enum Question: Sendable {
    case key(Endpoint<KeyValidation>)
    case project(Endpoint<Project>)
    case experiments(Endpoint<Page<Experiment>>)
    case runs(Endpoint<Page<ExperimentRun>>)
    case models(Endpoint<Page<Model>>)
    case builds(Endpoint<Page<ModelBuild>>)
    case deployments(Endpoint<Page<ModelDeployment>>)
    case registeredModels(Endpoint<Page<RegisteredModel>>)
    case modelService(Endpoint<ModelReply>)
}

extension ProbeStage {
    /// How the probe of a component begins.
    static func first(of component: Component, _ place: ProbePlace?) -> ProbeStage {
        let key = Question.key(.validateKey())
        switch component {
        case .workbench: return ProbeStage(key)
        case .experiments: return ProbeStage(key, place.map(Self.experiments) ?? [])
        case .models: return ProbeStage(key, place.map(Self.models) ?? [])
        case .registry: return ProbeStage(key, [.registeredModels(Pages.registeredModels().glance)])
        case .modelService:
            // No model has this key: what is asked is whether the service says so.
            return ProbeStage(.modelService(.callModel(accessKey: Secret("slipway-probe"), request: Array("{}".utf8))))
        }
    }

    private static func experiments(_ place: ProbePlace) -> [Question] {
        let project = place.projectID
        let runs = place.experimentID.map { Question.runs(Pages.runs(project: project, experiment: $0).glance) }
        return [.project(.project(project)), .experiments(Pages.experiments(project: project).glance)]
            + [runs].compactMap(\.self)
    }

    private static func models(_ place: ProbePlace) -> [Question] {
        let project = place.projectID
        var questions = [Question.models(Pages.models(project: project).glance)]
        guard let model = place.modelID else { return questions }
        questions.append(.builds(Pages.builds(project: project, model: model).glance))
        if let build = place.buildID {
            questions.append(.deployments(Pages.deployments(project: project, model: model, build: build).glance))
        }
        return questions
    }

    /// What is to be sent.
    var draft: RequestDraft {
        switch self.question {
        case .key(let endpoint): endpoint.draft
        case .project(let endpoint): endpoint.draft
        case .experiments(let endpoint): endpoint.draft
        case .runs(let endpoint): endpoint.draft
        case .models(let endpoint): endpoint.draft
        case .builds(let endpoint): endpoint.draft
        case .deployments(let endpoint): endpoint.draft
        case .registeredModels(let endpoint): endpoint.draft
        case .modelService(let endpoint): endpoint.draft
        }
    }

    /// Takes the response to what was sent.
    func turn(after arrival: Arrival) throws(APIError) -> Turn {
        do throws(APIError) {
            try self.read(arrival)
        } catch {
            guard self.isAnswer(error) else { throw error }
        }
        var rest = self.rest
        return rest.popFirst().map { .ask(.probing(ProbeStage($0, rest))) } ?? .ended(.alive)
    }

    private func read(_ arrival: Arrival) throws(APIError) {
        switch self.question {
        case .key(let endpoint): try Self.check(arrival.answer(to: endpoint))
        case .project(let endpoint): _ = try arrival.answer(to: endpoint)
        case .experiments(let endpoint): _ = try arrival.answer(to: endpoint)
        case .runs(let endpoint): _ = try arrival.answer(to: endpoint)
        case .models(let endpoint): _ = try arrival.answer(to: endpoint)
        case .builds(let endpoint): _ = try arrival.answer(to: endpoint)
        case .deployments(let endpoint): _ = try arrival.answer(to: endpoint)
        case .registeredModels(let endpoint): _ = try arrival.answer(to: endpoint)
        case .modelService(let endpoint):
            guard try !arrival.answer(to: endpoint).isOfService else { return }
            throw Self.error(.protocol, "neither success, response nor errors", of: .callModel, by: .inBetween)
        }
    }

    private static func check(_ validation: KeyValidation) throws(APIError) {
        guard !validation.isValid else { return }
        throw self.error(
            .unauthorized,
            "the workbench says that the API key is not valid",
            of: .validateKey,
            by: .workbench
        )
    }

    private static func error(
        _ kind: APIError.Kind,
        _ message: String,
        of operation: APIOperation,
        by author: APIError.Author
    ) -> APIError {
        APIError(kind, operation: operation, message: message, outcome: .notApplied, author: author)
    }

    /// Whether an error is answer enough: that a thing is gone, or is not to be seen, is no outage.
    private func isAnswer(_ error: APIError) -> Bool {
        guard error.author == .workbench else { return false }
        switch self.question {
        case .key, .registeredModels: return false
        case .modelService: return error.isRefusal || error.kind == .unauthorized
        case .project, .experiments, .runs, .models, .builds, .deployments: return error.isRefusal
        }
    }

    /// What it means that a request failed.
    func failed(_ error: APIError) -> CallFailure {
        var failure = CallFailure(error)
        if case .key = self.question { failure.failedAt = .workbench }
        return failure
    }
}

extension APIError {
    /// Whether it says that this one thing is not there, or not to be seen.
    fileprivate var isRefusal: Bool {
        switch self.kind {
        case .forbidden, .notFound, .invalid: true
        case .unauthorized, .conflict, .rateLimited, .serverError, .unavailable, .timeout, .protocol, .cancelled: false
        }
    }
}
