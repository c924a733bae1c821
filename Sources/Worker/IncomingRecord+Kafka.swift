// SPDX-License-Identifier: Apache-2.0

package import Kafka
package import Rollouts

extension IncomingRecord {
    /// Takes a record as it was read.
    package init(_ record: ConsumedRecord) {
        self.init(
            topic: record.topicPartition.topic,
            partition: record.topicPartition.partition.rawValue,
            offset: record.offset.rawValue,
            timestampMilliseconds: record.timestampMilliseconds,
            key: record.key,
            value: record.value,
            headers: record.headers.map { RecordHeader($0.key, $0.value) }
        )
    }
}
