// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

@testable import Worker

/// What may be settled: only what can have been committed.
struct LastTransactionTests {
    private static let failure = PortFailure(.outage, "gone")

    private static func record(_ topic: String, _ partition: Int32) -> ProducerRecord {
        ProducerRecord(topic: topic, partition: Partition(rawValue: partition), key: nil, value: nil)
    }

    private static let topics = TopicNames()

    private static func journal(_ partitions: Int32...) -> Set<TopicPartition> {
        Set(partitions.map { TopicPartition(topic: self.topics.journal, partition: Partition(rawValue: $0)) })
    }

    /// After one that was committed in partition 1.
    private static var afterCommit: LastTransaction {
        var last = LastTransaction(Self.topics)
        let records = [Self.record(Self.topics.journal, 1), Self.record(Self.topics.status, 4)]
        last.ended(.committed(records: 2), records, hasReachedKafka: true)
        return last
    }

    @Test func itsPlacesInJournalAndInboxUntilTheNextOne() {
        var last = Self.afterCommit
        #expect(last.places == Self.journal(1))
        let records = [Self.record(Self.topics.journal, 2), Self.record(Self.topics.inbox, 3)]
        last.ended(.unknown(Self.failure), records, hasReachedKafka: true)
        let inbox = TopicPartition(topic: Self.topics.inbox, partition: Partition(rawValue: 3))
        #expect(last.places == Self.journal(2).union([inbox]))
        last.settled()
        #expect(last.places.isEmpty)
    }

    /// Its abort may be what was forgotten, and settling it would commit it.
    @Test(arguments: [
        CommitOutcome.aborted(Self.failure), .refused([:]), .membershipLost(Self.failure), .fatal(Self.failure),
    ])
    func nothingAfterAnAbortedOneThatKafkaKnew(outcome: CommitOutcome) {
        var last = Self.afterCommit
        last.ended(outcome, [Self.record(Self.topics.journal, 1)], hasReachedKafka: true)
        #expect(last.places.isEmpty)
    }

    /// It met a dead broker, so that the one before it is still the last.
    @Test(arguments: [CommitOutcome.aborted(Self.failure), .fatal(Self.failure)])
    func theOneBeforeWhereKafkaNeverKnewTheNext(outcome: CommitOutcome) {
        var last = Self.afterCommit
        last.ended(outcome, [Self.record(Self.topics.journal, 2)], hasReachedKafka: false)
        #expect(last.places == Self.journal(1))
    }
}
