// SPDX-License-Identifier: Apache-2.0

import JSON

extension JSONValue {
    /// Reads a body as the server does: deeper than events may be, and of two readings the one that Go takes.
    init(lenientlyParsing bytes: [UInt8]) throws(JSONFailure) {
        try self.init(parsing: bytes, maximumDepth: 128, ambiguity: .resolved)
    }

    /// The number, also where it was written as a string, as proto3 JSON allows; `nil` if this is none.
    var protoNumber: Double? {
        self.number ?? self.text.flatMap { Double($0) }
    }

    /// The whole number, also where it was written as a string or as `2.0`; `nil` if this is none.
    var protoWholeNumber: Int64? {
        self.wholeNumber ?? self.text.flatMap { Int64($0) }
    }
}
