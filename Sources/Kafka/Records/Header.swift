// SPDX-License-Identifier: Apache-2.0

/// One header of a record; keys may repeat, and order is kept.
package struct Header: Hashable, Sendable {
    /// The header's name.
    package let key: String
    /// The header's bytes; `nil` is Kafka's null, which differs from empty.
    package let value: [UInt8]?

    /// Creates a header of raw bytes.
    package init(key: String, value: [UInt8]?) {
        self.key = key
        self.value = value
    }

    /// Creates a header whose value is UTF-8 text.
    package init(key: String, text: String) {
        self.init(key: key, value: Array(text.utf8))
    }

    /// The value as text, or `nil` when it is null or not UTF-8.
    package var text: String? { self.value.flatMap { String(validating: $0, as: UTF8.self) } }
}
