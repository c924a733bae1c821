// SPDX-License-Identifier: Apache-2.0

/// Why a rollout failed, was skipped, was superseded or waits; the same words in status, log, metric and command line.
package struct Cause: Codable, Sendable, Equatable {
    /// The named kind of cause.
    package var `class`: CauseClass
    /// One line for people; no secret, no payload.
    package var message: String
    /// HTTP status of the workbench's answer, where there was one.
    package var httpStatus: Int?

    /// Whether the same event, replayed, may end otherwise without anyone changing anything.
    package var isRetryable: Bool { self.class.isRetryable }

    /// Creates a cause.
    package init(_ class: CauseClass, _ message: String, httpStatus: Int? = nil) {
        self.class = `class`
        self.message = message
        self.httpStatus = httpStatus
    }

    /// How a rollout ends by it that is given up: what no route wants has not failed.
    var phaseOfEnd: Phase { self.class == .noRoute ? .skipped : .failed }
}

/// The closed vocabulary of causes.
package enum CauseClass: String, Codable, Sendable, CaseIterable {
    // Skipped.
    /// No route matches the event.
    case noRoute
    /// The run of this event is already known under another rollout.
    case duplicate
    /// A gate of the route is not met.
    case gate
    /// The run failed or was killed on the workbench, or the event says that it has not finished.
    ///
    /// A rollout whose run is still running or scheduled at the deadline of its first step ends `failed`: the event said
    /// that it had finished.
    case runNotFinished

    // Superseded.
    /// A newer run of the model is deployed or waits.
    case newerRun

    // Failed.
    /// The project does not exist or can't be seen with the key.
    case projectNotFound
    /// More than one project has the name that the event gives.
    case projectAmbiguous
    /// The experiment does not exist or can't be seen with the key.
    case experimentNotFound
    /// More than one experiment of the project has the name that the event gives.
    case experimentAmbiguous
    /// The run does not exist or was deleted.
    case runNotFound
    /// The run has no model under the artifact path.
    case artifactNotFound
    /// The run is of a project that its route does not allow.
    case projectNotAllowed
    /// The event asks for more than its route allows.
    case overLimit
    /// A name that the workbench can't take.
    case invalidName
    /// What the workbench says of the run contradicts what it said, or what the event says.
    case contradiction
    /// No enabled runtime fits the route's choice.
    case runtimeNotFound
    /// The model exists, but can't take builds from the registry.
    case modelUnusable
    /// The registered model of that name was made for another project.
    case registryNameTaken
    /// The workbench could not register the version.
    case registration
    /// The build ended in failure.
    case build
    /// The deployment ended in failure or was stopped by someone.
    case deployment
    /// The deployed model gave a wrong answer or none.
    case verification
    /// A step did not end within its deadline.
    case deadline
    /// The workbench refused the request as invalid.
    case invalid
    /// The key has no right to do this.
    case forbidden
    /// Something that an earlier step made is gone.
    case notFound
    /// The workbench says that something stands in the way.
    case conflict
    /// The workbench's answer can't be understood.
    case `protocol`
    /// The workbench failed again and again while it served others.
    case serverError
    /// Somebody between here and the workbench (a proxy, firewall, ingress or login page) answered in its place, again and
    /// again, while the workbench itself served others or could be reached.
    case refusedInBetween
    /// A call may have made something, and the workbench has kept nothing of it by which to tell.
    case outcomeUnknown
    /// The rollout's journal record does not fit the topic's limit.
    case recordTooLarge
    /// A broker refuses a record of the rollout for what it is.
    case recordRefused

    // Waiting.
    /// The workbench can't be reached or answers 5xx.
    case unavailable
    /// The key is refused.
    case unauthorized
    /// The workbench asks for fewer calls.
    case rateLimited
    /// A call that creates something may have had an effect: nothing is created again before that is certain.
    case callInDoubt
    /// An earlier rollout of the run has ended with a call that may have had an effect: its clean-up looks first.
    case holderInDoubt
    /// A journal record of the rollout's lane can't be read.
    case journalUnreadable
    /// Its route has as much under way as its quota allows.
    case quota

    /// Whether a rollout waits for it by the worker's own decision, with the workbench up.
    var isOwnDecision: Bool { self == .quota || self == .holderInDoubt }

    /// Whether the same event, replayed, may end otherwise without anyone changing anything.
    package var isRetryable: Bool {
        switch self {
        case .registration, .build, .deployment, .verification, .deadline, .conflict, .protocol, .serverError,
            .refusedInBetween, .notFound, .unavailable, .unauthorized, .rateLimited, .runNotFinished, .runtimeNotFound,
            .callInDoubt, .holderInDoubt, .journalUnreadable, .quota:
            true
        case .noRoute, .duplicate, .gate, .newerRun, .projectNotFound, .projectAmbiguous, .experimentNotFound,
            .experimentAmbiguous, .runNotFound, .artifactNotFound, .projectNotAllowed, .registryNameTaken,
            .overLimit, .invalidName, .contradiction,
            .modelUnusable, .invalid,
            .forbidden, .outcomeUnknown, .recordTooLarge, .recordRefused:
            false
        }
    }

    /// What an operator does next, in one sentence.
    package var nextStep: String {
        switch self {
        case .noRoute: "Add a route that matches this event, then replay it."
        case .duplicate:
            "Nothing, unless the rollout that the message names ends badly: then send the event again, with a new id. To deploy "
                + "the run once more on purpose: slipway replay --run ID --apply --reason TEXT."
        case .gate: "Nothing, or change the route's gate and replay the run."
        case .runNotFinished: "Emit the event after the run has finished, or replay the run."
        case .newerRun: "Nothing; to go back on purpose: slipway replay --run ID --allow-rollback."
        case .projectNotFound: "Check the project's id or name and that the key's user is a member of it."
        case .projectAmbiguous: "Name the project by its id in the event, and emit it again."
        case .experimentNotFound: "Check the experiment's id or name."
        case .experimentAmbiguous: "Name the experiment by its id in the event, and emit it again."
        case .runNotFound: "Check the run's id; a deleted run can't be deployed."
        case .artifactNotFound: "Log the model under the artifact path, or set model.artifactPath."
        case .projectNotAllowed:
            "Send the event to the topic of the team that has the project, or add it to the route's projects."
        case .overLimit: "Ask for less, or raise the route's limit."
        case .invalidName: "Choose a shorter, plainer model name in the event or in the route's template."
        case .contradiction: "Check the ids and names that the message gives, correct the event and emit it again."
        case .runtimeNotFound: "Enable a runtime that fits, or change that of the event or the route."
        case .modelUnusable: "Delete or rename the model: it was made without a registered model."
        case .registryNameTaken:
            "Name the model otherwise, or give the route registry.name with {projectName|slug} in it; then replay the run."
        case .registration: "Read the registry's message; then replay the run."
        case .build: "Read the build's log on the workbench; then replay the run."
        case .deployment: "Look at the deployment on the workbench; then replay the run."
        case .verification: "Call the model by hand with the route's sample; then replay the run."
        case .deadline: "Look what the workbench is doing, or raise the step's deadline; then replay the run."
        case .invalid: "Read the workbench's message; the event or the route asks for something that it refuses."
        case .forbidden: "Give the key's user the right that the message names; then replay the run."
        case .notFound: "Someone deleted what an earlier step made: replay the run."
        case .conflict: "Read the workbench's message; then replay the run."
        case .protocol: "Check workbench.url and the proxies in between; then replay the run."
        case .serverError: "Look at the workbench's health; then replay the run."
        case .refusedInBetween:
            "Find the proxy or firewall whose answer the message gives, and let these calls through."
        case .outcomeUnknown:
            "Look on the workbench for what the message names and delete it if nobody uses it; then replay the run."
        case .recordTooLarge: "Make the event smaller, or raise max.message.bytes of the journal topic."
        case .recordRefused:
            "Run slipway topics check and look at what validates records on the brokers; then replay the run."
        case .unavailable: "Nothing: work goes on when the workbench is back."
        case .unauthorized: "Renew the API key; work goes on by itself."
        case .rateLimited: "Nothing, or lower workbench.maximumCallsPerSecond."
        case .callInDoubt: "Nothing: it looks again, and creates again once that is safe."
        case .holderInDoubt: "Nothing: it goes on when the clean-up of the rollout that the message names has looked."
        case .quota:
            "Nothing: it goes on by itself, as the message says; or raise the route's quota and restart the workers."
        case .journalUnreadable: "Run slipway journal check; it says what is unreadable and how to go on."
        }
    }
}
