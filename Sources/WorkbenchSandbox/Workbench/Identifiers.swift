// SPDX-License-Identifier: Apache-2.0

import Values

/// Makes identifiers in the shapes of a workbench.
struct Identifiers: Sendable {
    private var generator: SeededGenerator
    private var crnPrefix = ""

    init(seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
        let account = self.uuid()
        let workspace = self.uuid()
        self.crnPrefix = "crn:cdp:ml:us-west-1:\(account):workspace:\(workspace)/"
    }

    /// Sixteen lower-case letters or digits as `xxxx-xxxx-xxxx-xxxx`.
    mutating func short() -> String {
        var text = String()
        text.reserveCapacity(19)
        for group in 0..<4 {
            if group > 0 { text.append("-") }
            self.appendAlphanumerics(4, to: &text)
        }
        return text
    }

    /// A random UUID (version 4) in lower case.
    mutating func uuid() -> String {
        let high = self.generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = self.generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = Hex.text(UInt128(high) << 64 | UInt128(low)).utf8
        var text = String()
        text.reserveCapacity(36)
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            text.unicodeScalars.append(Unicode.Scalar(digit))
        }
        return text
    }

    /// A model's access key: `m` and 31 lower-case letters or digits.
    mutating func accessKey() -> String {
        var text = "m"
        self.appendAlphanumerics(31, to: &text)
        return text
    }

    /// The CRN of the object with that UUID, which is its tail.
    func crn(of uuid: String) -> String {
        self.crnPrefix + uuid
    }

    private mutating func appendAlphanumerics(_ count: Int, to text: inout String) {
        // 36^12 fits 64 bits, so that one draw gives up to twelve characters with negligible bias.
        var remaining = count
        while remaining > 0 {
            var word = self.generator.next()
            for _ in 0..<min(12, remaining) {
                let digit = UInt8(word % 36)
                word /= 36
                text.unicodeScalars.append(
                    Unicode.Scalar(digit < 26 ? UInt8(ascii: "a") + digit : UInt8(ascii: "0") + digit - 26)
                )
            }
            remaining -= min(12, remaining)
        }
    }
}
