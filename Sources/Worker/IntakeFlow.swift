// SPDX-License-Identifier: Apache-2.0

import Kafka
import Values

/// Makes the flow of events what the gate says; the only one who resumes partitions.
struct IntakeFlow: Sendable {
    let gate: IntakeGate
    let consumer: Consumer
    let holdings: Holdings
    let eventsTopic: String

    /// Resumes what is open or pauses what is held; to be called after each change of the gate or of what is open.
    ///
    /// Several may do so at a time. Each looks at the gate again after its own request: whoever is the last has seen
    /// it as it is.
    ///
    /// - Throws: `KafkaError` when the consumer is closed.
    func settle() async throws(KafkaError) {
        var isOpen: Bool
        repeat {
            isOpen = self.gate.isOpen
            if isOpen {
                try await self.consumer.resume { self.topicPartitions(self.holdings.open) }
            } else {
                try await self.consumer.pause(self.topicPartitions(self.holdings.partitions))
            }
        } while self.gate.isOpen != isOpen
    }

    private func topicPartitions(_ numbers: [Partition]) -> [TopicPartition] {
        numbers.map { TopicPartition(self.eventsTopic, $0) }
    }
}
