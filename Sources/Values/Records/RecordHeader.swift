// SPDX-License-Identifier: Apache-2.0

/// One header field of a record; names may repeat, and their order is kept.
package struct RecordHeader: Hashable, Sendable {
    /// The name.
    package var name: String
    /// The bytes; `nil` is Kafka's null, which differs from empty.
    package var value: [UInt8]?

    /// Creates a header field of raw bytes.
    package init(_ name: String, _ value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    /// Creates a header field whose value is UTF-8 text.
    package init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }

    /// The value as text, or `nil` when it is null or not UTF-8.
    package var text: String? { self.value.flatMap { String(validating: $0, as: UTF8.self) } }

    /// Bytes of name and value.
    package var sizeBytes: Int { self.name.utf8.count + (self.value?.count ?? 0) }
}

extension [RecordHeader] {
    /// Bytes of all names and values.
    package var sizeBytes: Int {
        // A span's elements are looked at where they are, without a copy that would count references.
        let headers = self.span
        var total = 0
        for index in headers.indices { total += headers[index].sizeBytes }
        return total
    }
}
