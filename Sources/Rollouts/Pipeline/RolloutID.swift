// SPDX-License-Identifier: Apache-2.0

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
        guard digits.count == 32 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for (index, digit) in digits.enumerated() {
            let value: UInt64
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
            if index < 16 { halves.0 = halves.0 << 4 | value } else { halves.1 = halves.1 << 4 | value }
        }
        self.init(high: halves.0, low: halves.1)
    }

    /// 32 lower-case hexadecimal digits.
    package var description: String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            for index in 0..<32 {
                let half = index < 16 ? self.high : self.low
                let nibble = UInt8(truncatingIfNeeded: half >> UInt64((15 - index % 16) * 4)) & 0xF
                buffer[index] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
            }
            return 32
        }
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
