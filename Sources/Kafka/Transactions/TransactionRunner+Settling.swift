// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

extension TransactionRunner {
    /// Ends what the last transaction of this `transactional.id` has left open, by one that goes to the same places.
    ///
    /// A coordinator that comes back with its broker may book a transaction as complete and never write its markers (seen
    /// with Kafka 4.3.1: until the broker knows a topic again, it takes that for deleted). No committed reader passes the
    /// place any more, and no time-out ends it. A marker ends all that its producer id has open on a partition, and the id
    /// comes with the `transactional.id`.
    ///
    /// It writes nothing that has a meaning, so no membership fences it. Its abort would end what is open there as aborted, too:
    /// so it is only begun where all that it needs answers, and reaches for the places last.
    func settle(
        _ records: [ProducerRecord],
        offsetOf place: TopicPartition,
        group: String,
        _ client: OpaquePointer,
        timeout: Duration
    ) -> Result<Void, KafkaError> {
        let deadline = ContinuousClock.now + timeout
        self.transactionBegins()
        let failure =
            self.begin(client)
            ?? self.touchOffsets(of: group, place, client, deadline)
            ?? self.produce(records, client, deadline)
            ?? self.flush(client, deadline)
            ?? self.commit(client, deadline)
        guard let failure else {
            self.judge(isAborted: false)
            return .success(())
        }
        rd_kafka_poll(client, 0)
        let error = self.explained(failure)
        self.ended(by: error)
        return .failure(error)
    }

    /// Has the transaction reach the partition that holds the group's offsets.
    private func touchOffsets(
        of group: String,
        _ place: TopicPartition,
        _ client: OpaquePointer,
        _ deadline: ContinuousClock.Instant
    ) -> KafkaError? {
        guard let metadata = rd_kafka_consumer_group_metadata_new(group) else {
            preconditionFailure("librdkafka refused a named group")
        }
        defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
        return self.send(PartitionList([(place, 0, note: nil)]), metadata, client, deadline)
    }
}
