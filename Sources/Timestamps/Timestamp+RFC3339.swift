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
        let value = min(max(self, Timestamp.earliestFormattable), Timestamp.latestFormattable).millisecondsSinceEpoch
        let (days, millisecondsOfDay) = value.flooredDivision(by: 86_400_000)
        let date = CivilDate(daysSinceEpoch: days)
        return String(unsafeUninitializedCapacity: 24) { buffer in
            var writer = DigitWriter(buffer: buffer)
            writer.write(date.year, digits: 4, then: UInt8(ascii: "-"))
            writer.write(date.month, digits: 2, then: UInt8(ascii: "-"))
            writer.write(date.day, digits: 2, then: UInt8(ascii: "T"))
            writer.write(millisecondsOfDay / 3_600_000, digits: 2, then: UInt8(ascii: ":"))
            writer.write(millisecondsOfDay / 60_000 % 60, digits: 2, then: UInt8(ascii: ":"))
            writer.write(millisecondsOfDay / 1000 % 60, digits: 2, then: UInt8(ascii: "."))
            writer.write(millisecondsOfDay % 1000, digits: 3, then: UInt8(ascii: "Z"))
            return writer.position
        }
    }

    /// Reads an RFC 3339 time with up to nine fractional digits and any offset; `nil` for anything else.
    ///
    /// `T` and `Z` may be lower case, and a space may stand for the `T`, as RFC 3339 section 5.6 allows. Digits beyond
    /// milliseconds are cut off. A leap second (`23:59:60` in UTC) is read as the first second of the next day, as POSIX
    /// time does.
    package init?(rfc3339 text: some StringProtocol) {
        var reader = DigitReader(Array(text.utf8))
        guard
            let year = reader.number(digits: 4), reader.skip("-"),
            let month = reader.number(digits: 2), reader.skip("-"),
            let day = reader.number(digits: 2), reader.skip("Tt "),
            let hour = reader.number(digits: 2), reader.skip(":"),
            let minute = reader.number(digits: 2), reader.skip(":"),
            let second = reader.number(digits: 2),
            let milliseconds = reader.fractionMilliseconds(),
            let offsetMinutes = reader.offsetMinutes(),
            reader.isAtEnd
        else { return nil }
        guard hour <= 23, minute <= 59, second <= 60 else { return nil }
        guard let date = CivilDate(year: year, month: month, day: day) else { return nil }
        let minuteOfDay: Int64 = hour * 60 + minute - offsetMinutes
        let minutes: Int64 = date.daysSinceEpoch * 1440 + minuteOfDay
        if second == 60, minutes.flooredDivision(by: 1440).remainder != 1439 { return nil }
        self.init(millisecondsSinceEpoch: (minutes * 60 + second) * 1000 + milliseconds)
    }
}

/// A day of the proleptic Gregorian calendar.
///
/// Source of the arithmetic: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2021: years begin in March, so
/// that the leap day is the last of its year, and 400 years are one cycle of 146,097 days.
private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64

    init(daysSinceEpoch: Int64) {
        // 719,468 days lie between 0000-03-01 and 1970-01-01.
        let (era, dayOfEra) = (daysSinceEpoch + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        self.month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
    }

    init?(year: Int64, month: Int64, day: Int64) {
        guard (1...12).contains(month), day >= 1 else { return nil }
        let isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[Int(month) - 1] else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    var daysSinceEpoch: Int64 {
        let (era, yearOfEra) = (self.month <= 2 ? self.year - 1 : self.year).flooredDivision(by: 400)
        let monthFromMarch = self.month > 2 ? self.month - 3 : self.month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + self.day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// Writes fixed-width decimal numbers into a buffer.
private struct DigitWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    var position = 0

    mutating func write(_ number: Int64, digits: Int, then separator: UInt8) {
        var rest = number
        for index in stride(from: self.position + digits - 1, through: self.position, by: -1) {
            self.buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        self.position += digits
        self.buffer[self.position] = separator
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

    mutating func fractionMilliseconds() -> Int64? {
        guard self.skip(".") else { return 0 }
        var milliseconds: Int64 = 0
        var count = 0
        while let digit = self.digit() {
            count += 1
            if count <= 3 { milliseconds = milliseconds * 10 + digit }
        }
        guard (1...9).contains(count) else { return nil }
        for _ in 0..<max(0, 3 - count) { milliseconds *= 10 }
        return milliseconds
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

extension Int64 {
    /// Divides so that the remainder is never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
