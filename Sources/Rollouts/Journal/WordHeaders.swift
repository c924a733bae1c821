// SPDX-License-Identifier: Apache-2.0

import Values

/// A header field for each word of a closed list, made once: thousands of records a second say the same few words.
struct WordHeaders<Word: CaseIterable & Hashable & Sendable>: Sendable {
    private let headers: [Word: RecordHeader]

    /// Makes the header field of each word.
    init(_ header: (Word) -> RecordHeader) {
        self.headers = Dictionary(uniqueKeysWithValues: Word.allCases.map { ($0, header($0)) })
    }

    /// The word's header field.
    subscript(_ word: Word) -> RecordHeader {
        guard let header = self.headers[word] else {
            preconditionFailure("a word of a closed list has its header field")
        }
        return header
    }
}
