// SPDX-License-Identifier: Apache-2.0

/// What is to be done for one event: the event's wishes, completed and limited by its route.
///
/// Made at intake by what the event says, and once more by facts when its run is resolved; fixed from then on and journalled,
/// so that a change of the routes file never changes a rollout under way.
package struct RolloutPlan: Codable, Sendable, Equatable {
    /// Name of the route that matched.
    package var route: String
    /// Where the run is to be found.
    package var run: RunReference
    /// Name of the model, in the registry and as an endpoint; empty while `naming` is to say it.
    package var modelName: String
    /// How the model is named once the run's facts are known; `nil` where the event alone decides.
    @Rare package var naming: PendingName?
    /// How the registered model is named; `nil` where it has the model's name.
    @Rare package var registry: RegistryNaming?
    /// What the event asks for, while the routes are still to decide on facts; `nil` where it asks for nothing, and later.
    @Rare package var claim: Claim?
    /// What the event may ask for, by the route under which it was accepted; `nil` for the limits that a route has by default.
    @Rare package var limits: Route.Limits?
    /// The run's artifact folder that holds the model.
    package var artifactPath: String
    /// Description of the model; empty for none.
    package var modelDescription: String
    /// Which runtime builds the model.
    package var runtime: RuntimeChoice
    // What takes a byte stands behind what leaves seven unused.
    /// Whether anyone may call the model without a key.
    package var disableAuthentication: Bool
    /// What happens to a rollout that waits while newer runs arrive.
    package var queue: QueueMode
    /// Text put after the rollout's marker in the build's comment; empty for none.
    package var buildComment: String
    /// Sizes of the deployment.
    package var deployment: DeploymentSize
    /// What must be true of the run.
    package var gates: [Gate]
    /// How long each step may take.
    package var deadlines: StepDeadlines
    /// How the deployed model is tested; `nil` for not at all.
    package var verification: Verification?

    /// Creates a plan.
    package init(
        route: String,
        run: RunReference,
        modelName: String,
        artifactPath: String,
        modelDescription: String = "",
        disableAuthentication: Bool = false,
        runtime: RuntimeChoice,
        buildComment: String = "",
        deployment: DeploymentSize = DeploymentSize(),
        gates: [Gate] = [],
        queue: QueueMode = .latest,
        deadlines: StepDeadlines = StepDeadlines(),
        verification: Verification? = nil
    ) {
        self.route = route
        self.run = run
        self.modelName = modelName
        self.artifactPath = artifactPath
        self.modelDescription = modelDescription
        self.disableAuthentication = disableAuthentication
        self.runtime = runtime
        self.buildComment = buildComment
        self.deployment = deployment
        self.gates = gates
        self.queue = queue
        self.deadlines = deadlines
        self.verification = verification
    }
}

/// A model's name that needs facts which the event does not give.
package struct PendingName: Codable, Sendable, Equatable {
    /// The route's template.
    package var template: String
    /// The event's subject, which templates may use.
    package var subject: String?

    /// Creates one.
    package init(template: String, subject: String?) {
        self.template = template
        self.subject = subject
    }
}

/// How a registered model is named that does not have its model's name.
package struct RegistryNaming: Codable, Sendable, Equatable {
    /// The route's template.
    package var template: String
    /// The name; `nil` until the run is known.
    package var name: String?

    /// Creates one.
    package init(template: String) { self.template = template }
}

extension RolloutPlan {
    /// Name of the registered model.
    package var registeredName: String { self.registry?.name ?? self.modelName }

    /// The model's name where it is certain; else the rollout is owned by the hash of its own id.
    package var certainModelName: String? { self.naming == nil && !self.modelName.isEmpty ? self.modelName : nil }
}

/// The run as the event names it; each pair has at least one part, and `runID` absent means the newest finished run.
package struct RunReference: Codable, Sendable, Equatable {
    /// Project id, if the event gives it.
    package var projectID: String?
    /// Project name, if the event gives no id.
    package var projectName: String?
    /// Experiment id, if the event gives it.
    package var experimentID: String?
    /// Experiment name, if the event gives no id.
    package var experimentName: String?
    /// Run id; `nil` means the newest finished run of the experiment.
    package var runID: String?

    /// Creates a reference.
    package init(
        projectID: String? = nil,
        projectName: String? = nil,
        experimentID: String? = nil,
        experimentName: String? = nil,
        runID: String? = nil
    ) {
        self.projectID = projectID
        self.projectName = projectName
        self.experimentID = experimentID
        self.experimentName = experimentName
        self.runID = runID
    }
}

/// Which runtime builds a model.
package enum RuntimeChoice: Codable, Sendable, Equatable {
    /// Exactly this image identifier.
    case identifier(String)
    /// The newest enabled runtime of that kernel and edition, such as `Python 3.10` and `Standard`; any editor if `nil`.
    case newest(kernel: String, edition: String, editor: String?)
}

/// Sizes of a deployment.
package struct DeploymentSize: Codable, Sendable, Equatable {
    /// Virtual processors; default 2, as the scripts do.
    package var cpu: Double
    /// Memory in GB; default 4, as the scripts do.
    package var memoryGB: Double
    /// Number of GPUs; default 0.
    package var gpus: Int
    /// Number of replicas; default 1.
    package var replicas: Int
    /// Environment variables of the model.
    package var environment: [String: String]

    /// Creates sizes.
    package init(
        cpu: Double = 2,
        memoryGB: Double = 4,
        gpus: Int = 0,
        replicas: Int = 1,
        environment: [String: String] = [:]
    ) {
        self.cpu = cpu
        self.memoryGB = memoryGB
        self.gpus = gpus
        self.replicas = replicas
        self.environment = environment
    }
}

/// What must be true of a run, as the API tells it.
package struct Gate: Codable, Sendable, Equatable {
    /// Where the value stands.
    package enum Source: String, Codable, Sendable, CaseIterable { case tag, metric, param }

    /// Where the value stands.
    package var source: Source
    /// Name of the tag, metric or parameter.
    package var key: String
    /// The exact text wanted.
    package var equals: String?
    /// The least number allowed.
    package var minimum: Double?
    /// The greatest number allowed.
    package var maximum: Double?
    /// Whether the number must be better than that of the run which is deployed now.
    package var betterThanDeployed: Better?

    /// Which direction is better.
    package enum Better: String, Codable, Sendable, CaseIterable { case higher, lower }

    /// Creates a gate; with none of the four conditions the key must merely be there.
    package init(
        source: Source,
        key: String,
        equals: String? = nil,
        minimum: Double? = nil,
        maximum: Double? = nil,
        betterThanDeployed: Better? = nil
    ) {
        self.source = source
        self.key = key
        self.equals = equals
        self.minimum = minimum
        self.maximum = maximum
        self.betterThanDeployed = betterThanDeployed
    }
}

/// What happens to a rollout that waits in its lane while newer runs of the model arrive.
package enum QueueMode: String, Codable, Sendable, CaseIterable {
    /// The newest has the next turn, and supersedes the others once it has passed its gates.
    case latest
    /// It is deployed in its turn, oldest run first.
    case every
}

/// How long each step may take, in milliseconds.
package struct StepDeadlines: Codable, Sendable, Equatable {
    /// Finding the run and waiting until the workbench, too, says that it has finished; default 60 s.
    package var resolve: Int64
    /// Registering until the version is ready; default 300 s.
    package var register: Int64
    /// Building; default 1,800 s.
    package var build: Int64
    /// Deploying; default 1,800 s.
    package var deploy: Int64
    /// Asking the deployed model; default 120 s.
    package var verify: Int64

    /// Creates deadlines, in milliseconds.
    package init(
        resolve: Int64 = 60_000,
        register: Int64 = 300_000,
        build: Int64 = 1_800_000,
        deploy: Int64 = 1_800_000,
        verify: Int64 = 120_000
    ) {
        self.resolve = resolve
        self.register = register
        self.build = build
        self.deploy = deploy
        self.verify = verify
    }
}

/// How a deployed model is tested.
package struct Verification: Codable, Sendable, Equatable {
    /// The JSON text sent as `request`.
    package var request: String
    /// The JSON text that the answer's `response` must equal; `nil` accepts any successful answer.
    package var expect: String?

    /// Creates a verification from JSON texts.
    package init(request: String, expect: String? = nil) {
        self.request = request
        self.expect = expect
    }
}
