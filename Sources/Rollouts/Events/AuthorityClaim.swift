// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// What an event says that only workers and operators may say, such as `slipway_origin_topic` or `slipwayreplayid`.
///
/// On an event topic it means nothing (rule 20): whoever may write there could say it. It is counted, so that somebody who
/// tries is seen, and a client that still asks for replays so is found.
enum AuthorityClaim {
    /// Attributes of CloudEvents that begin so are nobody's but Slipway's.
    private static let attributePrefix = "slipway"

    /// Whether one of a record's header fields claims something.
    static func isMade(by headers: [RecordHeader]) -> Bool {
        headers.contains { header in
            // Nearly all header fields end here.
            guard let first = header.name.utf8.first,
                first | 0x20 == UInt8(ascii: "s") || first | 0x20 == UInt8(ascii: "c")
            else { return false }
            let name = header.name.lowercased()
            return name.hasPrefix(Forwarding.HeaderName.prefix) || name.hasPrefix("ce_" + Self.attributePrefix)
        }
    }

    /// Whether a structured event claims something.
    static func isMade(by event: JSONValue) -> Bool {
        event.members?.contains { $0.name.hasPrefix(Self.attributePrefix) } ?? false
    }
}
