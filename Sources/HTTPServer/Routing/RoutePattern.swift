// SPDX-License-Identifier: Apache-2.0

/// A route's pattern, taken apart.
struct RoutePattern {
    /// One segment between slashes.
    enum Segment: Equatable {
        /// Matches these bytes.
        case literal([UInt8])
        /// Matches any non-empty segment.
        case parameter
        /// Matches a segment that ends with a colon and these bytes.
        case parameterWithVerb([UInt8])
    }

    let text: String
    let segments: [Segment]
    let parameterNames: [String]

    /// Takes `text` apart; a wrong one is a programming error.
    init(_ text: String) {
        precondition(text.hasPrefix("/"), "route pattern '\(text)' must start with a slash")
        var names: [String] = []
        self.segments = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            guard part.hasPrefix("{") else {
                precondition(!part.contains("{"), "route pattern '\(text)': a parameter must start its segment")
                return .literal(Array(part.utf8))
            }
            guard let brace = part.firstIndex(of: "}") else {
                preconditionFailure("route pattern '\(text)': a brace is not closed")
            }
            let name = String(part[part.index(after: part.startIndex)..<brace])
            precondition(!name.isEmpty && !names.contains(name), "route pattern '\(text)': empty or repeated parameter")
            names.append(name)
            let rest = part[part.index(after: brace)...]
            if rest.isEmpty { return .parameter }
            precondition(rest.hasPrefix(":"), "route pattern '\(text)': only ':verb' may follow a parameter")
            return .parameterWithVerb(Array(rest.dropFirst().utf8))
        }
        self.text = text
        self.parameterNames = names
    }
}
