// SPDX-License-Identifier: Apache-2.0

package import Values

/// One rule of the routes file: which events it takes, and what is done for them.
package struct Route: Sendable, Equatable {
    /// Name, for status events and messages.
    package var name: String
    /// Which events it takes.
    package var match: Match
    /// What must be true of the run.
    package var gates: [Gate]
    /// How a model is named where the event doesn't say; `nil` makes the event say it.
    package var modelName: ModelNameTemplate?
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
        gates: [Gate] = [],
        modelName: ModelNameTemplate? = nil,
        artifactPath: String = "artifacts",
        modelDescription: String = "",
        disableAuthentication: Bool = false,
        runtime: RuntimeChoice,
        deployment: DeploymentSize = DeploymentSize(),
        limits: Limits = Limits(),
        queue: QueueMode = .latest,
        deadlines: StepDeadlines = StepDeadlines(),
        verification: Verification? = nil
    ) {
        self.name = name
        self.match = match
        self.gates = gates
        self.modelName = modelName
        self.artifactPath = artifactPath
        self.modelDescription = modelDescription
        self.disableAuthentication = disableAuthentication
        self.runtime = runtime
        self.deployment = deployment
        self.limits = limits
        self.queue = queue
        self.deadlines = deadlines
        self.verification = verification
    }

    /// Which events a route takes; an empty list takes all.
    package struct Match: Sendable, Equatable {
        /// Patterns for the project's id or name, whichever the event gives.
        package var projects: [Glob]
        /// Patterns for the experiment's id or name, whichever the event gives.
        package var experiments: [Glob]
        /// Patterns for the CloudEvents source; a plain event has none.
        package var sources: [Glob]
        /// States of the run; default finished only.
        package var statuses: Set<String>

        /// Creates a match; states are normalised.
        package init(
            projects: [Glob] = [],
            experiments: [Glob] = [],
            sources: [Glob] = [],
            statuses: [String] = [RunStatusWord.finished]
        ) {
            self.projects = projects
            self.experiments = experiments
            self.sources = sources
            self.statuses = Set(statuses.map(RunStatusWord.normalised))
        }
    }

    /// What an event may ask for; the route's own sizes are always allowed.
    package struct Limits: Sendable, Equatable {
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
        /// Patterns for model names that an event may choose; default any.
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

/// States of a run as producers write them: `FINISHED`, `finished` and `EXPERIMENT_RUN_FINISHED` are one.
package enum RunStatusWord {
    /// The state that is deployed by default, and that an event without a state has.
    package static let finished = "FINISHED"

    /// Returns the state in capitals, without the API's prefix.
    package static func normalised(_ status: String) -> String {
        let word = status.uppercased()
        let prefix = "EXPERIMENT_RUN_"
        return word.hasPrefix(prefix) ? String(word.dropFirst(prefix.count)) : word
    }
}
