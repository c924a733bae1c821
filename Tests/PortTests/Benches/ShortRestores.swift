// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Values

@testable import Worker

/// The genuine journal without rule 4: a partition is read to the end that a `read_committed` reader sees now.
final class ShortRestores: JournalPort {
    private let inner: KafkaJournal
    private let topics: TopicNames
    private let properties: KafkaProperties
    private let inbox: LoopInbox

    init(_ inner: KafkaJournal, _ topics: TopicNames, _ properties: KafkaProperties, _ inbox: LoopInbox) {
        self.inner = inner
        self.topics = topics
        self.properties = properties
        self.inbox = inbox
    }

    func perform(_ order: JournalOrder) {
        guard case .restore(let lease) = order else { return self.inner.perform(order) }
        let (properties, inbox) = (self.properties, self.inbox)
        let place = TopicPartition(self.topics.journal, lease.partition)
        _ = Task<Void, Never> { @Sendable in
            let result: Result<RestoreFacts, PortFailure>
            do {
                result = .success(try await Self.restore(place, properties))
            } catch {
                result = .failure(PortFailure(.outage, String(describing: error)))
            }
            inbox.deliver(.journal(.restored(lease, result)))
        }
    }

    private static func restore(_ place: TopicPartition, _ properties: KafkaProperties) async throws -> RestoreFacts {
        let reader = try PartitionReader(properties: properties)
        let end = try await reader.endOffset(place, isolation: .committed)
        let snapshot = try await JournalScan.snapshot(of: place, reader, until: end)
        await reader.close()
        let (count, start) = (snapshot.recordCount, snapshot.start)
        let location = Location.uncommitted(ends: Watermarks(low: 0, high: 0), atTime: nil)
        return RestoreFacts(
            restored: snapshot.restored(),
            start: start,
            recordCount: count,
            location: location
        )
    }
}
