// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import Values

/// Looks again and again how far the partitions held are behind their ends.
///
/// Asks the brokers, because what was last fetched says nothing of a partition whose intake is paused.
struct LagWatch: Sendable {
    let consumer: Consumer
    let holdings: Holdings
    let metrics: WorkerMetrics
    let logger: Logger
    let eventsTopic: String

    /// Time between two looks.
    private static let interval = Duration.seconds(5)

    /// Looks until the task is cancelled.
    func run() async throws {
        var held: Set<Partition> = []
        while true {
            try await Task.sleep(for: Self.interval)
            held = await self.look(before: held)
        }
    }

    /// Looks once.
    ///
    /// - Parameter before: The partitions of the look before; those that are gone are behind no longer.
    /// - Returns: The partitions held now.
    private func look(before: Set<Partition>) async -> Set<Partition> {
        let held = self.holdings.held
        for partition in before.subtracting(held) { self.metrics.lag(partition, 0) }
        guard !held.isEmpty else { return [] }
        do throws(KafkaError) {
            let ends = try await self.consumer.watermarks(held.map { TopicPartition(self.eventsTopic, $0) })
            for (partition, ends) in ends {
                let number = partition.partition
                guard let accepted = self.holdings.position(of: number) else { continue }
                self.metrics.lag(number, Self.records(accepted, self.consumer.reached(partition), end: ends.high))
            }
        } catch {
            // The next look comes soon; whoever can't reach Kafka reads so elsewhere.
            self.logger.debug("lag not known", ["error": .error(error)])
        }
        return Set(held)
    }

    /// How many records lie between what is accepted and the end.
    ///
    /// Transactions leave places that no reader sees. Once all that was delivered is accepted, those up to the end that
    /// the consumer has met are no records.
    static func records(_ accepted: Offset, _ reached: Consumer.Reached?, end: Offset) -> Int64 {
        var position = accepted
        if let reached, let met = reached.end, accepted >= reached.delivered { position = max(position, met) }
        return max(0, end.rawValue - position.rawValue)
    }
}
