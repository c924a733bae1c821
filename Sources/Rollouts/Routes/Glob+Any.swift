// SPDX-License-Identifier: Apache-2.0

import Values

extension [Glob] {
    /// Whether any pattern fits one of the texts.
    func matchesAny(of text: String?, or other: String? = nil) -> Bool {
        guard text != nil || other != nil else { return false }
        return self.contains { $0.matches(text) || $0.matches(other) }
    }
}

extension Glob {
    fileprivate func matches(_ text: String?) -> Bool { text.map { self.matches($0) } ?? false }
}
