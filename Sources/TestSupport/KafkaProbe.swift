// SPDX-License-Identifier: Apache-2.0

package import Kafka
package import Values

/// Reads a consumer's events the way tests ask for them; what it passes over is kept in `log`.
package struct KafkaProbe {
    /// Why a probe got no answer.
    package struct Ended: Error {
        /// The events seen before the consumer ended.
        package let log: [String]
    }

    private let consumer: Consumer
    /// Short words for the events passed over.
    package private(set) var log: [String] = []
    /// The membership last told; `nil` after a loss.
    package private(set) var membership: GroupMembership?
    private var waiting: [ConsumedRecord] = []

    /// Probes a consumer; nobody else may read it.
    package init(_ consumer: Consumer) { self.consumer = consumer }

    /// Returns the next event of a kind.
    ///
    /// - Parameter choose: Returns something for the event wanted, `nil` for any other.
    /// - Returns: What `choose` returned.
    /// - Throws: `Ended` when the consumer has no more.
    package mutating func next<Chosen>(_ choose: (ConsumerEvent) -> Chosen?) async throws -> Chosen {
        while let event = await self.consumer.next() {
            self.note(event)
            if let chosen = choose(event) { return chosen }
        }
        throw Ended(log: self.log)
    }

    /// Returns the next assignment that brought partitions.
    package mutating func assignment() async throws -> [TopicPartition] {
        try await self.next { if case .assigned(let partitions, _) = $0 { partitions } else { nil } }
    }

    /// Returns exactly so many records, in the order received.
    package mutating func records(_ count: Int) async throws -> [ConsumedRecord] {
        while self.waiting.count < count {
            self.waiting += try await self.next {
                if case .records(let runs) = $0 { runs.flatMap(\.records) } else { nil }
            }
        }
        defer { self.waiting.removeFirst(count) }
        return Array(self.waiting.prefix(count))
    }

    private mutating func note(_ event: ConsumerEvent) {
        switch event {
        case .records(let runs): self.log.append("records \(runs.reduce(0) { $0 + $1.records.count })")
        case .assigned(let partitions, let membership):
            self.log.append("assigned \(partitions)")
            self.membership = membership
        case .membershipChanged(let membership):
            self.log.append("membership \(membership.generation)")
            self.membership = membership
        case .revoked(let partitions, _): self.log.append("revoked \(partitions)")
        case .lost(let partitions):
            self.log.append("lost \(partitions)")
            self.membership = nil
        case .offsetOutOfRange(let partition, let offset): self.log.append("out of range \(partition) \(offset)")
        case .error(let error): self.log.append("error \(error)")
        }
    }
}
