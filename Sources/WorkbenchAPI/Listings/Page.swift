// SPDX-License-Identifier: Apache-2.0

package import HTTPValues

/// One page of a listing.
package struct Page<Item: ListItem>: APIAnswer {
    /// The items, in the server's order, which is no contract.
    package let items: [Item]
    /// Token of the following page; empty on the last.
    package let nextPageToken: String
    /// Length of the answer in bytes.
    let byteCount: Int

    package init(_ response: HTTPResponse, orSay failure: ResponseFailure) throws(APIError) {
        let content: PageContent<Item> = try PageContent(response, orSay: failure)
        self.items = content.items
        self.nextPageToken = content.nextPageToken
        self.byteCount = response.body.count
    }
}

/// What a listing is made of.
package protocol ListItem: APIObject {
    /// Name of the array in the listing's answer.
    static var listKey: String { get }
}

private struct PageContent<Item: ListItem>: APIObject {
    let items: [Item]
    let nextPageToken: String

    private static var errorNames: Set<String> { ["error", "errors", "message", "code"] }

    init(_ fields: Fields) throws(FieldFailure) {
        // Members may be left out, and a list of nothing is `{}`; but what some gateways say with 200 is no list of nothing.
        let names = fields.names
        guard !names.contains(where: Self.errorNames.contains) || names.contains(Item.listKey) else {
            throw FieldFailure("an error's members instead of '\(Item.listKey)'")
        }
        self.items = try fields.list(Item.listKey)
        self.nextPageToken = try fields.text("next_page_token")
    }
}
