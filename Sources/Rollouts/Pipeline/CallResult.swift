// SPDX-License-Identifier: Apache-2.0

package import Values

/// What a call that was answered brought; `nil` inside means "there is none".
package enum CallResult: Sendable, Equatable {
    /// A probe was answered.
    case alive
    /// Projects: the one that was read, or all that have the name.
    case projects([ProjectFacts])
    /// Experiments: the one that was read, or all that have the name.
    case experiments([ExperimentFacts])
    /// The workbench itself says that what was to be read is not there.
    case absent(CallFailure)
    /// The run; `nil` where an experiment has no finished one.
    case run(RunFacts?)
    /// The version.
    case version(VersionFacts?)
    /// The model.
    case model(ModelFacts?)
    /// Image identifier of the runtime.
    case runtime(identifier: String?)
    /// The build.
    case build(BuildFacts?)
    /// The deployment.
    case deployment(DeploymentFacts?)
    /// A look has found what may be the rollout's, and nothing to tell by; the text names it.
    case unclear(String)
    /// The registered model's name is another project's; the text says whose.
    case taken(String)
    /// The model's answer to the sample request.
    case verification(VerificationResult)
    /// What a sweep found; empty where it changed something.
    case marked([MarkedObject])
}

/// How far something is that the workbench makes.
package enum Progress: Sendable, Equatable {
    /// Under way; the word is the workbench's.
    case underWay(String)
    /// Ready for use.
    case ready
    /// Ended badly; the text is the workbench's.
    case failed(String)
}

/// How something came to be that a rollout has made or taken for its own.
package struct Making: Sendable, Equatable {
    /// Whether the answer to its creation has the marker that was sent.
    ///
    /// `nil` where it is no such answer, and for what is known by its marker only where the workbench keeps nothing else:
    /// a version has its run, and its tags may come later than the answer.
    package var keepsMarker: Bool?
    /// Whether there are more of it: a gateway has sent the call that made it twice, or it was applied late.
    package var hasTwins: Bool
    /// The user that made it, as the answer to its creation says; empty where it doesn't.
    package var user: String

    /// Creates it.
    package init(keepsMarker: Bool? = nil, hasTwins: Bool = false, user: String = "") {
        self.keepsMarker = keepsMarker
        self.hasTwins = hasTwins
        self.user = user
    }
}

/// A version in the registry.
package struct VersionFacts: Sendable, Equatable {
    /// The registered model.
    package var registeredModelID: String
    /// The version.
    package var versionID: String
    /// How far it is.
    package var progress: Progress
    /// Whether it carries this rollout's marker.
    package var isOurs: Bool
    /// What else is to be said of it.
    package var making: Making

    /// Creates facts.
    package init(
        registeredModelID: String,
        versionID: String,
        progress: Progress,
        isOurs: Bool,
        making: Making = Making()
    ) {
        self.registeredModelID = registeredModelID
        self.versionID = versionID
        self.progress = progress
        self.isOurs = isOurs
        self.making = making
    }
}

/// A model of a project.
package struct ModelFacts: Sendable, Equatable {
    /// The model.
    package var modelID: String
    /// The registered model that its builds come from; empty if it was made without one.
    package var registeredModelID: String

    /// Creates facts.
    package init(modelID: String, registeredModelID: String) {
        self.modelID = modelID
        self.registeredModelID = registeredModelID
    }
}

/// A build of a model.
package struct BuildFacts: Sendable, Equatable {
    /// The build.
    package var buildID: String
    /// How far it is.
    package var progress: Progress
    /// What else is to be said of it.
    package var making: Making

    /// Creates facts.
    package init(buildID: String, progress: Progress, making: Making = Making()) {
        self.buildID = buildID
        self.progress = progress
        self.making = making
    }
}

/// A deployment of a build.
package struct DeploymentFacts: Sendable, Equatable {
    /// The deployment.
    package var deploymentID: String
    /// How far it is.
    package var progress: Progress
    /// What else is to be said of it.
    package var making: Making

    /// Creates facts.
    package init(deploymentID: String, progress: Progress, making: Making = Making()) {
        self.deploymentID = deploymentID
        self.progress = progress
        self.making = making
    }
}

extension CallResult {
    /// Whether it says that there is no such run.
    var isWithoutRun: Bool {
        switch self {
        case .run(nil), .absent: true
        default: false
        }
    }

    /// Whether it says that nobody has answered what was asked.
    var isNoAnswer: Bool {
        if case .verification(.away) = self { true } else { false }
    }

    /// How what it names came to be; `nil` where it names nothing of the kind.
    var making: Making? {
        switch self {
        case .version(let facts): facts?.making
        case .build(let facts): facts?.making
        case .deployment(let facts): facts?.making
        case .alive, .projects, .experiments, .absent, .run, .model, .runtime, .unclear, .taken, .verification, .marked:
            nil
        }
    }
}

/// What the deployed model said to the sample request.
package enum VerificationResult: Sendable, Equatable {
    /// The expected answer, or any successful one where none is expected.
    case passed
    /// An answer, but a wrong one; the text says what was wrong, without the payload.
    case wrong(String)
    /// No answer yet: busy, starting.
    case notYet(String)
    /// The service does not answer for anybody, as it seems: no connection, a 5xx, or somebody in between.
    case away(String)
}

/// A call that brought no result.
package struct CallFailure: Error, Sendable, Equatable {
    /// The named kind of failure.
    package enum Kind: String, Sendable, CaseIterable {
        /// No connection, a cut one, a time-out, 502, 503, 504: the component may be down.
        case unavailable
        /// 401.
        case unauthorized
        /// 403.
        case forbidden
        /// 404.
        case notFound
        /// 409, and the duplicate name that the workbench reports as 500.
        case conflict
        /// Another 4xx.
        case invalid
        /// 429.
        case rateLimited
        /// Another 5xx.
        case serverError
        /// An answer of the workbench's that can't be understood.
        case `protocol`
        /// An answer by somebody between here and the workbench: a proxy, firewall, ingress or login page.
        case inBetween
        /// Given up before it was sent: the intent was too old or the partition had moved.
        case withheld
    }

    /// The named kind of failure.
    package var kind: Kind
    /// Whether the workbench may have acted on it nevertheless; only creating calls care.
    package var isOutcomeUnknown: Bool
    /// One line for people.
    package var message: String
    /// HTTP status, where there was an answer.
    package var httpStatus: Int?
    /// How long the workbench asked to wait.
    package var retryAfter: Span?
    /// Of a probe: what failed, where it did not get as far as the component that it is about.
    package var failedAt: Component?

    /// Creates a failure.
    package init(
        _ kind: Kind,
        isOutcomeUnknown: Bool = false,
        message: String,
        httpStatus: Int? = nil,
        retryAfter: Span? = nil,
        failedAt: Component? = nil
    ) {
        self.kind = kind
        self.isOutcomeUnknown = isOutcomeUnknown
        self.message = message
        self.httpStatus = httpStatus
        self.retryAfter = retryAfter
        self.failedAt = failedAt
    }

    /// The cause that a rollout ends or waits with because of this failure.
    package var cause: Cause {
        let causeClass: CauseClass =
            switch self.kind {
            case .unavailable: .unavailable
            case .unauthorized: .unauthorized
            case .forbidden: .forbidden
            case .notFound: .notFound
            case .conflict: .conflict
            case .invalid: .invalid
            case .rateLimited: .rateLimited
            case .serverError, .withheld: .serverError
            case .protocol: .protocol
            case .inBetween: .refusedInBetween
            }
        return Cause(causeClass, self.message, httpStatus: self.httpStatus)
    }
}
