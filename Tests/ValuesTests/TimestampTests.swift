// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@Suite("Timestamps")
struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("1985-04-12T23:20:50.52Z", 482_196_050_520),
        ("1996-12-19T16:39:57-08:00", 851_042_397_000),
        ("1990-12-31T23:59:60Z", 662_688_000_000),
        ("1990-12-31T15:59:60-08:00", 662_688_000_000),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130),
        ("2024-02-29t12:00:00z", 1_709_208_000_000),
        ("2024-02-29 12:00:00.123456789Z", 1_709_208_000_123),
        ("2024-02-29 12:00:00.123456789012345Z", 1_709_208_000_123),
        ("1969-12-31T23:59:59.999Z", -1),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ("9999-12-31T23:59:59.999999999Z", 253_402_300_799_999),
    ])
    func readsRFC3339(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.millisecondsSinceEpoch == milliseconds)
    }

    @Test(arguments: [
        "", "2024", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00Z", "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z", "2024-01-32T00:00:00Z", "2024-01-00T00:00:00Z", "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z",
        "2024-01-01T12:00:60Z", "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00+0100", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00Zjunk", " 2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00,5Z", "+024-01-01T00:00:00Z", "२०२४-01-01T00:00:00Z",
    ])
    func refusesAnythingElse(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (Int64.max, "9999-12-31T23:59:59.999Z"),
        (Int64.min, "0000-01-01T00:00:00.000Z"),
        (Timestamp.latest.millisecondsSinceEpoch, "9999-12-31T23:59:59.999Z"),
    ])
    func writesRFC3339(milliseconds: Int64, text: String) {
        #expect(Timestamp(millisecondsSinceEpoch: milliseconds).description == text)
    }

    @Test func readsBackWhatItWrites() {
        // A step that is no multiple of a day visits all months, hours and leap years from 0000 to 9999.
        let step: Int64 = 3_333_333_333_337
        var milliseconds = Timestamp.earliestFormattable.millisecondsSinceEpoch
        while milliseconds <= Timestamp.latestFormattable.millisecondsSinceEpoch {
            let timestamp = Timestamp(millisecondsSinceEpoch: milliseconds)
            #expect(Timestamp(rfc3339: timestamp.description) == timestamp)
            milliseconds += step
        }
    }

    @Test func everyDayOfFourCenturiesFollowsTheOneBefore() {
        var previous = ""
        for day in Int64(0)..<146_097 {
            let text = Timestamp(millisecondsSinceEpoch: day * 86_400_000).description
            #expect(text > previous)
            previous = text
        }
        #expect(previous.hasPrefix("2369-12-31"))
    }

    @Test func addsAndSubtractsDurations() {
        let start = Timestamp(millisecondsSinceEpoch: 1000)
        #expect(start.advanced(by: .milliseconds(1500)).millisecondsSinceEpoch == 2500)
        #expect(start.advanced(by: .milliseconds(-1500)).millisecondsSinceEpoch == -500)
        #expect(start.advanced(by: .seconds(Int64.max)).microsecondsSinceEpoch == .max)
        #expect(start.advanced(by: .seconds(Int64.min)).microsecondsSinceEpoch == .min)
        #expect(start.milliseconds(since: Timestamp(millisecondsSinceEpoch: 250)) == 750)
        #expect(start.duration(since: Timestamp(millisecondsSinceEpoch: 250)) == .milliseconds(750))
        #expect(start < start.advanced(by: .milliseconds(1)))
    }

    @Test func theClockIsPlausible() {
        #expect(Timestamp.now() > Timestamp(millisecondsSinceEpoch: 1_700_000_000_000))
        #expect(Timestamp.now().microsecondsSinceEpoch % 1000 == 0, "what is written down has whole milliseconds")
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("2024-02-29T23:59:59.123456789Z", "2024-02-29T23:59:59.123456Z"),
        ("2026-11-24T05:00:00.5+02:00", "2026-11-24T03:00:00.500Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
    ])
    func keepsMicrosecondsWhereTheyAreAskedFor(text: String, written: String) throws {
        #expect(try #require(Timestamp(rfc3339: text, in: .microseconds)).shortestRFC3339 == written)
    }

    @Test func cutsDownwardsOnBothSidesOfTheEpoch() {
        #expect(Timestamp(microsecondsSinceEpoch: 1_999).cut(to: .milliseconds).microsecondsSinceEpoch == 1_000)
        #expect(Timestamp(microsecondsSinceEpoch: -1).cut(to: .milliseconds).microsecondsSinceEpoch == -1_000)
        #expect(Timestamp(microsecondsSinceEpoch: -1).millisecondsSinceEpoch == -1)
        #expect(Timestamp(microsecondsSinceEpoch: -1).secondsSinceEpoch == -1)
        #expect(Timestamp(microsecondsSinceEpoch: -1).cut(to: .microseconds).microsecondsSinceEpoch == -1)
    }

    @Test(arguments: [Int64.min, -1, 0, 1, Int64.max])
    func staysInRangeWhateverTheNumberOfMilliseconds(milliseconds: Int64) {
        let time = Timestamp(millisecondsSinceEpoch: milliseconds)
        #expect(Timestamp(millisecondsSinceEpoch: time.millisecondsSinceEpoch) == time)
        #expect(time >= .earliest && time <= .latest)
    }
}
