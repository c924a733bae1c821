// SPDX-License-Identifier: Apache-2.0

package import Values

/// What every command of an operator says, whatever it asks for.
package struct CommandHead: Sendable, Equatable {
    /// Names the command, which is done once, however often it is said: CloudEvents `id`, or its place where it has none.
    package var id: String
    /// What is asked for, as the outcome's type names it: a known kind, another word, or `unknown`.
    package var kind: String
    /// Who asks, as the client says it; `nil` where it says nothing.
    package var who: String?
    /// Why, in the operator's words.
    package var reason: String?

    /// Creates a head.
    package init(id: String, kind: String, who: String? = nil, reason: String? = nil) {
        self.id = id
        self.kind = kind
        self.who = who
        self.reason = reason
    }
}

/// What an operator asks for, as the commands topic has it.
package struct OperatorCommand: Sendable, Equatable {
    /// Something that can be asked for.
    package indirect enum Kind: Sendable, Equatable {
        /// A past event is to be run again.
        case replay(ReplayOrder)
    }

    /// What every command says.
    package var head: CommandHead
    /// When it was said, by the client's clock.
    package var time: Timestamp?
    /// What is asked for.
    package var kind: Kind

    /// Creates a command.
    package init(head: CommandHead, time: Timestamp?, kind: Kind) {
        self.head = head
        self.time = time
        self.kind = kind
    }

    /// CloudEvents type of each kind and outcome.
    static let typePrefix = "dev.slipway.command."
    static let typeSuffix = ".v1"

    /// The kinds that are known, by their words.
    package static let replayWord = "replay"
    /// Stands for a kind whose word can't be said again.
    static let unknownWord = "unknown"
}

/// A past event that is to be run again: the record and where it stood.
package struct ReplayOrder: Sendable, Equatable {
    /// The replay.
    package var replay: Replay
    /// The record with its place.
    package var record: ConsumedRecord

    /// Creates an order.
    package init(replay: Replay, record: ConsumedRecord) {
        self.replay = replay
        self.record = record
    }
}

/// Why a command is not done.
package struct CommandRefusal: Error, Sendable, Equatable {
    /// The closed vocabulary of reasons.
    package enum Class: String, Sendable, CaseIterable {
        /// This version knows no command of that type.
        case unknownCommand
        /// The command can't be understood.
        case malformedCommand
        /// The event that it carries stood on a topic that is none of the configured event topics.
        case unknownTopic
        /// It was asked for so long ago that nobody knows any more whether it was done.
        case tooOld
        /// Another command of the same id was done, and asked for something else.
        case idTaken
        /// The event that it carries can't be understood.
        case undecodableEvent
    }

    /// The named kind of reason.
    package let `class`: Class
    /// One line for people; at most 300 bytes.
    package let message: String

    /// Creates a refusal; a longer message is cut.
    package init(_ class: Class, _ message: String) {
        self.class = `class`
        self.message = message.cut(toBytes: 300)
    }

    /// What an operator does next, in one sentence.
    package var nextStep: String {
        switch self.class {
        case .unknownCommand: "Use a slipway of the workers' version, or bring the workers up to the client's."
        case .malformedCommand: "Let 'slipway replay' write the command; by hand, correct what the message names."
        case .unknownTopic: "Replay events of the topics that topics.events of the workers names."
        case .tooOld: "Ask again, if it is still wanted: journal.dedupeHorizon says how long rollouts are known."
        case .idTaken: "Ask again under an id of its own: 'slipway replay' draws one where --replay-id is left out."
        case .undecodableEvent: "Correct the event at its producer and emit it again: slipway emit."
        }
    }
}

/// What has become of a command, in one partition.
package struct CommandOutcome: Sendable, Equatable {
    /// What has become of it.
    package enum Result: Sendable, Equatable {
        /// It is accepted: the rollout begins.
        case accepted(RolloutID)
        /// The same was accepted before: nothing comes of it a second time.
        case known(RolloutID)
        /// It is not done.
        case refused(CommandRefusal)

        /// The word that stands in the outcome's type.
        package var word: String {
            switch self {
            case .accepted: "accepted"
            case .known: "known"
            case .refused: "refused"
            }
        }
    }

    /// The command.
    package var head: CommandHead
    /// What has become of it.
    package var result: Result
    /// The partition that answers.
    package var partition: Partition
    /// When.
    package var time: Timestamp

    /// Creates an outcome.
    package init(head: CommandHead, result: Result, partition: Partition, time: Timestamp) {
        self.head = head
        self.result = result
        self.partition = partition
        self.time = time
    }
}
