// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// Asks the leaders of partitions for offsets, within a time that really ends.
///
/// Not by `rd_kafka_query_watermark_offsets`, whose time-out has no effect in 2.0.2. With the logical offsets for times
/// the same request gives the low watermark and the end as the client's isolation level sees it.
enum OffsetQuery {
    /// The longest that one blocking call may take.
    static let sliceMilliseconds: Int32 = 2_000

    /// What is asked for.
    enum Place {
        /// The oldest record kept.
        case beginning
        /// One past the newest record that the client's isolation level shows.
        case end
        /// The first record at or after a time.
        case time(Timestamp)

        var number: Int64 {
            switch self {
            case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
            case .end: Int64(RD_KAFKA_OFFSET_END)
            case .time(let time): max(0, time.millisecondsSinceEpoch)
            }
        }
    }

    /// Asks; blocks, so on a thread of our own only.
    ///
    /// Each attempt is short, so that a client that closes does not wait for a broker that never answers.
    ///
    /// - Parameters:
    ///   - handle: The client.
    ///   - partitions: Whose offsets.
    ///   - place: Which offsets.
    ///   - timeout: For how long to try.
    ///   - isStopping: Whether the client is to end.
    /// - Returns: A partition without such a place (no record as new as the time) is absent.
    static func offsets(
        _ handle: ClientHandle,
        _ partitions: some Collection<TopicPartition>,
        _ place: Place,
        timeout: Duration,
        isStopping: () -> Bool
    ) -> Result<[TopicPartition: Offset], KafkaError> {
        let operation = "query offsets"
        guard !partitions.isEmpty else { return .success([:]) }
        let deadline = ContinuousClock.now + timeout
        while true {
            let list = PartitionList(partitions.map { (key: $0, value: place.number) })
            let slice = max(1, min(Self.sliceMilliseconds, deadline.remainingMilliseconds))
            let code = list.withPointer { rd_kafka_offsets_for_times(handle.pointer, $0, slice) }
            var error: KafkaError?
            if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                error = KafkaError(code, operation: operation)
            } else {
                error = list.firstError(operation: operation)
            }
            guard let error else {
                let found = list.elements.compactMap { element in
                    element.realOffset.map { (element.topicPartition, $0) }
                }
                return .success(Dictionary(found) { _, newest in newest })
            }
            guard error.isOutage, deadline > .now, !isStopping() else { return .failure(handle.explained(error)) }
            // A leader that moves or a connection that comes up needs a moment, and no event tells when it has.
            blockingSleep(min(.milliseconds(50), deadline - .now))
            Self.askForLeaders(of: Set(partitions.map(\.topic)), handle, until: deadline)
        }
    }

    /// Has the client learn who leads the partitions of topics now.
    ///
    /// It keeps leaders for 15 minutes (`metadata.max.age.ms`), and an error makes it ask again only for topics that it
    /// reads or writes: one that is asked for offsets alone would go on asking the broker that led before.
    private static func askForLeaders(
        of topics: Set<String>,
        _ handle: ClientHandle,
        until deadline: ContinuousClock.Instant
    ) {
        for name in topics {
            guard deadline > .now, let topic = rd_kafka_topic_new(handle.pointer, name, nil) else { continue }
            defer { rd_kafka_topic_destroy(topic) }
            let slice = max(1, min(self.sliceMilliseconds, deadline.remainingMilliseconds))
            var answer: UnsafePointer<rd_kafka_metadata>?
            // Where this fails, too, the next attempt asks again.
            guard rd_kafka_metadata(handle.pointer, 0, topic, &answer, slice) == RD_KAFKA_RESP_ERR_NO_ERROR else {
                continue
            }
            rd_kafka_metadata_destroy(answer)
        }
    }
}
