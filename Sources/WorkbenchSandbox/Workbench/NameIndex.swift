// SPDX-License-Identifier: Apache-2.0

/// Finds the few rows whose name can contain a text, so that a filtered list needs no walk over all rows.
///
/// For each three bytes that follow each other in some name it keeps the positions of the rows that have them. A text is
/// looked up by its rarest three bytes; the caller checks each candidate, since a row may have been renamed or deleted.
struct NameIndex: Sendable {
    private var postings: [UInt32: [Int32]] = [:]

    mutating func insert(_ name: String, position: Int) {
        for gram in grams(of: name) where self.postings[gram]?.last != Int32(position) {
            self.postings[gram, default: []].append(Int32(position))
        }
    }

    /// Positions in ascending order that may match; `nil` if the text is too short to tell (under three bytes).
    func candidates(containing text: String) -> [Int]? {
        var rarest: [Int32]?
        for gram in grams(of: text) {
            guard let posting = self.postings[gram] else { return [] }
            if posting.count < rarest?.count ?? .max { rarest = posting }
        }
        guard let rarest else { return nil }
        // A renamed row was added again, out of order or twice.
        return Array(Set(rarest.map(Int.init))).sorted()
    }
}

private func grams(of name: String) -> [UInt32] {
    var grams: [UInt32] = []
    var window: UInt32 = 0
    var count = 0
    for byte in name.utf8 {
        window = (window << 8 | UInt32(byte)) & 0xFF_FFFF
        count += 1
        if count >= 3 { grams.append(window) }
    }
    return grams
}
