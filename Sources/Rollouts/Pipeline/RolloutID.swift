// SPDX-License-Identifier: Apache-2.0

import Values

/// Identifies one rollout: 128 bits of a hash over what the event says, known at intake without the API.
package struct RolloutID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first 64 bits.
    package let high: UInt64
    /// The last 64 bits.
    package let low: UInt64

    /// Creates an id from its two halves.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads 32 lower-case hexadecimal digits; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let id = text.withUTF8({ RolloutID(digits: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = id
    }

    /// Reads 32 lower-case hexadecimal digits in ASCII; `nil` for anything else.
    init?(digits: UnsafeRawBufferPointer) {
        guard digits.count == 32, let high = Hex.number(UnsafeRawBufferPointer(rebasing: digits[..<16])),
            let low = Hex.number(UnsafeRawBufferPointer(rebasing: digits[16...]))
        else { return nil }
        self.init(high: high, low: low)
    }

    /// 32 lower-case hexadecimal digits.
    package var description: String {
        withUnsafeBytes(of: (self.high.bigEndian, self.low.bigEndian)) { Hex.text($0) }
    }

    /// The same digits in ASCII, as keys and records have them.
    package var digits: [UInt8] {
        withUnsafeBytes(of: (self.high.bigEndian, self.low.bigEndian)) { Hex.digits($0) }
    }

    package static func < (left: RolloutID, right: RolloutID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension RolloutID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = RolloutID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not 32 hexadecimal digits")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
