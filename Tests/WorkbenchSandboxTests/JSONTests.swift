// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WorkbenchSandbox

@Suite("JSON and times")
struct JSONTests {
    @Test(
        "reads every kind of value",
        arguments: [
            ("null", JSON.null), (" true ", .bool(true)), ("-0", .integer(0)), ("1.5e2", .double(150)),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            (#""a\n\u00e9\ud83d\ude00\/""#, .string("a\né😀/")), (#""\ud83d""#, .string("\u{FFFD}")),
            ("[]", .array([])), (#"[1, "b"]"#, .array([.integer(1), .string("b")])),
        ]
    )
    func reads(text: String, value: JSON) throws {
        #expect(try JSON(parsing: Array(text.utf8)) == value)
    }

    @Test(
        "refuses what is not JSON",
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":}", "{\"a\" 1}", "{a:1}", "01", "1.", "1e", "-", "+1", ".5", "tru", "nul",
            "\"abc", "\"\\x\"", "\"\\u12\"", "\"\u{01}\"", "1 2", "[1", "1e999", "'a'", "NaN", "//",
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONFailure.self) { try JSON(parsing: Array(text.utf8)) }
    }

    @Test("refuses bytes that are not UTF-8")
    func refusesOtherEncodings() {
        #expect(throws: JSONFailure.self) { try JSON(parsing: [0x22, 0xFF, 0xFE, 0x22]) }
        #expect(throws: JSONFailure.self) { try JSON(parsing: [0x22, 0x5C, 0x6E, 0xC3, 0x22]) }
    }

    @Test("refuses deep nesting instead of using up the stack")
    func refusesDeepNesting() throws {
        let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        _ = try JSON(parsing: Array(deepest.utf8))
        #expect(throws: JSONFailure.self) { try JSON(parsing: Array("[\(deepest)]".utf8)) }
        #expect(throws: JSONFailure.self) { try JSON(parsing: Array(repeating: UInt8(ascii: "["), count: 1_000_000)) }
    }

    @Test("takes the last of equal members, as Go does")
    func lastMemberWins() throws {
        #expect(try JSON(parsing: Array(#"{"a": 1, "a": 2}"#.utf8))["a"] == .integer(2))
    }

    @Test("writes what it reads")
    func roundTrip() throws {
        let text = #"{"a":[1,-2.5,true,null,"q\"\\\n\u0001é"],"b":{"c":{}}}"#
        var writer = JSONWriter()
        writer.value(try JSON(parsing: Array(text.utf8)))
        #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    }

    @Test("drops zero values when sparse")
    func sparse() {
        var rendering = Rendering()
        rendering.isSparse = true
        let bytes = JSONWriter.object(rendering: rendering) { writer in
            writer.string("a", "")
            writer.int32("b", 0)
            writer.int64("c", 0)
            writer.bool("d", false)
            writer.double("e", 0)
            writer.time("f", nil)
            writer.strings("g", [])
            writer.string("h", "x")
        }
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"h":"x"}"#)
    }

    @Test(
        "reads and writes RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("2024-02-29T23:59:59.123456789Z", "2024-02-29T23:59:59.123456Z"),
            ("2026-11-24T05:00:00.5+02:00", "2026-11-24T03:00:00.500Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900Z"),
        ]
    )
    func times(text: String, written: String) throws {
        #expect(try #require(WallTime(rfc3339: text)).rfc3339 == written)
    }

    @Test(
        "refuses what is no time",
        arguments: [
            "", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01", "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00Zx",
            "1700000000000",
        ]
    )
    func noTimes(text: String) {
        #expect(WallTime(rfc3339: text) == nil)
    }
}
