// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values
import WorkbenchAPI

// What the client answers, in the core's words.

extension ProjectFacts {
    init(_ project: Project) { self.init(id: project.id, name: project.name, owner: project.ownerName) }
}

extension ExperimentFacts {
    init(_ experiment: Experiment) {
        self.init(id: experiment.id, projectID: experiment.projectID, name: experiment.name)
    }
}

extension RunFacts {
    /// The most that clocks differ: a day.
    private static let clockDifference = Duration.seconds(86_400)

    /// What the API says of a run, as of `now`.
    ///
    /// A start in the far future (one in nanoseconds, say) would make every later run of the model an older one for good:
    /// such a run counts as started when it ended, or now where that is in the future, too.
    init(_ run: ExperimentRun, projectID: String, now: Timestamp) {
        let started = run.startedAt ?? .epoch
        let ended = run.endedAt ?? now
        self.init(
            projectID: projectID,
            experimentID: run.experimentID,
            runID: run.id,
            status: Status(rawValue: run.status.rawValue) ?? .unknown,
            start: started > now.advanced(by: Self.clockDifference) ? min(ended, now) : started,
            metrics: run.metrics,
            params: run.params,
            tags: run.tags,
            artifactPaths: run.artifactPaths,
            registeredVersions: run.registeredVersions.map { version in
                RegisteredVersion(
                    registeredModelID: version.modelID,
                    versionID: version.versionID,
                    modelName: version.modelName
                )
            }
        )
    }
}

extension Progress {
    init<Vocabulary>(_ status: LifecycleStatus<Vocabulary>, message: String = "") {
        switch status.stage {
        case .ready: self = .ready
        case .inProgress: self = .underWay(status.word)
        case .failed, .ended: self = .failed(message.isEmpty ? status.word : "\(status.word): \(message)")
        }
    }
}

extension VersionFacts {
    init(_ version: RegisteredModelVersion, marker: String) {
        self.init(
            registeredModelID: version.modelID,
            versionID: version.id,
            progress: Progress(version.status, message: version.errorMessage),
            isOurs: MarkerTag(marker).isCarried(by: version)
        )
    }

    /// The version that a registration has made.
    ///
    /// - Throws: `APIError` of kind `protocol` for an answer without one; it may have been made all the same.
    init(_ model: RegisteredModel, registeredBy request: VersionRequest) throws(APIError) {
        guard let version = model.version(ofRun: request.runID) else {
            throw APIError(
                .protocol,
                operation: .createRegisteredModel,
                message: "the answer to the registration has no version of the run",
                outcome: .unknown,
                author: .workbench
            )
        }
        self.init(version, marker: request.marker)
        let tag = MarkerTag(request.marker)
        // Some registries answer with all versions of the model, a gateway's second one among them.
        self.making = Making(hasTwins: model.versions.count { tag.isCarried(by: $0) } > 1)
        self.registeredModelID = model.id
        self.isOurs = true
    }
}

extension ModelFacts {
    init(_ model: Model) {
        self.init(modelID: model.id, registeredModelID: model.registeredModelID)
    }

    /// A model that was just made for a registered model.
    ///
    /// What was asked for counts: a server that answers before it has written the link down is no error.
    init(_ model: Model, createdFor registeredModelID: String) {
        self.init(model)
        if self.registeredModelID.isEmpty { self.registeredModelID = registeredModelID }
    }
}

extension BuildFacts {
    /// Takes a build as it was answered; `sent` is the comment that was sent, where this is the answer to a creation.
    init(_ build: ModelBuild, sent: String?) {
        self.init(buildID: build.id, progress: Progress(build.status))
        guard let sent else { return }
        // Its first word is the marker; what is cut off behind it does no harm.
        let marker = sent.prefix { $0 != " " }
        self.making = Making(keepsMarker: build.isMarked(by: String(marker)), user: build.creator)
    }
}

extension DeploymentFacts {
    init(_ deployment: ModelDeployment) {
        self.init(deploymentID: deployment.id, progress: Progress(deployment.status))
    }
}

extension CallFailure {
    init(_ error: APIError) {
        let kind = Self.kind(of: error)
        let speaker = kind == .inBetween ? "somebody in between answers: " : ""
        self.init(
            kind,
            isOutcomeUnknown: error.outcome == .unknown,
            message: "\(error.operation.id): \(speaker)\(error.message)",
            httpStatus: error.httpStatus,
            retryAfter: error.retryAfter.map { Span($0) }
        )
    }

    /// Rule 12: of what may end a rollout only the workbench's own words count.
    private static func kind(of error: APIError) -> Kind {
        switch error.kind {
        case .unauthorized: .unauthorized
        case .rateLimited: .rateLimited
        case .unavailable, .timeout, .cancelled: .unavailable
        case _ where error.author == .inBetween: .inBetween
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .conflict: .conflict
        case .invalid: .invalid
        case .serverError: .serverError
        case .protocol: .protocol
        }
    }
}
