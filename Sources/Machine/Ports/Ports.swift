// SPDX-License-Identifier: Apache-2.0

/// The consumer group and the topics that it reads.
///
/// Like every port it takes orders and answers by inputs, later: no method waits, throws or returns a fact. So a port behaves
/// alike on a thread of librdkafka's and in a simulation. For one caller, the loop.
///
/// What it promises: records of a partition are told in the order of their offsets, without a gap, beginning at the offset
/// of the newest order to read it, and under that order's lease; after `pause` none are told until `resume`, and then none
/// twice. A revocation is held until it is let go, or for a bounded time.
package protocol GroupPort: AnyObject {
    /// Takes an order.
    func perform(_ order: GroupOrder)
}

/// The journal: reading it, and the transactions that write it together with everything else.
///
/// What it promises: a restore tells all that was committed to the journal partition before the order was given, and nothing of
/// a transaction that is not; it waits for those that are open. A transaction's records are all written or none, and only
/// where the group accepts its offsets by its membership; nothing is written after the offsets were accepted (rule 2).
package protocol JournalPort: AnyObject {
    /// Takes an order.
    func perform(_ order: JournalOrder)
}

/// The commands topic, read without a group.
///
/// What it promises: an order is answered once, by commands that stand there in a row, as soon as there are any, or by why they
/// can't be read; not at all where a newer order has come before. None is left out but what the topic keeps no longer, of
/// which the batch tells; none that stands before the offset ordered is told. It depends on nothing that the group does.
package protocol CommandsPort: AnyObject {
    /// Takes an order.
    func perform(_ order: CommandsOrder)
}

/// The workbench, one HTTP request wide.
///
/// What it promises: every request that it is asked to start is answered once; one that was not handed to its connection
/// before its limit is not sent, and says so. The API key is added here and nowhere above, and nothing that comes back
/// carries it.
package protocol WorkbenchPort: AnyObject {
    /// Takes an order.
    func perform(_ order: WorkbenchOrder)
}

/// The ports of one worker.
package struct Ports {
    /// The consumer group.
    package var group: any GroupPort
    /// The journal.
    package var journal: any JournalPort
    /// The commands.
    package var commands: any CommandsPort
    /// The workbench.
    package var workbench: any WorkbenchPort

    /// Puts ports together.
    package init(
        group: any GroupPort,
        journal: any JournalPort,
        commands: any CommandsPort,
        workbench: any WorkbenchPort
    ) {
        self.group = group
        self.journal = journal
        self.commands = commands
        self.workbench = workbench
    }

    /// Performs a turn's actions: the only place where decisions become deeds, used by the loop and by the simulation.
    ///
    /// - Returns: Whether the worker goes on; else how it ends.
    package func perform(_ actions: [Action]) -> WorkerEnd? {
        for action in actions {
            switch action {
            case .group(let order): self.group.perform(order)
            case .journal(let order): self.journal.perform(order)
            case .commands(let order): self.commands.perform(order)
            case .workbench(let order): self.workbench.perform(order)
            case .end(let failure): return WorkerEnd(failure: failure)
            }
        }
        return nil
    }
}

/// How a worker ends.
package struct WorkerEnd: Sendable {
    /// Why it can't go on; `nil` where it was told to stop.
    package var failure: WorkerFailure?

    /// Creates an end.
    package init(failure: WorkerFailure?) { self.failure = failure }
}
