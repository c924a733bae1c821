// SPDX-License-Identifier: Apache-2.0

import Values

extension [Glob] {
    /// Whether any pattern fits any of the texts.
    func matchesAny(of texts: String?...) -> Bool {
        self.contains { glob in texts.contains { $0.map(glob.matches) ?? false } }
    }
}
