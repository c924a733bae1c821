// SPDX-License-Identifier: Apache-2.0

/// Why a worker can't start or can't go on.
package struct WorkerFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The named kind of failure.
    package enum Kind: String, Sendable, CaseIterable {
        /// A topic is missing, or topics don't fit each other.
        case topics
        /// The journal was written by another program or a newer version.
        case journalUnreadable
        /// A rollout's state can't be written down.
        case journalUnwritable
        /// Kafka refuses the client.
        case kafka
        /// librdkafka can't make a client of its properties.
        case properties
    }

    /// The named kind of failure.
    package var kind: Kind
    /// One line for an operator.
    package var description: String

    /// Creates a failure.
    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
