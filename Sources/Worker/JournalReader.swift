// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values

/// Reads journal partitions; its Kafka clients exist only while one is being read.
///
/// A reader costs two librdkafka clients with threads and buffers of their own, and a worker takes partitions over only
/// when the group changes.
actor JournalReader {
    private let make: @Sendable () throws(KafkaError) -> PartitionReader
    private var reader: PartitionReader?
    private var users = 0
    private var isClosed = false

    init(make: @escaping @Sendable () throws(KafkaError) -> PartitionReader) { self.make = make }

    /// Reads a partition from its beginning to its end.
    ///
    /// Rule 4: the end is what a `read_uncommitted` reader sees now; a `read_committed` one reads up to it, however long
    /// an open transaction holds it back.
    ///
    /// - Throws: `KafkaError` when the partition can't be read, `CancellationError` after `close()`.
    func image(of partition: TopicPartition) async throws -> JournalImage {
        let reader = try self.begin()
        do {
            let image = try await Self.read(partition, reader)
            await self.end()
            return image
        } catch {
            await self.end()
            throw error
        }
    }

    private static func read(_ partition: TopicPartition, _ reader: PartitionReader) async throws -> JournalImage {
        let end = try await reader.endOffset(partition, isolation: .uncommitted)
        let start = try await reader.lowWatermark(partition)
        let box = ImageBox()
        _ = try await reader.scan(partition, from: start, isolation: .committed, until: end) { record in
            box.add(record)
        }
        return box.take()
    }

    /// Ends the reading under way, and any that would begin later.
    func close() async {
        self.isClosed = true
        await self.reader?.close()
    }

    private func begin() throws -> PartitionReader {
        guard !self.isClosed else { throw CancellationError() }
        self.users += 1
        if let reader { return reader }
        do throws(KafkaError) {
            let made = try self.make()
            self.reader = made
            return made
        } catch {
            self.users -= 1
            throw error
        }
    }

    private func end() async {
        self.users -= 1
        guard self.users == 0, let idle = self.reader else { return }
        self.reader = nil
        await idle.close()
    }
}
