// SPDX-License-Identifier: Apache-2.0

import Kafka
import Values

/// The topics, and the group, of one scenario.
struct BenchTopics: Sendable {
    let events: String
    let inbox: String
    let status: String
    let journal: String
    let commands: String
    let dead: String
    let groupID: String
    /// Partitions of each topic.
    let partitionCount: Int

    /// Names those of a scenario in a run of the benchmark.
    ///
    /// The inbox sorts before the events, as it does in the
    /// default settings: a cooperative group hands partitions over in the order of their topics' names, and a rollout is
    /// worked on by whoever holds its partition of the inbox.
    init(run: String, scenario: String, partitionCount: Int) {
        let prefix = "slipway-bench-\(run)-\(scenario)"
        self.events = "\(prefix)-experiments"
        self.inbox = "\(prefix)-deployments-inbox"
        self.status = "\(prefix)-status"
        self.journal = "\(prefix)-journal"
        self.commands = "\(prefix)-commands"
        self.dead = "\(prefix)-dead"
        self.groupID = prefix
        self.partitionCount = partitionCount
    }

    var names: [String] { [self.events, self.inbox, self.status, self.journal, self.commands, self.dead] }

    /// How many partitions a topic has.
    func partitionCount(of name: String) -> Int { name == self.commands ? 1 : self.partitionCount }

    var partitions: [TopicPartition] { TopicPartition.all(of: self.events, count: self.partitionCount) }

    /// What the journal of a cluster needs.
    func settings(of name: String) -> [String: String] { name == self.journal ? ["cleanup.policy": "compact"] : [:] }
}
