// SPDX-License-Identifier: Apache-2.0

package import Kafka
package import Machine
package import Rollouts
import Values
import WorkbenchAPI

/// All that a worker goes by, validated.
package struct WorkerSettings: Sendable {
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
    package var topics = TopicNames()
    /// From where the events of a topic count that was never read before; `nil` for those that arrive from now on.
    package var startFrom: TopicStart?
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
    /// Time between two looks whether a journal record that can't be read has been healed; each reads its whole partition.
    package var healingInterval = Duration.seconds(30)
    /// After how long without progress readiness says what holds the worker up.
    package var stallAfter = Duration.seconds(60)
    /// After how long without progress of its own a worker is ended; zero for never.
    package var exitAfter = Duration.seconds(600)
    /// Ends the process of a worker that is stuck; told the cause.
    ///
    /// Nothing of it can be trusted to end in order.
    package var stalled: @Sendable (String) -> Void = { _ in }
    /// Time that stopping waits for calls and records under way.
    package var stopTimeout = Duration.seconds(25)
    /// Puts something between the machine and its ports, such as what a trace of them is taken with; the ports as they are
    /// by default.
    package var decorate: @Sendable (Ports) -> Ports = { $0 }
    /// Handed, before `decorate`, what something needs that answers in a port's place; nobody by default.
    package var equip: @Sendable (PortSurroundings) -> Void = { _ in }
    /// Sees what the ports have told before the machine does, on the loop; the facts as they are by default.
    ///
    /// With `decorate` it sees all that goes between the machine and its ports, in both directions.
    package var overhear: @Sendable ([Input]) -> [Input] = { $0 }

    /// Creates settings; the rest has its defaults.
    package init(kafka: KafkaProperties, groupID: String, workbench: String, routes: Routes) {
        self.kafka = kafka
        self.groupID = groupID
        self.workbench = workbench
        self.routes = routes
    }
}

extension WorkerSettings {
    /// What the consumer goes by.
    var consumerSettings: ConsumerSettings {
        var settings = ConsumerSettings(groupID: self.groupID)
        settings.groupInstanceID = self.groupInstanceID
        settings.sessionTimeout = self.sessionTimeout
        settings.revocationTimeout = self.revocationTimeout
        return settings
    }

    /// What intake goes by.
    func intake(inboxPartitions: Int) -> Intake.Settings {
        Intake.Settings(
            routes: self.routes,
            defaultProjectID: self.defaultProjectID,
            workbench: self.workbench,
            maximumEventBytes: self.maximumEventBytes,
            inboxPartitions: inboxPartitions,
            horizon: self.policy.dedupeHorizon?.duration
        )
    }

    /// Writes this worker's transactions down.
    func encoder(process: String, _ checked: TopicCheck.Result) -> TransactionEncoder {
        TransactionEncoder(
            topics: self.topics,
            process: process,
            source: "/slipway/\(self.groupID)",
            endpointURL: self.endpointURL,
            limits: TransactionEncoder.Limits(records: checked.maximumRecordBytes, inbox: checked.maximumInboxBytes)
        )
    }

    /// What the machine goes by.
    func machine(_ dialect: Dialect, _ checked: TopicCheck.Result) -> WorkerMachine.Settings {
        var policy = self.policy
        policy.inboxPartitions = checked.partitionCount
        var settings = WorkerMachine.Settings(
            ownership: PartitionOwnership.Settings(
                world: StartRecord(
                    partitionCount: checked.partitionCount,
                    group: self.groupID,
                    workbench: self.workbench
                ),
                eventTopics: self.topics.events,
                startFrom: self.startFrom,
                horizon: self.policy.dedupeHorizon,
                // The consumer's own hold ends at the same time; the machine's has to be over before.
                revocationTimeout: Span(self.revocationTimeout - min(.seconds(1), self.revocationTimeout / 10)),
                healingInterval: Span(self.healingInterval)
            ),
            planner: TransactionPlanner.Settings(
                maximumRecordBytes: checked.maximumRecordBytes,
                maximumDeadBytes: checked.maximumDeadBytes
            ),
            policy: policy,
            routes: self.routes,
            dialect: dialect,
            maximumUnfinished: self.maximumUnfinished
        )
        settings.standingAfter = Span(self.stallAfter)
        return settings
    }
}
