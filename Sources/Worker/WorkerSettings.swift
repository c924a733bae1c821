// SPDX-License-Identifier: Apache-2.0

package import Kafka
package import Rollouts
package import Values

/// All that a worker goes by, validated.
package struct WorkerSettings: Sendable {
    /// Names of the four topics.
    package struct Topics: Sendable, Equatable {
        /// Events.
        package var events: String
        /// Status events.
        package var status: String
        /// The journal.
        package var journal: String
        /// Dead letters.
        package var dead: String

        /// Creates names.
        package init(
            events: String = "experiments.finished",
            status: String = "deployments.status",
            journal: String = "deployments.journal",
            dead: String = "experiments.finished.dead"
        ) {
            self.events = events
            self.status = status
            self.journal = journal
            self.dead = dead
        }
    }

    /// From where a group without a committed offset begins.
    package enum StartFrom: Sendable, Equatable {
        /// The oldest event kept.
        case beginning
        /// Events that arrive from now on.
        case now
        /// The first event as new as a time.
        case time(Timestamp)
    }

    /// librdkafka properties.
    package var kafka: KafkaProperties
    /// Consumer group.
    package var groupID: String
    /// Name of a static member; `nil` for a dynamic one.
    package var groupInstanceID: String?
    /// The transactional id is this, `-`, the group, `-` and a random part.
    package var transactionalIDPrefix = "slipway"
    /// How long a dead worker's transaction may hold readers back.
    package var transactionTimeout = Duration.seconds(10)
    /// After how long without a heartbeat a worker is taken for dead.
    package var sessionTimeout = Duration.seconds(45)
    /// Topics.
    package var topics = Topics()
    /// Where to begin.
    package var startFrom = StartFrom.now
    /// Unfinished rollouts at which intake pauses.
    package var maximumUnfinished = 20_000
    /// The largest event, in bytes.
    package var maximumEventBytes = 256 << 10
    /// Names the workbench in identities and status events: its base URL.
    package var workbench: String
    /// Where deployed models are served, for status events.
    package var endpointURL = ""
    /// The project of events that name none; `nil` for none.
    package var defaultProjectID: String?
    /// The rules.
    package var routes: Routes
    /// Retries, budget and times.
    package var policy = Coordinator.Policy()
    /// Time that a revocation waits for a transaction and for creating calls under way.
    package var revocationTimeout = Duration.seconds(30)
    /// After how long without progress readiness says what holds the worker up.
    package var stallAfter = Duration.seconds(60)
    /// After how long a worker that is stuck by itself is ended; zero for never.
    package var exitAfter = Duration.seconds(600)
    /// Ends the process of a worker that is stuck; told the cause.
    ///
    /// Nothing of it can be trusted to end in order.
    package var stalled: @Sendable (String) -> Void = { _ in }
    /// Time that stopping waits for calls and records under way.
    package var stopTimeout = Duration.seconds(25)
    /// Told when a step boundary is reached, on the thread that is about to cross it; does nothing but in tests.
    package var checkpoints: @Sendable (Checkpoint) -> Void = { _ in }
    /// Guarantees that a test takes away; none else.
    package var ablation: Ablation = []

    /// Creates settings; the rest has its defaults.
    package init(kafka: KafkaProperties, groupID: String, workbench: String, routes: Routes) {
        self.kafka = kafka
        self.groupID = groupID
        self.workbench = workbench
        self.routes = routes
    }
}
