// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// Asks a consumer's coordinator for the group's committed offsets.
enum CommittedQuery {
    /// Asks; blocks, so on a thread of our own only.
    ///
    /// Each attempt is short, so that a client that closes does not wait for a broker that never answers.
    static func offsets(
        _ handle: ClientHandle,
        _ partitions: [TopicPartition],
        timeout: Duration,
        isStopping: () -> Bool
    ) -> Result<[TopicPartition: CommittedOffset], KafkaError> {
        let operation = "read committed offsets"
        guard !partitions.isEmpty else { return .success([:]) }
        let deadline = ContinuousClock.now + timeout
        while true {
            let list = PartitionList(partitions)
            let slice = max(1, min(OffsetQuery.sliceMilliseconds, deadline.remainingMilliseconds))
            let code = list.withPointer { rd_kafka_committed(handle.pointer, $0, slice) }
            let error =
                code == RD_KAFKA_RESP_ERR_NO_ERROR
                ? list.firstError(operation: operation) : KafkaError(code, operation: operation)
            guard let error else {
                let found = list.elements.compactMap { element in
                    element.realOffset.map { (element.topicPartition, CommittedOffset(offset: $0, note: element.note)) }
                }
                return .success(Dictionary(found) { _, newest in newest })
            }
            // An open transaction that holds offsets of the group is waited for.
            let isTemporary = error.isOutage || error.isOne(of: RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT)
            guard isTemporary, deadline > .now, !isStopping() else { return .failure(handle.explained(error)) }
            blockingSleep(min(.milliseconds(50), deadline - .now))
        }
    }
}
