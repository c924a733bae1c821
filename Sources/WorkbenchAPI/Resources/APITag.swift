// SPDX-License-Identifier: Apache-2.0

/// A name with a text, as tags and parameters travel.
package struct APITag: APIObject, Hashable {
    /// Name.
    package let key: String
    /// Text.
    package let value: String

    /// Creates a tag.
    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    package init(_ fields: Fields) throws(FieldFailure) {
        self.key = try fields.text("key")
        self.value = try fields.text("value")
    }
}
