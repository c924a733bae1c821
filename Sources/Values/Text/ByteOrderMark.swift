// SPDX-License-Identifier: Apache-2.0

/// The mark U+FEFF that editors and shells of Windows put in front of a text.
///
/// In UTF-8 it says nothing, and RFC 8259 lets a reader pass over it: whoever reads text from outside does.
package enum ByteOrderMark {
    /// The mark in UTF-8.
    package static let utf8: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Returns a text without the mark in front of it.
    package static func dropped<Bytes: Collection<UInt8>>(from bytes: Bytes) -> Bytes.SubSequence {
        bytes.starts(with: self.utf8) ? bytes.dropFirst(self.utf8.count) : bytes[...]
    }

    /// Whether a text begins with the mark of UTF-16, in either order of bytes.
    package static func isOfUTF16(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
    }
}
