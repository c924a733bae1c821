// SPDX-License-Identifier: Apache-2.0

/// One page of a listing.
package struct Page<Item: ListItem>: Decodable, Sendable {
    /// The items, in the server's order, which is no contract.
    package let items: [Item]
    /// Token of the following page; empty on the last.
    package let nextPageToken: String

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        self.items = try fields.list(FieldKey(stringValue: Item.listKey))
        self.nextPageToken = try fields.text("next_page_token")
    }
}

/// What a listing is made of.
package protocol ListItem: Decodable, Sendable {
    /// Name of the array in the listing's answer.
    static var listKey: String { get }
}
