// SPDX-License-Identifier: Apache-2.0

package import Values

/// One command that was read, and what it means by itself: decided without memory, API or lease.
package struct CommandEntry: Sendable {
    /// What a command means.
    package enum Decision: Sendable {
        /// An event is to be run again: its rollout as it begins, or as it ends at once.
        indirect case rollout(RolloutState)
        /// It is not done.
        case refused(CommandRefusal)
        /// It stands for commands in a row that nobody can read.
        indirect case lost(OriginalRecord, DeadLetterReason)
    }

    /// What every command says.
    package var head: CommandHead
    /// What it means.
    package var decision: Decision
    /// The one partition that answers.
    ///
    /// By the command's id and nothing else: workers whose routes, topics or versions differ for a while must not each take it
    /// for somebody else's, nor two of them for their own.
    package var owner: Partition
    /// Where it stands in the commands topic; the last place of those that can't be read, by which they are known again wherever
    /// reading begins among them.
    package var offset: Offset
    /// The record's time.
    package var time: Timestamp?
    /// The record's size.
    package var bytes: Int

    /// Creates an entry of a record.
    init(_ head: CommandHead, _ decision: Decision, owner: Partition, of record: ConsumedRecord) {
        self.head = head
        self.decision = decision
        self.owner = owner
        self.offset = Offset(rawValue: record.next.rawValue - 1)
        self.time = record.timestamp
        self.bytes = record.sizeBytes
    }

    /// By what the topic is known again.
    package var sign: CommandsPosition.Sign {
        switch self.decision {
        case .rollout, .refused: .command(id: self.head.id, time: self.time)
        case .lost: .unreadable
        }
    }
}

extension Intake {
    /// Says what a record of the commands topic means.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - eventTopics: The configured event topics: an event that is to be run again stood on one of them.
    ///   - now: The time.
    /// - Returns: The command, what it means and who answers.
    package func command(_ record: ConsumedRecord, eventTopics: [String], now: Timestamp) -> CommandEntry {
        guard record.lost == nil else { return self.lostCommands(record) }
        let decoded = CommandDecoder.decode(record, limits: self.limits)
        let owner = Ownership.owner(of: decoded.head.id, count: self.partitionCount)
        let decision: CommandEntry.Decision
        do throws(CommandRefusal) {
            try self.checkAge(of: record, now)
            var state = try self.rollout(of: try decoded.get(), eventTopics, now)
            // It begins where the command is answered, and moves once its model is certain.
            state.partition = owner
            decision = .rollout(state)
        } catch {
            decision = .refused(error)
        }
        return CommandEntry(decoded.head, decision, owner: owner, of: record)
    }

    private func lostCommands(_ record: ConsumedRecord) -> CommandEntry {
        guard let lost = record.lost else { preconditionFailure("commands that can be read are not lost") }
        let last = lost.next.rawValue - 1
        let id = "\(record.topic)/\(record.partition.rawValue)/\(last)"
        return CommandEntry(
            CommandHead(id: id, kind: OperatorCommand.unknownWord),
            .lost(OriginalRecord(record), DeadLetterReason(lost)),
            owner: Ownership.owner(of: id, count: self.partitionCount),
            of: record
        )
    }

    /// What was asked for before the horizon may have been done by rollouts that nobody knows any more.
    private func checkAge(of record: ConsumedRecord, _ now: Timestamp) throws(CommandRefusal) {
        guard let time = record.timestamp, let horizon = self.horizon else { return }
        let oldest = now.advanced(by: .zero - horizon)
        guard time < oldest else { return }
        throw CommandRefusal(.tooOld, "it is of \(time), must not be older than \(oldest)")
    }

    private func rollout(
        of command: OperatorCommand,
        _ eventTopics: [String],
        _ now: Timestamp
    ) throws(CommandRefusal) -> RolloutState {
        guard case .replay(let order) = command.kind else {
            throw CommandRefusal(.unknownCommand, "it is not known here")
        }
        guard eventTopics.contains(order.record.topic) else {
            let names = eventTopics.map { "'\($0)'" }.joined(separator: ", ")
            let found = printable(order.record.topic)
            throw CommandRefusal(.unknownTopic, "the event stood on topic '\(found)', must be one of \(names)")
        }
        switch EventDecoder.decode(OriginalRecord(order.record), limits: self.limits) {
        case .failure(let reason):
            throw CommandRefusal(.undecodableEvent, "\(reason.class.rawValue): \(reason.message)")
        case .success(var event):
            event.replay = order.replay
            return self.state(of: event, now)
        }
    }
}
