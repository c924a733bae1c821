// SPDX-License-Identifier: Apache-2.0

import Rollouts
import WorkbenchAPI

/// Where a probe stands: something cheap that needs the key.
///
/// A probe proves only what it asks (rule 13). Projects with their runs, and models with their builds and deployments, are
/// served by parts of the workbench that go down on their own, so each is asked where a project is known.
enum ProbeStage: Sendable {
    /// The API key is checked. Next: `readingProject`, where a project is known, else the end.
    case checkingKey(Endpoint<KeyValidation>, then: Families?)
    /// A project is read. Next: `readingModels`.
    case readingProject(Families)
    /// One page of the project's models is read. Next: the end.
    case readingModels(Families)
    /// One page of the registry is read. Next: the end.
    case readingRegistry(Endpoint<Page<RegisteredModel>>)

    /// What is asked beside the key.
    struct Families: Sendable {
        let project: Endpoint<Project>
        let models: Endpoint<Page<Model>>
    }
}

extension ProbeStage {
    /// How the probe of a component begins.
    ///
    /// A name that nobody gives a model makes the answer one short page.
    static func first(of component: Component, _ project: String?, with dialect: Dialect) -> ProbeStage {
        switch component {
        case .workbench:
            let families = project.map { project in
                let listing = Listing(filter: ["name": "slipway-probe"])
                return Families(
                    project: .project(project),
                    models: Pages.models(project: project, listing).first(in: dialect)
                )
            }
            return .checkingKey(.validateKey(), then: families)
        case .registry:
            let listing = Listing(filter: ["model_name": "slipway-probe"])
            return .readingRegistry(Pages.registeredModels(listing).first(in: dialect))
        }
    }

    /// What is to be sent.
    var draft: RequestDraft {
        switch self {
        case .checkingKey(let endpoint, _): endpoint.draft
        case .readingProject(let families): families.project.draft
        case .readingModels(let families): families.models.draft
        case .readingRegistry(let endpoint): endpoint.draft
        }
    }

    /// Takes the response to what was sent.
    func turn(after arrival: Arrival) throws(APIError) -> Turn {
        switch self {
        case .checkingKey(let endpoint, let families):
            try Self.check(arrival.answer(to: endpoint))
            return families.map { .ask(.probing(.readingProject($0))) } ?? .ended(.alive)
        case .readingProject(let families):
            _ = try arrival.answer(to: families.project)
            return .ask(.probing(.readingModels(families)))
        case .readingModels(let families): _ = try arrival.answer(to: families.models)
        case .readingRegistry(let endpoint): _ = try arrival.answer(to: endpoint)
        }
        return .ended(.alive)
    }

    private static func check(_ validation: KeyValidation) throws(APIError) {
        guard !validation.isValid else { return }
        throw APIError(
            .unauthorized,
            operation: .validateKey,
            message: "the workbench says that the API key is not valid",
            outcome: .notApplied,
            author: .workbench
        )
    }

    /// What it means that a request failed.
    func failed(_ error: APIError) -> Result<CallResult, CallFailure> {
        switch self {
        // It answers: that this project is gone, or is not to be seen, is no outage.
        case .readingProject where error.isRefusal, .readingModels where error.isRefusal: .success(.alive)
        case .checkingKey, .readingProject, .readingModels, .readingRegistry: .failure(CallFailure(error))
        }
    }
}

extension APIError {
    /// Whether the workbench itself says that this one thing is not there, or not to be seen.
    fileprivate var isRefusal: Bool {
        guard self.author == .workbench else { return false }
        switch self.kind {
        case .forbidden, .notFound, .invalid: return true
        case .unauthorized, .conflict, .rateLimited, .serverError, .unavailable, .timeout, .protocol, .cancelled:
            return false
        }
    }
}
