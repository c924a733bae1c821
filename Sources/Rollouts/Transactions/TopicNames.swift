// SPDX-License-Identifier: Apache-2.0

/// Names of the topics.
package struct TopicNames: Sendable, Equatable {
    /// Event topics, in the order of the configuration; at least one.
    package var events: [String]
    /// The inbox: events on their way to the partition that owns them.
    package var inbox: String
    /// The journal.
    package var journal: String
    /// Commands of operators, in one partition.
    package var commands: String
    /// Status events.
    package var status: String
    /// Dead letters.
    package var dead: String

    /// Creates names; those left out are the default ones.
    package init(
        events: [String] = ["experiments.finished"],
        inbox: String = "deployments.inbox",
        journal: String = "deployments.journal",
        commands: String = "deployments.commands",
        status: String = "deployments.status",
        dead: String = "experiments.finished.dead"
    ) {
        self.events = events
        self.inbox = inbox
        self.journal = journal
        self.commands = commands
        self.status = status
        self.dead = dead
    }

    /// All of them.
    package var all: [String] { self.events + [self.inbox, self.journal, self.commands, self.status, self.dead] }
}
