// SPDX-License-Identifier: Apache-2.0

import Kafka
import Values

/// Reads all partitions of topics from places given by time, without a group.
struct TopicPass: Sendable {
    let reader: PartitionReader
    let partitions: [TopicPartition]

    init(_ reader: PartitionReader, _ topics: [Topic]) {
        self.reader = reader
        self.partitions = topics.flatMap { TopicPartition.all(of: $0.name, count: $0.partitionCount) }
    }

    /// Finds where to begin.
    ///
    /// - Parameter point: By time.
    /// - Returns: An offset for each partition; its end where nothing is as new as that.
    /// - Throws: `KafkaError` when a leader can't say.
    func starts(_ point: TimePoint) async throws(KafkaError) -> [TopicPartition: Offset] {
        switch point {
        case .beginning:
            var starts: [TopicPartition: Offset] = [:]
            for partition in self.partitions { starts[partition] = try await self.reader.lowWatermark(partition) }
            return starts
        case .now:
            return try await self.ends()
        case .at(let time):
            let ends = try await self.ends()
            let found = try await self.reader.offsets(of: self.partitions, at: time)
            return ends.merging(found) { _, found in found }
        }
    }

    /// Returns the end of each partition: one past its newest record that is not in an open transaction.
    func ends() async throws(KafkaError) -> [TopicPartition: Offset] {
        var ends: [TopicPartition: Offset] = [:]
        for partition in self.partitions {
            ends[partition] = try await self.reader.endOffset(partition, isolation: .committed)
        }
        return ends
    }

    /// Reads from `starts` up to `ends` and returns; what comes later is not read.
    ///
    /// - Parameters:
    ///   - starts: Where to begin; partitions that are not named are left out.
    ///   - ends: Where to end, exclusively.
    ///   - stall: The longest time without any progress.
    ///   - body: Takes each record, in order within its partition.
    /// - Throws: `KafkaError` when nothing more comes before the end, what `body` throws, or `CancellationError`.
    func run(
        from starts: [TopicPartition: Offset],
        to ends: [TopicPartition: Offset],
        stall: Duration = .seconds(30),
        _ body: (ConsumedRecord) throws -> Void
    ) async throws {
        var open = starts.filter { start in ends[start.key].map { start.value < $0 } ?? false }
        guard !open.isEmpty else { return }
        try await self.reader.assign(open)
        let clock = ContinuousClock()
        var lastProgress = clock.now
        while !open.isEmpty {
            try Task.checkCancellation()
            let batch = try await self.reader.poll(maximum: 2_000, timeout: .milliseconds(250))
            for record in batch.records {
                let place = record.topicPartition
                guard open[place] != nil, let end = ends[place] else { continue }
                if record.offset < end { try body(record) }
                if record.next >= end { open[place] = nil }
            }
            for (place, reached) in batch.ends where ends[place].map({ reached >= $0 }) ?? true {
                // The last places may be transaction markers, which no reader is shown.
                open[place] = nil
            }
            if !batch.records.isEmpty || !batch.ends.isEmpty || batch.isSteppingOver { lastProgress = clock.now }
            guard clock.now - lastProgress < stall else { throw StalledRead(partitions: open.keys.sorted()) }
        }
    }
}

/// A topic could not be read to its end: its brokers stopped answering, or a transaction in it stays open.
struct StalledRead: Error, Equatable, CustomStringConvertible {
    let partitions: [TopicPartition]

    var description: String {
        "nothing more could be read of \(self.partitions.map(\.description).joined(separator: ", ")) before its end"
    }
}
