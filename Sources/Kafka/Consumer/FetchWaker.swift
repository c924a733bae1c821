// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// Makes librdkafka fetch on when its queue has been full and runs short.
///
/// Before 2.2.0 a full queue puts the broker's thread to sleep for up to a second, whatever is set, and a reader that takes
/// the queue's content in less stands idle for the rest. A request for the partition's leader wakes that thread, and
/// before it sleeps again it looks whether there is room. From 2.2.0 on `fetch.queue.backoff.ms` says how long it sleeps.
struct FetchWaker {
    /// What `fetch.queue.backoff.ms` has to be, where it exists.
    static let defaults: [KafkaProperties.Property] =
        Self.isNeeded ? [] : [.init("fetch.queue.backoff.ms", "20")]

    private static let isNeeded = rd_kafka_version() < 0x0202_0000
    /// Some hundredths of a second's work, in which an answer comes.
    private static let shortLength = 10_000

    private let client: OpaquePointer
    private let partition: TopicPartition
    private var hasBeenLong = false

    init(_ client: OpaquePointer, _ partition: TopicPartition) {
        self.client = client
        self.partition = partition
    }

    /// Wakes the fetching if the queue has run short; once each time.
    mutating func wake(whenShort length: Int) {
        guard Self.isNeeded else { return }
        guard length < Self.shortLength else {
            self.hasBeenLong = true
            return
        }
        guard self.hasBeenLong else { return }
        self.hasBeenLong = false
        let end = PartitionList([(key: self.partition, value: Int64(RD_KAFKA_OFFSET_END))])
        // The answer is of no interest, and without one the thread wakes by itself. The call for watermarks would do as
        // well, but waits for as long as a leader that has gone silent, whatever it is told.
        _ = end.withPointer { rd_kafka_offsets_for_times(self.client, $0, 200) }
    }
}
