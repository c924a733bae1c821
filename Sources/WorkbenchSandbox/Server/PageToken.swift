// SPDX-License-Identifier: Apache-2.0

/// Where a page of a listing begins.
///
/// Scrambled as text, so that nobody mistakes it for a number to count with.
struct PageToken {
    /// Rows before the page.
    let offset: Int
    /// Decides the order of the listing that the page belongs to; `nil`: that of creation.
    let shuffle: UInt32?
    /// Whether it is the first page, which has no token.
    let isFirst: Bool

    private static let mask = 0x2_5A17_C3D9

    private init(offset: Int, shuffle: UInt32?, isFirst: Bool) {
        self.offset = offset
        self.shuffle = shuffle
        self.isFirst = isFirst
    }

    /// The token of a later page.
    init(offset: Int, shuffle: UInt32?) {
        self.init(offset: offset, shuffle: shuffle, isFirst: false)
    }

    /// Reads a token; an empty text stands for the first page.
    init(_ text: String) throws(APIFailure) {
        guard !text.isEmpty else {
            self.init(offset: 0, shuffle: nil, isFirst: true)
            return
        }
        let parts = text.dropFirst().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let salt = parts.count > 1 ? UInt32(parts[1], radix: 36) : nil
        guard text.hasPrefix("t"), let value = Int(parts[0], radix: 36), value ^ PageToken.mask >= 0,
            value ^ PageToken.mask <= Int(Int32.max), parts.count == 1 || salt != nil
        else {
            throw .invalid("page_token: not a token of this listing")
        }
        self.init(offset: value ^ PageToken.mask, shuffle: salt)
    }

    /// What the client gets.
    var text: String {
        let place = "t" + String(self.offset ^ PageToken.mask, radix: 36)
        return self.shuffle.map { place + "." + String($0, radix: 36) } ?? place
    }
}
