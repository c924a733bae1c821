// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Telemetry
import Values

/// How many partitions of inbox and journal count: as many as the journal was begun with.
///
/// Kafka can't take partitions away again, so those by which somebody has grown a topic are ignored, and named.
extension TopicCheck {
    /// - Parameters:
    ///   - inbox: Partitions that the inbox has.
    ///   - journal: Partitions that the journal has.
    /// - Returns: Partitions that are used of both.
    /// - Throws: `WorkerFailure` where they differ and no journal says what their number was.
    func partitionCount(inbox: Int, journal: Int) async throws -> Int {
        let topics = self.settings.topics
        let begun = try await self.begunWith()
        guard let count = begun, count <= min(inbox, journal) else {
            guard inbox == journal || begun != nil else {
                throw WorkerFailure(
                    .topics,
                    "topic '\(topics.inbox)' has \(inbox) partitions and '\(topics.journal)' \(journal): both need the same "
                        + "number, which is chosen once, because it decides which partition owns a model (slipway topics check)"
                )
            }
            return min(inbox, journal)
        }
        for (topic, found) in [(topics.inbox, inbox), (topics.journal, journal)] where found > count {
            self.logger.warning(
                "partitions beyond the count are ignored",
                [
                    "topic": .string(topic), "partitions": .integer(found), "count": .integer(count),
                    "nextStep": .string(
                        "nothing: Kafka can't take partitions away again, and nothing is written there"
                    ),
                ]
            )
        }
        return count
    }

    /// The count that journal partition 0 was begun with; `nil` where it says none.
    ///
    /// Waits for as long as it can't be read: to take another count for it would pass events on to partitions that nobody
    /// reads.
    private func begunWith() async throws -> Int? {
        var isTold = false
        while true {
            do throws(KafkaError) {
                return try await self.readCount()
            } catch {
                guard !error.isFatal, !error.isClientImpossible else { throw error }
                let journal = self.settings.topics.journal
                let nextStep =
                    error.isAuthorization ? "give the worker the right Read on topic '\(journal)'" : "nothing: it waits"
                self.waits("the journal can't be read, which says how many partitions count: \(error); \(nextStep)")
                if !isTold {
                    self.logger.warning(
                        "the journal can't be read, waiting to know its number of partitions",
                        [
                            "error": .error(error),
                            "nextStep": .string(nextStep),
                        ]
                    )
                }
                isTold = true
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func readCount() async throws(KafkaError) -> Int? {
        let first = TopicPartition(topic: self.settings.topics.journal, partition: Partition(rawValue: 0))
        let reader = try PartitionReader(
            properties: self.settings.kafka,
            endWait: .milliseconds(25),
            observer: self.observer
        )
        let result: Swift.Result<JournalSnapshot, KafkaError>
        do throws(KafkaError) {
            // Not rule 4: whoever takes the partition over reads it to its end, and refuses what does not fit.
            let end = try await reader.endOffset(first, isolation: .committed)
            result = .success(try await JournalScan.snapshot(of: first, reader, until: end))
        } catch {
            result = .failure(error)
        }
        await reader.close()
        return try result.get().start?.partitionCount
    }
}
