// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values
import Worker

/// What a journal partition holds, as far as the commands ask.
struct InspectedPartition: Sendable {
    let partition: Partition
    let findings: JournalFindings
    /// What it belongs to; `nil` where it does not say so.
    let start: StartRecord?
    /// Whether the group has worked with it.
    let isUsed: Bool
    /// Whether something stands under the key that was asked for.
    let holdsKey: Bool

    /// Whether it has lost its records, the start record with them.
    var isLost: Bool { self.start == nil && self.isUsed && !self.isStartUnreadable }

    /// Whether it has a start record that can't be read.
    var isStartUnreadable: Bool { self.findings.defects.contains { $0.keyText == StartRecord.key } }
}

/// Reads journal partitions as a worker that takes them over would, without a group.
struct JournalInspection: Sendable {
    let access: JournalAccess

    /// Reads all partitions up to their present ends.
    ///
    /// What stands in open transactions is left out.
    ///
    /// - Parameters:
    ///   - only: The one partition to be read; `nil` for all.
    ///   - key: A key to look for.
    /// - Returns: The partitions in order, and how many the journal has.
    /// - Throws: `MissingTopic`, `UsageError` for a partition that is not there, `KafkaError`.
    func read(only: Int?, key: [UInt8] = []) async throws -> (partitions: [InspectedPartition], count: Int) {
        let count = try await self.access.kafka.topic(self.access.topics.journal).partitionCount
        if let only, only >= count {
            throw UnknownPartition(topic: self.access.topics.journal, count: count, partition: only)
        }
        // Where the right to see it is missing, the answer about offsets would not say of which topic.
        _ = try await self.access.kafka.topic(self.access.topics.inbox)
        let used = try await self.committed(count)
        let properties = try self.access.kafka.properties()
        let reader = try PartitionReader(properties: properties, isolation: .committed)
        do {
            var found: [InspectedPartition] = []
            for number in (only.map { $0...$0 } ?? 0...(count - 1)) {
                let partition = Partition(rawValue: Int32(clamping: number))
                found.append(try await self.read(partition, reader, isUsed: used.contains(partition), key))
            }
            await reader.close()
            return (found, count)
        } catch {
            await reader.close()
            throw error
        }
    }

    /// The inbox partitions of which the group has committed an offset.
    ///
    /// Asked by a consumer that joins nothing: librdkafka 2.0.2 crashes where an admin client asks for offsets before the
    /// group has a coordinator, as on brokers that have just been set up.
    private func committed(_ count: Int) async throws -> Set<Partition> {
        let properties = try self.access.kafka.properties()
        let consumer = try Consumer(properties: properties, settings: ConsumerSettings(groupID: self.access.groupID))
        let partitions = TopicPartition.all(of: self.access.topics.inbox, count: count)
        let result: Result<[TopicPartition: CommittedOffset], KafkaError>
        do throws(KafkaError) {
            result = .success(try await consumer.committed(partitions, timeout: .seconds(10)))
        } catch {
            result = .failure(error)
        }
        await consumer.close()
        // A consumer that may not see its group waits for it, and is told nothing.
        if case .failure(let error) = result, error.isTimeout { throw UnknownGroup(groupID: self.access.groupID) }
        return Set(try result.get().keys.map(\.partition))
    }

    private func read(
        _ partition: Partition,
        _ reader: PartitionReader,
        isUsed: Bool,
        _ key: [UInt8]
    ) async throws(KafkaError) -> InspectedPartition {
        let place = TopicPartition(topic: self.access.topics.journal, partition: partition)
        let end = try await reader.endOffset(place, isolation: .committed)
        let snapshot = try await JournalScan.snapshot(of: place, reader, until: end)
        let (start, holdsKey) = (snapshot.start, snapshot.holds(key))
        let restored = snapshot.restored()
        return InspectedPartition(
            partition: partition,
            findings: restored.findings,
            start: start,
            isUsed: isUsed || restored.saysAnything,
            holdsKey: holdsKey
        )
    }
}

/// Where the group stands could not be read.
struct UnknownGroup: Error, Equatable, CustomStringConvertible {
    let groupID: String

    var description: String {
        "where group '\(self.groupID)' stands could not be read within 10 s: the right Describe on the group may be missing"
    }
}

/// A partition that the journal does not have.
struct UnknownPartition: Error, Equatable, CustomStringConvertible {
    let topic: String
    let count: Int
    let partition: Int

    var description: String { "'\(self.topic)' has \(self.count) partitions, none has number \(self.partition)" }
}
