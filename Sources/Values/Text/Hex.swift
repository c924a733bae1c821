// SPDX-License-Identifier: Apache-2.0

/// Hexadecimal digits in ASCII.
///
/// Inlinable and public for the same reasons as `FIFO`.
public enum Hex {
    /// Which digits above nine are written.
    public enum Case: Sendable {
        /// `a` to `f`.
        case lower
        /// `A` to `F`, as RFC 3986 wants escapes.
        case upper
    }

    /// Returns the digit of the low four bits of `nibble`.
    @inlinable
    public static func digit(_ nibble: UInt8, _ letters: Case = .lower) -> UInt8 {
        let value = nibble & 15
        if value < 10 { return UInt8(ascii: "0") + value }
        switch letters {
        case .lower: return UInt8(ascii: "a") + value - 10
        case .upper: return UInt8(ascii: "A") + value - 10
        }
    }

    /// Returns the value of a digit of either case, or `nil`.
    @inlinable
    public static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: self.lowerValue(digit)
        }
    }

    /// Returns the value of a digit in the one form that we write ourselves, with `a` to `f`, or `nil`.
    @inlinable
    public static func lowerValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// Reads a number of lower-case digits; `nil` where any byte is none, where there is none, or more than it can hold.
    @inlinable
    public static func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ digits: some Collection<UInt8>,
        as type: Number.Type = Number.self
    ) -> Number? {
        guard !digits.isEmpty, digits.count <= Number.bitWidth / 4 else { return nil }
        var number: Number = 0
        for digit in digits {
            guard let value = self.lowerValue(digit) else { return nil }
            number = number << 4 | Number(value)
        }
        return number
    }

    /// Reads a 64-bit number of lower-case digits that lie in memory; `nil` as above.
    ///
    /// Not generic: a restore reads three of them for each record, of which there are millions, and what is generic is slow
    /// there wherever the compiler does not make a copy of it for its caller's types.
    public static func number(_ digits: UnsafeRawBufferPointer) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 16 else { return nil }
        var number: UInt64 = 0
        for index in 0..<digits.count {
            guard let value = self.lowerValue(digits[index]) else { return nil }
            number = number << 4 | UInt64(value)
        }
        return number
    }

    /// Writes all digits of a number, zeros in front included.
    public static func text(_ number: some FixedWidthInteger & UnsignedInteger) -> String {
        withUnsafeBytes(of: number.bigEndian) { self.text($0) }
    }

    /// Writes two digits for each byte.
    public static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: 2 * bytes.count) { self.write(bytes, to: $0) }
    }

    /// Writes two digits for each byte, in ASCII.
    public static func digits(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        Array(unsafeUninitializedCapacity: 2 * bytes.count) { buffer, count in count = self.write(bytes, to: buffer) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        for index in 0..<bytes.count {
            buffer[2 * index] = self.digit(bytes[index] >> 4)
            buffer[2 * index + 1] = self.digit(bytes[index])
        }
        return 2 * bytes.count
    }
}
