// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Glibc
package import Values

/// A record still in librdkafka's memory: to be looked at during one call, without copies.
package struct RecordView: ~Copyable {
    private let message: UnsafePointer<rd_kafka_message_t>

    init(_ message: UnsafePointer<rd_kafka_message_t>) { self.message = message }

    /// The place in the partition.
    package var offset: Offset { Offset(rawValue: self.message.pointee.offset) }

    /// Creation or append time; `nil` when it has none.
    package var timestamp: Timestamp? { MessageReader.timestamp(self.message) }

    /// Whether the value is null.
    package var isTombstone: Bool { self.message.pointee.payload == nil }

    /// Lends the key's bytes, `nil` for none; they must not escape.
    package func withKey<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(Self.buffer(self.message.pointee.key, self.message.pointee.key_len))
    }

    /// Lends the value's bytes, `nil` for a tombstone; they must not escape.
    package func withValue<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(Self.buffer(self.message.pointee.payload, self.message.pointee.len))
    }

    /// Lends the bytes of the last header of that name, `nil` when it is absent or null; they must not escape.
    ///
    /// The first call for a record makes librdkafka parse its headers.
    package func withHeader<Result, Failure: Error>(
        _ name: StaticString,
        _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(self.message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers else {
            return try body(nil)
        }
        var value: UnsafeRawPointer?
        var size = 0
        let code = UnsafeRawPointer(name.utf8Start).withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount)
        {
            rd_kafka_header_get_last(headers, $0, &value, &size)
        }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return try body(nil) }
        return try body(Self.buffer(value, size))
    }

    /// Lends name and value of each header in their order, a `nil` value for null; they must not escape.
    package func forEachHeader(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> Void) {
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(self.message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers else {
            return
        }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR, let name {
            body(UnsafeRawBufferPointer(start: name, count: strlen(name)), Self.buffer(value, size))
            index += 1
        }
    }

    private static func buffer(_ pointer: UnsafeRawPointer?, _ count: Int) -> UnsafeRawBufferPointer? {
        pointer.map { UnsafeRawBufferPointer(start: $0, count: count) }
    }
}
