// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// Where the records of a transaction lie, by their delivery reports: of a record without a partition only they tell.
struct AcknowledgedPlaces {
    /// The partitions.
    var all: Set<TopicPartition> = []
    /// Reports come in runs of one partition.
    private var last: (topic: OpaquePointer, partition: Int32)?

    /// Notes a record that a broker has acknowledged.
    mutating func add(_ message: rd_kafka_message_t) {
        guard let topic = message.rkt else { return }
        if let last, last.topic == topic, last.partition == message.partition { return }
        self.last = (topic, message.partition)
        let name = String(cString: rd_kafka_topic_name(topic))
        self.all.insert(TopicPartition(topic: name, partition: Partition(rawValue: message.partition)))
    }
}
