// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@Suite("Hexadecimal digits")
struct HexTests {
    @Test func readsWhatItWrites() {
        for value in UInt8(0)..<16 {
            #expect(Hex.value(Hex.digit(value)) == value && Hex.value(Hex.digit(value, .upper)) == value)
            #expect(Hex.lowerValue(Hex.digit(value)) == value)
        }
        #expect(Hex.text(UInt64(0x0123_4567_89ab_cdef)) == "0123456789abcdef")
        #expect(Hex.text(UInt8(0)) == "00")
        #expect(Hex.number("0123456789abcdef".utf8) == UInt64(0x0123_4567_89ab_cdef))
        [UInt8(0), 10, 255].withUnsafeBytes { #expect(Hex.text($0) == "000aff") }
    }

    @Test func onlyDigitsAreDigits() {
        let digits = Array("0123456789abcdefABCDEF".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect((Hex.value(byte) != nil) == digits.contains(byte))
            #expect((Hex.lowerValue(byte) != nil) == digits.prefix(16).contains(byte))
        }
    }

    @Test(arguments: ["", "g", "0A", "-1", "+1", " 1", "1 ", "00000000000000000", "１"])
    func refusesWhatIsNoNumber(text: String) {
        #expect(Hex.number(text.utf8, as: UInt64.self) == nil)
        Array(text.utf8).withUnsafeBytes { #expect(Hex.number($0) == nil) }
    }

    @Test(arguments: ["0", "f", "0123456789abcdef", "ffffffffffffffff"])
    func readsBytesInMemoryAsItReadsText(text: String) {
        Array(text.utf8).withUnsafeBytes { #expect(Hex.number($0) == UInt64(text, radix: 16)) }
    }
}
