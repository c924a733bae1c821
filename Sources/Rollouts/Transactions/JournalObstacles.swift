// SPDX-License-Identifier: Apache-2.0

/// What keeps transactions from being committed, though others are.
///
/// While a right on one topic is missing, transactions that don't write to it succeed; they show nothing about that one.
package struct JournalObstacles: Sendable, Equatable {
    /// A topic that transactions write to, by what it is for.
    enum Target: Sendable, Hashable, CaseIterable {
        case journal, status, inbox, dead, offsets
    }

    /// Topics of transactions that lacked a right, until one that writes to them is committed.
    private var denied: Set<Target> = []
    private var lostProducers = 0
    /// Why transactions fail; `nil` while they don't.
    package private(set) var failure: PortFailure?

    /// A transaction failed.
    mutating func note(_ failure: PortFailure, _ entries: [TransactionEntry]) {
        self.failure = failure
        if case .denied = failure.kind { self.denied.formUnion(Self.targets(of: entries)) }
    }

    /// A transaction was committed.
    mutating func committed(_ entries: [TransactionEntry]) {
        guard self.failure != nil else { return }
        self.denied.subtract(Self.targets(of: entries))
        guard self.denied.isEmpty else { return }
        self.lostProducers = 0
        self.failure = nil
    }

    /// A producer became unusable.
    ///
    /// - Returns: How many have before it since nothing stood in the way; more than 0 calls for a pause.
    mutating func producerLost() -> Int {
        defer { self.lostProducers += 1 }
        return self.lostProducers
    }

    /// A new producer was made ready, by which brokers have shown that they take transactions.
    mutating func producerReplaced() {
        guard self.denied.isEmpty else { return }
        self.failure = nil
    }

    /// Partitions were given up: their next owner meets what stands in the way again.
    ///
    /// - Parameter isAnythingLeft: Whether there is still something to be written.
    mutating func forget(isAnythingLeft: Bool) {
        self.denied = []
        if !isAnythingLeft { self.failure = nil }
    }

    private static func targets(of entries: [TransactionEntry]) -> Set<Target> {
        var targets: Set<Target> = [.offsets]
        for entry in entries {
            switch entry.content {
            case .accepted, .command: targets.formUnion([.journal, .status])
            case .step(let record):
                targets.insert(.journal)
                if record.publishes || record.reportsOrphans { targets.insert(.status) }
            case .movedIn, .start, .commandsRead, .commandsForgotten, .forgotten: targets.insert(.journal)
            case .movedOut: targets.formUnion([.journal, .inbox])
            case .dead: targets.insert(.dead)
            case .forwarded, .room: targets.insert(.inbox)
            case .position, .repeated: break
            }
        }
        return targets
    }
}
