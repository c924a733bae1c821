// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What operators ask for. Held back neither by back-pressure of rollouts nor by a pause.
extension WorkerMachine {
    /// A batch of the commands topic was read, or could not be.
    mutating func take(_ id: CommandsReadID, _ result: Result<CommandBatch, PortFailure>, now: Now) {
        switch result {
        case .failure(let failure):
            guard self.commands.failed(id, now: now.monotonic) else { return }
            self.health.commands = failure
        case .success(let batch):
            if let problem = self.commands.contradiction(in: batch) {
                guard self.commands.failed(id, now: now.monotonic) else { return }
                self.health.commands = PortFailure(.fatal, CommandsPosition.madeAnew(problem))
                return
            }
            guard self.commands.took(id, next: batch.next) else { return }
            self.health.commands = nil
            // Whoever has the partitions next reads them again: positions stand where they are.
            guard self.stopBy == nil else { return }
            if let lost = batch.oldest.flatMap({ self.commands.lost(before: $0) }) {
                self.turn.reports.append(.commandsLost(lost))
            }
            for entry in batch.entries { self.answer(entry, now: now) }
            if let last = batch.entries.last { self.passOver(CommandsPosition(behind: last)) }
        }
    }

    /// Reads on, unless what was read fills up what waits for the journal: then as soon as that has room again.
    mutating func proceedWithCommands() {
        guard self.stopBy == nil else { return }
        let hasRoom = self.planner.count < self.settings.maximumWaiting
        guard let order = self.commands.order(hasRoom: hasRoom) else { return }
        self.turn.actions.append(.commands(order))
    }

    /// Does what a command asks for, where the partition that answers it is ours and has not done it yet.
    private mutating func answer(_ entry: CommandEntry, now: Now) {
        guard let owner = self.ownership.owner(of: entry.owner), self.commands.takes(entry) else { return }
        switch entry.decision {
        case .refused(let refusal): self.tell(entry, .refused(refusal), nil, owner, now)
        case .lost(let record, let reason): self.putAside(entry, record, reason, owner, now)
        case .rollout(let state):
            if let done = self.commands.done(entry) {
                self.tell(entry, self.answer(toAnother: entry, wanting: .init(state), after: done), nil, owner, now)
                return
            }
            guard !self.rollouts.isKnown(state.id, partition: state.partition) else {
                self.tell(entry, .known(state.id), nil, owner, now)
                return
            }
            var state = state
            self.rollouts.date(&state, now: now.wall)
            if !state.phase.isTerminal { self.rollouts.drawNonce(of: &state) }
            self.commands.note(entry, DoneCommand(.init(state), at: now.wall))
            // Before the rollout decides anything: whatever it writes later stands behind.
            self.tell(entry, .accepted(state.id), state, owner, now)
            self.firstCalls.accepted(state)
            self.note(state)
            self.rollouts.accept(state, now: now)
        }
    }

    /// What becomes of a command whose id another one has that was done.
    private func answer(
        toAnother entry: CommandEntry,
        wanting wish: DoneCommand.Wish,
        after done: DoneCommand
    ) -> CommandOutcome.Result {
        guard let first = done.wish else {
            let what = "what the command '\(entry.head.id)' of \(done.at) has asked for can't be read in the journal"
            return .refused(CommandRefusal(.idTaken, what))
        }
        guard first == wish else {
            let other = first.rollout == wish.rollout ? "another way to do it" : "something else"
            let what = "the command '\(entry.head.id)' of \(done.at) has begun rollout \(first.rollout)"
            return .refused(CommandRefusal(.idTaken, "\(what), and this one asks for \(other)"))
        }
        return .known(first.rollout)
    }

    /// Gives the ids of commands free that are older than the horizon.
    mutating func forgetOldCommands(now: Now) {
        guard self.stopBy == nil else { return }
        for (partition, names) in self.commands.forgetOld(now: now) {
            guard let owner = self.ownership.owner(of: partition) else { continue }
            self.planner.append(TransactionEntry(.commandsForgotten(names), writer: owner))
        }
    }

    private mutating func tell(
        _ entry: CommandEntry,
        _ result: CommandOutcome.Result,
        _ state: RolloutState?,
        _ owner: Lease,
        _ now: Now
    ) {
        let outcome = CommandOutcome(head: entry.head, result: result, partition: entry.owner, time: now.wall)
        let position = CommandsPosition(behind: entry)
        self.planner.append(TransactionEntry(.command(outcome, state, position, bytes: entry.bytes), writer: owner))
    }

    /// Writes a dead letter for commands that nobody can read; nobody knows their ids, so nobody is answered.
    private mutating func putAside(
        _ entry: CommandEntry,
        _ record: OriginalRecord,
        _ reason: DeadLetterReason,
        _ owner: Lease,
        _ now: Now
    ) {
        let limit = self.settings.planner.maximumDeadBytes
        self.planner.append(TransactionEntry(.dead(record, reason, at: now.wall, maximumBytes: limit), writer: owner))
        // Behind it: a crash between two transactions tells it once more, and forgets none.
        self.planner.append(TransactionEntry(.commandsRead(CommandsPosition(behind: entry)), writer: owner))
    }

    /// Moves the positions of those partitions that nothing of a batch concerned, so that their next owners need not read it.
    private mutating func passOver(_ position: CommandsPosition) {
        for partition in self.commands.passOver(position) {
            guard let owner = self.ownership.owner(of: partition) else { continue }
            self.planner.append(TransactionEntry(.commandsRead(position), writer: owner))
        }
    }
}
