// SPDX-License-Identifier: Apache-2.0

/// A name with a text, as tags and parameters travel.
package struct APITag: Codable, Sendable, Hashable {
    /// Name.
    package let key: String
    /// Text.
    package let value: String

    /// Creates a tag.
    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    private enum CodingKeys: String, CodingKey { case key, value }

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        self.key = try fields.text("key")
        self.value = try fields.text("value")
    }
}
