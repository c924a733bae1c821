// SPDX-License-Identifier: Apache-2.0

/// A moment in UTC, to the microsecond.
package struct WallTime: Sendable, Comparable, Hashable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    package var microseconds: Int64

    /// The moment that many microseconds after 1970 began.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Earlier than.
    package static func < (left: WallTime, right: WallTime) -> Bool {
        left.microseconds < right.microseconds
    }

    /// That much later; what is finer than a microsecond is cut off.
    package static func + (time: WallTime, duration: Duration) -> WallTime {
        WallTime(microseconds: time.microseconds + duration.microseconds)
    }
}

extension Duration {
    /// Whole microseconds.
    var microseconds: Int64 {
        self.components.seconds * 1_000_000 + self.components.attoseconds / 1_000_000_000_000
    }
}

// MARK: - RFC 3339

extension WallTime {
    /// `2026-01-02T03:04:05.678901Z`, with 0, 3 or 6 fractional digits, as Go writes a protobuf timestamp.
    package var rfc3339: String {
        var bytes: [UInt8] = []
        self.write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func write(to bytes: inout [UInt8]) {
        let (seconds, fraction) = flooredDivision(self.microseconds, by: 1_000_000)
        let (days, secondOfDay) = flooredDivision(seconds, by: 86_400)
        let date = CivilDate(daysSince1970: days)
        appendDigits(date.year, 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(date.month, 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(date.day, 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        appendDigits(secondOfDay / 3600, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(secondOfDay / 60 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(secondOfDay % 60, 2, to: &bytes)
        if fraction != 0 {
            bytes.append(UInt8(ascii: "."))
            if fraction % 1000 == 0 {
                appendDigits(fraction / 1000, 3, to: &bytes)
            } else {
                appendDigits(fraction, 6, to: &bytes)
            }
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Reads an RFC 3339 date-time with any number of fractional digits; those after the sixth are cut off.
    ///
    /// - Returns: `nil` for anything else, also for a date that does not exist.
    package init?(rfc3339 text: String) {
        var scanner = TimeScanner(bytes: Array(text.utf8))
        guard let year = scanner.digits(4), scanner.take("-"),
            let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), scanner.take("T") || scanner.take("t") || scanner.take(" "),
            let hour = scanner.digits(2), scanner.take(":"),
            let minute = scanner.digits(2), scanner.take(":"),
            let second = scanner.digits(2),
            let fraction = scanner.fraction(),
            let offset = scanner.offsetSeconds(), scanner.isAtEnd,
            year >= 1, hour < 24, minute < 60, second < 60,
            let days = CivilDate(year: year, month: month, day: day).daysSince1970
        else { return nil }
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }
}

/// A day of the Gregorian calendar.
///
/// Formulas: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013 (eras of 400 years that begin on 1 March).
private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(daysSince1970: Int64) {
        let (era, dayOfEra) = flooredDivision(daysSince1970 + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        self.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.year = era * 400 + yearOfEra + (self.month <= 2 ? 1 : 0)
    }

    /// Days from 1970-01-01; `nil` if there is no such day.
    var daysSince1970: Int64? {
        guard (1...12).contains(self.month), (1...self.daysInMonth).contains(self.day) else { return nil }
        let (era, yearOfEra) = flooredDivision(self.month <= 2 ? self.year - 1 : self.year, by: 400)
        let shiftedMonth = self.month > 2 ? self.month - 3 : self.month + 9
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + self.day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private var daysInMonth: Int64 {
        switch self.month {
        case 2: self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Takes a date-time apart, byte by byte.
private struct TimeScanner {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.position < self.bytes.count, self.bytes[self.position] == UInt8(ascii: character) else {
            return false
        }
        self.position += 1
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = self.digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Microseconds after an optional point; `nil` for a point without digits.
    mutating func fraction() -> Int64? {
        guard self.take(".") else { return 0 }
        guard var value = self.digit() else { return nil }
        var count = 1
        while let digit = self.digit() {
            if count < 6 { value = value * 10 + digit }
            count += 1
        }
        while count < 6 {
            value *= 10
            count += 1
        }
        return value
    }

    mutating func offsetSeconds() -> Int64? {
        if self.take("Z") || self.take("z") { return 0 }
        let sign: Int64
        if self.take("+") { sign = 1 } else if self.take("-") { sign = -1 } else { return nil }
        guard let hours = self.digits(2), self.take(":"), let minutes = self.digits(2), hours < 24, minutes < 60 else {
            return nil
        }
        return sign * (hours * 3600 + minutes * 60)
    }

    private mutating func digit() -> Int64? {
        guard self.position < self.bytes.count else { return nil }
        let byte = self.bytes[self.position]
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        self.position += 1
        return Int64(byte - UInt8(ascii: "0"))
    }
}

private func flooredDivision(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

private func appendDigits(_ value: Int64, _ count: Int, to bytes: inout [UInt8]) {
    var divisor: Int64 = 1
    for _ in 1..<count { divisor *= 10 }
    while divisor > 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
        divisor /= 10
    }
}
