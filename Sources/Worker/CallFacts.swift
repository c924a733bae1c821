// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values
import WorkbenchAPI

// What the client answers, in the core's words.

extension RunFacts {
    /// The most that clocks differ: a day.
    private static let clockDifference = Duration.seconds(86_400)

    /// What the API says of a run, as of `now`.
    ///
    /// A start in the far future (one in nanoseconds, say) would make every later run of the model an older one for good:
    /// such a run counts as started when it ended, or now where that is in the future, too.
    init(_ run: ExperimentRun, projectID: String, now: Timestamp = .now()) {
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
            artifactPaths: run.artifactPaths
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
    init(_ version: RegisteredModelVersion, marker: String?) {
        self.init(
            registeredModelID: version.modelID,
            versionID: version.id,
            progress: Progress(version.status, message: version.errorMessage),
            isOurs: marker != nil && version.tags[CallRunner.markerTag] == marker
        )
    }
}

extension ModelFacts {
    init(_ model: Model) {
        self.init(modelID: model.id, registeredModelID: model.registeredModelID)
    }
}

extension BuildFacts {
    init(_ build: ModelBuild) {
        self.init(buildID: build.id, progress: Progress(build.status))
    }
}

extension DeploymentFacts {
    init(_ deployment: ModelDeployment) {
        self.init(deploymentID: deployment.id, progress: Progress(deployment.status))
    }
}

extension CallFailure {
    init(_ error: APIError) {
        let kind: Kind =
            switch error.kind {
            case .unauthorized: .unauthorized
            case .forbidden: .forbidden
            case .notFound: .notFound
            case .conflict: .conflict
            case .invalid: .invalid
            case .rateLimited: .rateLimited
            case .serverError: .serverError
            case .unavailable, .timeout, .cancelled: .unavailable
            case .protocol: .protocol
            }
        self.init(
            kind,
            isOutcomeUnknown: error.outcome == .unknown,
            message: "\(error.operation.id): \(error.message)",
            httpStatus: error.httpStatus,
            retryAfter: error.retryAfter.map { Span($0) }
        )
    }
}
