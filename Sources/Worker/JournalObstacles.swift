// SPDX-License-Identifier: Apache-2.0

/// What keeps transactions of the journal from being committed, though others are.
///
/// While a right on one topic is missing, transactions that don't write to it succeed; they show nothing about that one.
struct JournalObstacles: Sendable {
    /// Topics of transactions that lacked a right, until one that writes to them is committed.
    private var denied: Set<String> = []
    private var lostProducers = 0

    /// A transaction with records of these topics lacked a right.
    mutating func denied(_ topics: some Sequence<String>) { self.denied.formUnion(topics) }

    /// A transaction with records of these topics was committed.
    ///
    /// - Returns: Whether nothing stands in the way any more.
    mutating func committed(_ topics: some Sequence<String>) -> Bool {
        self.denied.subtract(topics)
        guard self.denied.isEmpty else { return false }
        self.lostProducers = 0
        return true
    }

    /// A producer became unusable.
    ///
    /// - Returns: How many have before it since nothing stood in the way; more than 0 calls for a pause.
    mutating func producerLost() -> Int {
        defer { self.lostProducers += 1 }
        return self.lostProducers
    }

    /// Partitions were given up: whoever has them now meets what stands in their way anew.
    mutating func forget() { self.denied = [] }
}
