// SPDX-License-Identifier: Apache-2.0

package import Values

/// One rule of the routes file: which events it takes, and what is done for them.
package struct Route: Sendable, Equatable {
    /// Name, for status events and messages.
    package var name: String
    /// Which events it takes.
    package var match: Match
    /// Patterns for the id or name of the project, as the workbench says them, whose runs may be deployed; `nil` for any.
    ///
    /// A run of another project ends refused by name; it goes to no other route.
    package var projects: [Glob]?
    /// What must be true of the run.
    package var gates: [Gate]
    /// How a model is named where the event doesn't say; `nil` makes the event say it.
    package var modelName: ModelNameTemplate?
    /// How the registered model is named; `nil` for the model's own name.
    package var registryName: ModelNameTemplate?
    /// The run's artifact folder that holds the model, where the event doesn't say; default `artifacts`.
    package var artifactPath: String
    /// Description of the model, where the event doesn't say.
    package var modelDescription: String
    /// Whether anyone may call the model without a key; default no.
    package var disableAuthentication: Bool
    /// Which runtime builds the model, where the event doesn't say.
    package var runtime: RuntimeChoice
    /// Sizes of the deployment, where the event doesn't say.
    package var deployment: DeploymentSize
    /// What an event may ask for.
    package var limits: Limits
    /// How much may be done for its events at one time and in an hour; default no bound.
    package var quota: Quota
    /// What happens to a rollout that waits while newer runs arrive; default `latest`.
    package var queue: QueueMode
    /// How long each step may take.
    package var deadlines: StepDeadlines
    /// How the deployed model is tested; `nil` for not at all.
    package var verification: Verification?

    /// Creates a route; without further arguments it takes every finished run.
    package init(
        name: String,
        match: Match = Match(),
        projects: [Glob]? = nil,
        gates: [Gate] = [],
        modelName: ModelNameTemplate? = nil,
        registryName: ModelNameTemplate? = nil,
        artifactPath: String = "artifacts",
        modelDescription: String = "",
        disableAuthentication: Bool = false,
        runtime: RuntimeChoice,
        deployment: DeploymentSize = DeploymentSize(),
        limits: Limits = Limits(),
        quota: Quota = Quota(),
        queue: QueueMode = .latest,
        deadlines: StepDeadlines = StepDeadlines(),
        verification: Verification? = nil
    ) {
        self.name = name
        self.match = match
        self.projects = projects
        self.gates = gates
        self.modelName = modelName
        self.registryName = registryName
        self.artifactPath = artifactPath
        self.modelDescription = modelDescription
        self.disableAuthentication = disableAuthentication
        self.runtime = runtime
        self.deployment = deployment
        self.limits = limits
        self.quota = quota
        self.queue = queue
        self.deadlines = deadlines
        self.verification = verification
    }

    /// Which events a route takes; an empty list takes all.
    package struct Match: Sendable, Equatable {
        /// Patterns for the project's id or name: as the event says them first, as the workbench says them in the end.
        package var projects: [Glob]
        /// Patterns for the experiment's id or name, likewise.
        package var experiments: [Glob]
        /// Patterns for the event topic: the only thing that proves who sent an event.
        package var topics: [Glob]
        /// Patterns for the CloudEvents source, which proves nothing; a plain event has none.
        package var sources: [Glob]
        /// States of the run; default finished only.
        package var statuses: Set<String>

        /// Creates a match; states are normalised.
        package init(
            projects: [Glob] = [],
            experiments: [Glob] = [],
            topics: [Glob] = [],
            sources: [Glob] = [],
            statuses: [String] = [RunStatusWord.finished]
        ) {
            self.projects = projects
            self.experiments = experiments
            self.topics = topics
            self.sources = sources
            self.statuses = Set(statuses.map(RunStatusWord.normalised))
        }
    }

    /// How much may be done for a route's events; each bound is `nil` for none.
    package struct Quota: Sendable, Equatable {
        /// Most rollouts under way at one time, from their acceptance to their end.
        package var underWay: Int?
        /// Most rollouts accepted in an hour, whichever hour.
        package var acceptedPerHour: Int?
        /// Most rollouts of one model that begin their work in an hour; more of them wait for their turn.
        package var perModelPerHour: Int?

        /// What the bounds of a route may be: moments of an hour are kept one by one.
        package static let allowed = 1...100_000
        /// What the bound of a model may be: its moments stand in its lane's journal record.
        package static let allowedPerModel = 1...1_000

        /// Creates a quota.
        package init(underWay: Int? = nil, acceptedPerHour: Int? = nil, perModelPerHour: Int? = nil) {
            self.underWay = underWay
            self.acceptedPerHour = acceptedPerHour
            self.perModelPerHour = perModelPerHour
        }

        /// Whether events are held back by it before they are accepted.
        package var holdsIntake: Bool { self.underWay != nil || self.acceptedPerHour != nil }

        /// How many may be accepted at once at the most; without a bound `Int.max`.
        package var mostAtIntake: Int { min(self.underWay ?? .max, self.acceptedPerHour ?? .max) }
    }

    /// What an event may ask for; the route's own sizes are always allowed.
    package struct Limits: Codable, Sendable, Equatable {
        /// Most virtual processors; default 8.
        package var cpu: Double
        /// Most memory in GB; default 32.
        package var memoryGB: Double
        /// Most GPUs; default 0.
        package var gpus: Int
        /// Most replicas; default 4.
        package var replicas: Int
        /// Patterns for names of environment variables that an event may set; default none.
        package var environment: [Glob]
        /// Patterns for the model's name, whether the event or the template gives it; default any.
        package var modelNames: [Glob]
        /// Patterns for runtime images that an event may choose; default any that the workbench has enabled.
        package var runtimes: [Glob]

        /// Creates limits.
        package init(
            cpu: Double = 8,
            memoryGB: Double = 32,
            gpus: Int = 0,
            replicas: Int = 4,
            environment: [Glob] = [],
            modelNames: [Glob] = [Glob("*")],
            runtimes: [Glob] = [Glob("*")]
        ) {
            self.cpu = cpu
            self.memoryGB = memoryGB
            self.gpus = gpus
            self.replicas = replicas
            self.environment = environment
            self.modelNames = modelNames
            self.runtimes = runtimes
        }
    }
}

extension Route.Limits {
    private enum CodingKeys: String, CodingKey { case cpu, memoryGB, gpus, replicas, environment, modelNames, runtimes }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func globs(_ key: CodingKeys) throws -> [Glob] {
            try container.decode([String].self, forKey: key).map { Glob($0) }
        }
        self.init(
            cpu: try container.decode(Double.self, forKey: .cpu),
            memoryGB: try container.decode(Double.self, forKey: .memoryGB),
            gpus: try container.decode(Int.self, forKey: .gpus),
            replicas: try container.decode(Int.self, forKey: .replicas),
            environment: try globs(.environment),
            modelNames: try globs(.modelNames),
            runtimes: try globs(.runtimes)
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.cpu, forKey: .cpu)
        try container.encode(self.memoryGB, forKey: .memoryGB)
        try container.encode(self.gpus, forKey: .gpus)
        try container.encode(self.replicas, forKey: .replicas)
        try container.encode(self.environment.map(\.pattern), forKey: .environment)
        try container.encode(self.modelNames.map(\.pattern), forKey: .modelNames)
        try container.encode(self.runtimes.map(\.pattern), forKey: .runtimes)
    }
}

/// States of a run as producers write them: `FINISHED`, `finished` and `EXPERIMENT_RUN_FINISHED` are one.
package enum RunStatusWord {
    /// The state that is deployed by default, and that an event without a state has.
    package static let finished = "FINISHED"

    /// Returns the state in capitals, without the API's prefix.
    package static func normalised(_ status: String) -> String {
        // What is in capitals already, as nearly all are, is not written anew.
        let isUpper = status.utf8.allSatisfy { $0 < 0x80 && !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0) }
        let word = isUpper ? status : status.uppercased()
        let prefix = "EXPERIMENT_RUN_"
        return word.hasPrefix(prefix) ? String(word.dropFirst(prefix.count)) : word
    }
}
