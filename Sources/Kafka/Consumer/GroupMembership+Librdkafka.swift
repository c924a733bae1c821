// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

extension GroupMembership {
    /// Captures the membership of a consumer, or `nil` while it has none.
    ///
    /// - Parameter client: The consumer's handle.
    init?(capturedFrom client: OpaquePointer) {
        guard let metadata = rd_kafka_consumer_group_metadata(client) else { return nil }
        defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
        var buffer: UnsafeMutableRawPointer?
        var size = 0
        if let error = rd_kafka_consumer_group_metadata_write(metadata, &buffer, &size) {
            rd_kafka_error_destroy(error)
            return nil
        }
        guard let buffer else { return nil }
        defer { rd_kafka_mem_free(client, buffer) }
        self.init(serialized: UnsafeRawBufferPointer(start: buffer, count: size))
    }

    /// Reads librdkafka's own serialized form, the only place where it shows the generation.
    ///
    /// The form: "CGMDv2:", generation (32 bits, host order), group id and member id (zero-terminated), a flag byte,
    /// and, unless the flag says null, the instance id (zero-terminated). Any other form gives `nil`.
    init?(serialized bytes: UnsafeRawBufferPointer) {
        let magic = "CGMDv2:"
        guard bytes.starts(with: magic.utf8), bytes.count > magic.utf8.count + 4 else { return nil }
        let generation = bytes.loadUnaligned(fromByteOffset: magic.utf8.count, as: Int32.self)
        let fields = bytes.dropFirst(magic.utf8.count + 4).split(
            separator: 0,
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        guard fields.count == 3, let isNull = fields[2].first else { return nil }
        let instance = isNull == 0 ? String(decoding: fields[2].dropFirst().prefix { $0 != 0 }, as: UTF8.self) : nil
        self.init(
            groupID: String(decoding: fields[0], as: UTF8.self),
            generation: generation,
            memberID: String(decoding: fields[1], as: UTF8.self),
            groupInstanceID: instance
        )
    }

    /// Lends librdkafka's form of the membership to `body`.
    func withMetadata<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        guard
            let metadata = rd_kafka_consumer_group_metadata_new_with_genid(
                self.groupID,
                self.generation,
                self.memberID,
                self.groupInstanceID
            )
        else { preconditionFailure("librdkafka refused the membership of a named group") }
        defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
        return body(metadata)
    }
}
