// SPDX-License-Identifier: Apache-2.0

import Machine

/// Whoever the ports tell.
protocol Listener: AnyObject {
    /// What the ports have told so far.
    var heard: [Input] { get }
    /// Waits for the next thing that they tell.
    func next() async throws -> Input
}

extension Listener {
    /// Waits for something that `choose` takes.
    func first<Chosen>(_ choose: (Input) -> Chosen?) async throws -> Chosen {
        while true {
            if let chosen = choose(try await self.next()) { return chosen }
        }
    }
}

/// A process with ports.
protocol Member: Listener {
    /// Its ports.
    var ports: Ports { get }
    /// Its transactional id.
    var transactionalID: String { get }
    /// Leaves the group in order, and ends.
    func leave() async
}

extension Member {
    func order(_ order: GroupOrder) { self.ports.group.perform(order) }
    func order(_ order: CommandsOrder) { self.ports.commands.perform(order) }
    func order(_ order: JournalOrder) { self.ports.journal.perform(order) }
}
