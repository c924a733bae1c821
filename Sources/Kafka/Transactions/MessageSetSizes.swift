// SPDX-License-Identifier: Apache-2.0

import Values

/// How much has been handed to librdkafka of each partition since all of it was last acknowledged.
///
/// librdkafka puts one message set of a partition at a time on its way, of at most `message.max.bytes` (1,000,000) before
/// compression, and while a second one waits for the answer to the first its thread spins (seen with 2.0.2: `poll` with a
/// time-out of 0, a core for as long as brokers take). So what waits of a partition must not be more than one set takes.
struct MessageSetSizes: Sendable {
    /// What one message set takes, with some room: sizes are estimates.
    static let maximumBytes = 900_000

    private struct Size: Sendable {
        var topic: String
        /// `nil` for records that go to their keys' partitions: they count as if they were of one.
        var partition: Partition?
        var bytes: Int
    }

    /// Of a handful of partitions, looked through from the first.
    private var sizes: [Size] = []

    /// Counts a record.
    ///
    /// - Returns: Whether all that was counted before has to be acknowledged first; then it counts from here on.
    mutating func isFull(with record: ProducerRecord) -> Bool {
        let bytes = record.maximumSizeBytes
        let index = self.sizes.firstIndex { $0.partition == record.partition && $0.topic == record.topic }
        guard let index else {
            self.sizes.append(Size(topic: record.topic, partition: record.partition, bytes: bytes))
            return false
        }
        self.sizes[index].bytes += bytes
        guard self.sizes[index].bytes > Self.maximumBytes else { return false }
        self.sizes = [Size(topic: record.topic, partition: record.partition, bytes: bytes)]
        return true
    }
}
