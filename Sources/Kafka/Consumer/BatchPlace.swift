// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// What the offset of an error is that speaks of a batch.
enum BatchPlace {
    /// Where the batch begins.
    case base
    /// The position at which it was asked for.
    case position

    /// `nil` for an error that speaks of no batch.
    init?(_ code: rd_kafka_resp_err_t) {
        switch code {
        case RD_KAFKA_RESP_ERR__BAD_COMPRESSION, RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
            self = .base
        // More than may be fetched, or a length that says so; a broker that can't read it itself.
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG: self = .position
        default: return nil
        }
    }

    /// The partition's end as the last fetch has told it; `nil` where none has.
    static func knownEnd(of partition: TopicPartition, _ client: OpaquePointer) -> Offset? {
        var (low, high): (Int64, Int64) = (-1, -1)
        let code = rd_kafka_get_watermark_offsets(
            client,
            partition.topic,
            partition.partition.rawValue,
            &low,
            &high
        )
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? Offset(rawValue: high) : nil
    }
}
