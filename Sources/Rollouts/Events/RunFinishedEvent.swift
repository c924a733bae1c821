// SPDX-License-Identifier: Apache-2.0

package import Values

/// The event `ai.experiment.run.finished.v1`: an experiment run has finished.
package struct RunFinishedEvent: Sendable, Equatable {
    /// The one type of event that is taken.
    package static let type = "ai.experiment.run.finished.v1"

    /// CloudEvents `source`; empty for a plain event.
    package var source: String
    /// CloudEvents `id`; empty for a plain event.
    package var id: String
    /// CloudEvents `time`, or the record's timestamp where there is none.
    package var time: Timestamp?
    /// CloudEvents `subject`.
    package var subject: String?
    /// CloudEvents `partitionkey`: the model name that the producer hashed.
    package var partitionKey: String?
    /// What the event says.
    package var data: RunFinishedData
    /// The operator's wish to run it again; no event says so of itself, only a command.
    package var replay: Replay?
    /// W3C trace context.
    package var traceparent: String?
    /// Whether it came with CloudEvents attributes; without, its place in the topic is its identity.
    package var isCloudEvent: Bool
    /// Whether its body says what only workers and operators may say; it means nothing.
    package var claimsAuthority = false
    /// Where it stood first.
    package var origin: Origin

    /// Creates an event.
    package init(
        source: String,
        id: String,
        time: Timestamp?,
        subject: String? = nil,
        partitionKey: String? = nil,
        data: RunFinishedData,
        replay: Replay? = nil,
        traceparent: String? = nil,
        isCloudEvent: Bool = true,
        origin: Origin
    ) {
        self.source = source
        self.id = id
        self.time = time
        self.subject = subject
        self.partitionKey = partitionKey
        self.data = data
        self.replay = replay
        self.traceparent = traceparent
        self.isCloudEvent = isCloudEvent
        self.origin = origin
    }

    /// Id, source and time, as a rollout keeps them.
    package var reference: EventReference { EventReference(id: self.id, source: self.source, time: self.time) }
}

/// The `data` of an event: which run, and what is wanted of it; what is absent comes from the route.
package struct RunFinishedData: Sendable, Equatable {
    /// The run as the event names it; the project may be missing altogether.
    package var run: RunReference
    /// State of the run as the producer says it; absent means finished.
    package var status: String?
    /// Wishes for the model.
    package var model: ModelWish
    /// Wishes for the build.
    package var build: BuildWish
    /// Wishes for the deployment.
    package var deployment: DeploymentWish
    /// What it says beyond that, and means nothing to us; some of it, where it is much.
    package var unknownFields: [UnknownField]

    /// What an event may say of the model.
    package struct ModelWish: Codable, Sendable, Equatable {
        /// Name, as written: whether a workbench can take it is decided by the routes.
        package var name: String?
        /// The run's artifact folder that holds the model.
        package var artifactPath: String?
        /// Description.
        package var description: String?

        /// Creates wishes.
        package init(name: String? = nil, artifactPath: String? = nil, description: String? = nil) {
            self.name = name
            self.artifactPath = artifactPath
            self.description = description
        }
    }

    /// What an event may say of the build.
    package struct BuildWish: Codable, Sendable, Equatable {
        /// Identifier of the runtime image.
        package var runtime: String?
        /// Text for the build's comment.
        package var comment: String?

        /// Creates wishes.
        package init(runtime: String? = nil, comment: String? = nil) {
            self.runtime = runtime
            self.comment = comment
        }
    }

    /// What an event may ask for its deployment, within the route's limits.
    package struct DeploymentWish: Codable, Sendable, Equatable {
        /// Virtual processors.
        package var cpu: Double?
        /// Memory in GB.
        package var memoryGB: Double?
        /// Number of GPUs.
        package var gpus: Int?
        /// Number of replicas.
        package var replicas: Int?
        /// Environment variables of the model.
        package var environment: [String: String]

        /// Creates wishes.
        package init(
            cpu: Double? = nil,
            memoryGB: Double? = nil,
            gpus: Int? = nil,
            replicas: Int? = nil,
            environment: [String: String] = [:]
        ) {
            self.cpu = cpu
            self.memoryGB = memoryGB
            self.gpus = gpus
            self.replicas = replicas
            self.environment = environment
        }
    }

    /// Creates data.
    package init(
        run: RunReference,
        status: String? = nil,
        model: ModelWish = ModelWish(),
        build: BuildWish = BuildWish(),
        deployment: DeploymentWish = DeploymentWish(),
        unknownFields: [UnknownField] = []
    ) {
        self.run = run
        self.status = status
        self.model = model
        self.build = build
        self.deployment = deployment
        self.unknownFields = unknownFields
    }
}
