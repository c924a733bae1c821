// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// The query part of a URL, decoded.
struct Query: Sendable {
    private var pairs: [(name: String, value: String)] = []

    /// No query at all.
    static let empty = Query()

    private init() {}

    /// Reads `a=1&b=2`; `+` stands for a space.
    ///
    /// - Returns: `nil` if an escape is broken or the bytes are not UTF-8.
    init?(_ text: String) {
        guard !text.isEmpty else { return }
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decodeStrictly(parts[0], plusIsSpace: true),
                let value = parts.count > 1 ? PercentEncoding.decodeStrictly(parts[1], plusIsSpace: true) : ""
            else { return nil }
            self.pairs.append((name, value))
        }
    }

    /// The first value of that name; empty if there is none.
    subscript(_ name: String) -> String {
        self.value(name) ?? ""
    }

    /// The first value of that name; `nil` if there is none.
    func value(_ name: String) -> String? {
        self.pairs.first { $0.name == name }?.value
    }
}
