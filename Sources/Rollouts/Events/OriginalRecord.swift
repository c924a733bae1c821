// SPDX-License-Identifier: Apache-2.0

package import Values

/// A record as it stood in its own topic, whether it was read there or passed on to the inbox since.
package struct OriginalRecord: Hashable, Sendable {
    /// Where it stood first.
    package var origin: Origin
    /// Its time; `nil` where the broker gave none.
    package var timestamp: Timestamp?
    /// Its key; `nil` for none.
    package var key: [UInt8]?
    /// Its value; `nil` is a tombstone.
    package var value: [UInt8]?
    /// Its header fields in their order; a name may come more than once.
    package var headers: [RecordHeader]
    /// How often it was passed on before it was read.
    package var hops: Int

    /// Creates a record.
    package init(
        origin: Origin,
        timestamp: Timestamp? = nil,
        key: [UInt8]? = nil,
        value: [UInt8]?,
        headers: [RecordHeader] = [],
        hops: Int = 0
    ) {
        self.origin = origin
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
        self.hops = hops
    }

    /// Takes a record of an event topic: what its header fields say of an origin means nothing there.
    package init(_ record: ConsumedRecord) {
        self.init(
            origin: Origin(record),
            timestamp: record.timestamp,
            key: record.key,
            value: record.value,
            headers: record.headers
        )
    }

    /// Bytes of key, value and header fields.
    package var sizeBytes: Int {
        (self.key?.count ?? 0) + (self.value?.count ?? 0) + self.headers.sizeBytes
    }
}
