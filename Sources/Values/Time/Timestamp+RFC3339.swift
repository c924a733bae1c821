// SPDX-License-Identifier: Apache-2.0

extension Timestamp: CustomStringConvertible {
    /// The last millisecond that RFC 3339 can write: 9999-12-31T23:59:59.999Z.
    package static let latestFormattable = Timestamp(millisecondsSinceEpoch: 253_402_300_799_999)
    /// The first millisecond that RFC 3339 can write: 0000-01-01T00:00:00.000Z.
    package static let earliestFormattable = Timestamp(millisecondsSinceEpoch: -62_167_219_200_000)

    /// RFC 3339 in UTC with three fractional digits, for example `2026-02-03T04:05:06.789Z`.
    ///
    /// A time outside the years 0000 to 9999 is shown as the nearest time inside.
    package var description: String {
        String(unsafeUninitializedCapacity: RFC3339Writer.capacity) { buffer in
            var writer = RFC3339Writer(buffer: buffer)
            writer.write(self, fractionDigits: 3)
            return writer.position
        }
    }

    /// RFC 3339 in UTC with as many fractional digits as it takes, 0, 3 or 6, as Go writes a protobuf timestamp.
    ///
    /// A time outside the years 0000 to 9999 is shown as the nearest time inside.
    package var shortestRFC3339: String {
        String(unsafeUninitializedCapacity: RFC3339Writer.capacity) { buffer in
            var writer = RFC3339Writer(buffer: buffer)
            writer.write(self, fractionDigits: self.shortestFractionDigits)
            return writer.position
        }
    }

    private var shortestFractionDigits: Int {
        if self.microsecondsSinceEpoch % 1_000_000 == 0 { return 0 }
        return self.microsecondsSinceEpoch % 1000 == 0 ? 3 : 6
    }

    /// Reads an RFC 3339 time with any number of fractional digits and any offset; `nil` for anything else.
    ///
    /// `T` and `Z` may be lower case, and a space may stand for the `T`, as RFC 3339 section 5.6 allows. Digits beyond
    /// `resolution` are cut off. A leap second (`23:59:60` in UTC) is read as the first second of the next day, as POSIX
    /// time does.
    package init?(rfc3339 text: some StringProtocol, in resolution: Resolution = .milliseconds) {
        var reader = DigitReader(Array(text.utf8))
        guard
            let year = reader.number(digits: 4), reader.skip("-"),
            let month = reader.number(digits: 2), reader.skip("-"),
            let day = reader.number(digits: 2), reader.skip("Tt "),
            let hour = reader.number(digits: 2), reader.skip(":"),
            let minute = reader.number(digits: 2), reader.skip(":"),
            let second = reader.number(digits: 2),
            let microseconds = reader.fractionMicroseconds(),
            let offsetMinutes = reader.offsetMinutes(),
            reader.isAtEnd
        else { return nil }
        guard hour <= 23, minute <= 59, second <= 60 else { return nil }
        guard let date = CivilDate(year: year, month: month, day: day) else { return nil }
        let minuteOfDay: Int64 = hour * 60 + minute - offsetMinutes
        let minutes: Int64 = date.daysSinceEpoch * 1440 + minuteOfDay
        if second == 60, minutes.flooredDivision(by: 1440).remainder != 1439 { return nil }
        let time = Timestamp(microsecondsSinceEpoch: (minutes * 60 + second) * 1_000_000 + microseconds)
        self = time.cut(to: resolution)
    }
}

/// Writes a time into a buffer, number by number.
private struct RFC3339Writer {
    /// The longest text: six fractional digits.
    static let capacity = 27

    let buffer: UnsafeMutableBufferPointer<UInt8>
    var position = 0

    /// Writes a time with 0, 3 or 6 fractional digits.
    mutating func write(_ time: Timestamp, fractionDigits: Int) {
        let time = min(max(time, Timestamp.earliestFormattable), Timestamp.latestFormattable)
        let (seconds, microseconds) = time.microsecondsSinceEpoch.flooredDivision(by: 1_000_000)
        let (days, secondOfDay) = seconds.flooredDivision(by: 86_400)
        let date = CivilDate(daysSinceEpoch: days)
        self.write(date.year, digits: 4, then: "-")
        self.write(date.month, digits: 2, then: "-")
        self.write(date.day, digits: 2, then: "T")
        self.write(secondOfDay / 3600, digits: 2, then: ":")
        self.write(secondOfDay / 60 % 60, digits: 2, then: ":")
        self.write(secondOfDay % 60, digits: 2, then: fractionDigits == 0 ? "Z" : ".")
        guard fractionDigits > 0 else { return }
        self.write(fractionDigits == 3 ? microseconds / 1000 : microseconds, digits: fractionDigits, then: "Z")
    }

    private mutating func write(_ number: Int64, digits: Int, then separator: Unicode.Scalar) {
        var rest = number
        for index in stride(from: self.position + digits - 1, through: self.position, by: -1) {
            self.buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        self.position += digits
        self.buffer[self.position] = UInt8(ascii: separator)
        self.position += 1
    }
}

/// Reads the parts of an RFC 3339 time from UTF-8.
private struct DigitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { self.position == self.bytes.count }

    private var next: UInt8? { self.isAtEnd ? nil : self.bytes[self.position] }

    private mutating func digit() -> Int64? {
        guard let byte = self.next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
        self.position += 1
        return Int64(byte - UInt8(ascii: "0"))
    }

    mutating func number(digits: Int) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<digits {
            guard let digit = self.digit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    mutating func skip(_ accepted: StaticString) -> Bool {
        guard let byte = self.next else { return false }
        let isAccepted = accepted.withUTF8Buffer { $0.contains(byte) }
        if isAccepted { self.position += 1 }
        return isAccepted
    }

    mutating func fractionMicroseconds() -> Int64? {
        guard self.skip(".") else { return 0 }
        var microseconds: Int64 = 0
        var count = 0
        while let digit = self.digit() {
            count += 1
            if count <= 6 { microseconds = microseconds * 10 + digit }
        }
        guard count > 0 else { return nil }
        for _ in 0..<max(0, 6 - count) { microseconds *= 10 }
        return microseconds
    }

    mutating func offsetMinutes() -> Int64? {
        if self.skip("Zz") { return 0 }
        let sign: Int64
        if self.skip("+") { sign = 1 } else if self.skip("-") { sign = -1 } else { return nil }
        guard let hours = self.number(digits: 2), self.skip(":"), let minutes = self.number(digits: 2) else {
            return nil
        }
        guard hours <= 23, minutes <= 59 else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
