// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// Hands records to librdkafka: one array of fields and one scratch buffer, both reused.
///
/// Belongs to one thread.
struct RecordWriter: ~Copyable {
    private var fields: [rd_kafka_vu_t] = []
    private var scratch: [UInt8] = []
    /// Stands for an empty value, since a null pointer would make it a tombstone.
    private let empty = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)

    deinit { self.empty.deallocate() }

    /// Queues a record; librdkafka copies it.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - token: Comes back with the delivery report; not 0.
    ///   - client: The producer.
    /// - Returns: `nil`, or why it was not queued.
    mutating func write(_ record: ProducerRecord, token: Int, to client: OpaquePointer) -> KafkaError? {
        guard !record.topic.hasZeroByte, !record.headers.haveZeroByte else {
            return .invalid(operation: "produce", message: "a topic or header name contains a zero byte")
        }
        self.fillScratch(record)
        let empty = self.empty
        // Given as one object: where librdkafka makes it of single header fields and then refuses the record, as it does
        // for a topic that was denied, it frees them twice (confluentinc/librdkafka#4627).
        let headers = Self.headers(record)
        let error = self.scratch.withUnsafeMutableBytes { scratch in
            Self.withBytes(record.key, empty: empty) { key in
                Self.withBytes(record.value, empty: empty) { value in
                    Self.fill(&self.fields, record, token: token, scratch: scratch, key: key, value: value)
                    if let headers {
                        self.fields.append(.make(RD_KAFKA_VTYPE_HEADERS) { $0.headers = headers })
                    }
                    return rd_kafka_produceva(client, self.fields, self.fields.count)
                }
            }
        }
        // They are librdkafka's only once it has taken the record.
        if error != nil, let headers { rd_kafka_headers_destroy(headers) }
        return error.map { KafkaError(consuming: $0, operation: "produce to \(record.topic)", client: client) }
    }

    /// Lays down the topic with a zero at its end.
    private mutating func fillScratch(_ record: ProducerRecord) {
        self.scratch.removeAll(keepingCapacity: true)
        self.scratch.append(contentsOf: record.topic.utf8)
        self.scratch.append(0)
    }

    private static func headers(_ record: ProducerRecord) -> OpaquePointer? {
        guard !record.headers.isEmpty else { return nil }
        let headers = rd_kafka_headers_new(record.headers.count)
        let fields = record.headers.span
        for index in fields.indices { self.add(fields[index], to: headers) }
        return headers
    }

    private static func add(_ header: RecordHeader, to headers: OpaquePointer?) {
        guard let value = header.value else {
            _ = rd_kafka_header_add(headers, header.name, header.name.utf8.count, nil, 0)
            return
        }
        value.withUnsafeBytes { bytes in
            // A null pointer would make it no value, so an empty one needs some address.
            let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)
            _ = rd_kafka_header_add(headers, header.name, header.name.utf8.count, start, bytes.count)
        }
    }

    private static func fill(
        _ fields: inout [rd_kafka_vu_t],
        _ record: ProducerRecord,
        token: Int,
        scratch: UnsafeMutableRawBufferPointer,
        key: UnsafeMutableRawBufferPointer?,
        value: UnsafeMutableRawBufferPointer?
    ) {
        guard let base = scratch.baseAddress else { preconditionFailure("the topic's terminator is always there") }
        fields.removeAll(keepingCapacity: true)
        fields.append(.make(RD_KAFKA_VTYPE_TOPIC) { $0.cstr = UnsafePointer(base.assumingMemoryBound(to: CChar.self)) })
        fields.append(.make(RD_KAFKA_VTYPE_MSGFLAGS) { $0.i = Int32(RD_KAFKA_MSG_F_COPY) })
        fields.append(.make(RD_KAFKA_VTYPE_OPAQUE) { $0.ptr = UnsafeMutableRawPointer(bitPattern: token) })
        if let partition = record.partition {
            fields.append(.make(RD_KAFKA_VTYPE_PARTITION) { $0.i32 = partition.rawValue })
        }
        if let time = record.timestamp {
            fields.append(.make(RD_KAFKA_VTYPE_TIMESTAMP) { $0.i64 = time.millisecondsSinceEpoch })
        }
        if let key {
            fields.append(.make(RD_KAFKA_VTYPE_KEY) { $0.mem = .init(ptr: key.baseAddress, size: key.count) })
        }
        if let value {
            fields.append(.make(RD_KAFKA_VTYPE_VALUE) { $0.mem = .init(ptr: value.baseAddress, size: value.count) })
        }
    }

    private static func withBytes<Result>(
        _ bytes: [UInt8]?,
        empty: UnsafeMutableRawPointer,
        _ body: (UnsafeMutableRawBufferPointer?) -> Result
    ) -> Result {
        guard let bytes else { return body(nil) }
        guard !bytes.isEmpty else { return body(UnsafeMutableRawBufferPointer(start: empty, count: 0)) }
        // librdkafka copies the bytes and never writes to them, though its types are mutable.
        return bytes.withUnsafeBytes { body(UnsafeMutableRawBufferPointer(mutating: $0)) }
    }
}

extension rd_kafka_vu_t {
    fileprivate static func make(_ type: rd_kafka_vtype_t, _ set: (inout __Unnamed_union_u) -> Void) -> Self {
        var field = Self()
        field.vtype = type
        set(&field.u)
        return field
    }
}

extension [RecordHeader] {
    /// Whether C would see less of a name than there is.
    fileprivate var haveZeroByte: Bool {
        let headers = self.span
        for index in headers.indices where headers[index].name.hasZeroByte { return true }
        return false
    }
}

extension String {
    /// Whether C would see less of it than there is.
    fileprivate var hasZeroByte: Bool {
        self.utf8.withContiguousStorageIfAvailable { bytes in bytes.contains(0) } ?? self.utf8.contains(0)
    }
}
