// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        ("null", JSONValue.null), (" true ", .bool(true)), ("false\n", .bool(false)), ("0", .integer(0)),
        ("-0", .integer(0)), ("-12", .integer(-12)), ("9223372036854775807", .integer(.max)),
        ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.5e3", .double(1500)), ("1E-2", .double(0.01)),
        ("\"\"", .string("")), ("\"a\\/b\\\\c\\\"\"", .string("a/b\\c\"")), ("\"\\u0041\\n\"", .string("A\n")),
        ("\"\\ud83d\\ude80\"", .string("🚀")), ("\"🚀\"", .string("🚀")), ("\"\\u0000\"", .string("\0")),
        ("[]", .array([])), ("[1,[]]", .array([.integer(1), .array([])])), ("{}", .object([])),
        ("{\"a\":{\"b\":[null]}}", .object([.init("a", .object([.init("b", .array([.null]))]))])),
    ])
    func validTextIsRead(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "nul1", "tru", "True", "01", "-01", "1.", ".5", "+1", "1e", "0x10", "NaN", "Infinity", "-Infinity", "1e400",
        "'a'",
        "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"tab\there\"", "[1,]", "[,1]",
        "[1 2]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{1:2}", "1 2", "{}{}", "/* */1",
        "{\u{FEFF}}", "\u{FEFF}\u{FEFF}{}", "\u{FEFF}",
        "\u{00A0}1", "[1", "{\"a\"", "\"abc", "", "  ", "\"\\", "\"\\u00",
    ])
    func invalidTextIsRefused(text: String) {
        #expect(throws: JSONFailure.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test(arguments: [
        ("", JSONFailure.Kind.truncated, 0), ("{\"a\":", .truncated, 5), ("[1", .truncated, 2), ("\"ab", .truncated, 3),
        ("tru", .truncated, 3), ("{\"a\":1,\"a\":2}", .duplicateName, 7), ("[1,x]", .malformed, 3),
        ("{\"a\":1}}", .malformed, 7),
    ])
    func faultIsNamedAndPlaced(text: String, kind: JSONFailure.Kind, offset: Int) {
        let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: Array(text.utf8)) }
        #expect(failure?.kind == kind)
        #expect(failure?.offset == offset)
    }

    /// Written raw they would drive whoever's terminal the text is shown on.
    @Test(arguments: [
        ("x\u{9b}2Jy", #""x\u009b2Jy""#), ("\u{85}", #""\u0085""#), ("gn\u{202e}p", #""gn\u202ep""#),
        ("\u{61c}\u{200e}\u{200f}", #""\u061c\u200e\u200f""#), ("\u{2028}\u{2029}", #""\u2028\u2029""#),
        ("\u{2066}a\u{2069}", #""\u2066a\u2069""#),
        ("é\u{a0}\u{2027}\u{202f}\u{200d}ا🚀", "\"é\u{a0}\u{2027}\u{202f}\u{200d}ا🚀\""),
    ])
    func whatDrivesATerminalIsEscaped(text: String, json: String) throws {
        var writer = JSONWriter()
        writer.string(text)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == json)
        #expect(try JSONValue(parsing: writer.bytes) == .string(text))
    }

    @Test func aByteOrderMarkInFrontIsPassedOver() throws {
        #expect(try JSONValue(parsing: Array("\u{FEFF}{}".utf8)) == .object([]))
        #expect(try JSONValue(parsing: Array("\u{FEFF} 1\r\n".utf8)) == .integer(1))
        #expect(try JSONValue(parsing: Array("\"\u{FEFF}\"".utf8)) == .string("\u{FEFF}"))
        // Places count from the text's first byte, the mark included: that is what an editor's "go to byte" does.
        let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: Array("\u{FEFF}[1,x]".utf8)) }
        #expect(failure?.offset == 6)
    }

    @Test(arguments: [
        ("[NaN]", "NaN is not JSON"), ("[-Infinity]", "-Infinity is not JSON"), ("Infinity", "Infinity is not JSON"),
        (#"{"a":None}"#, "None is not JSON"), ("[True]", "True is not JSON"), ("False", "False is not JSON"),
        (#"{"a":undefined}"#, "undefined is not JSON"), (#"{'a':1}"#, "a text in single quotes"),
        (#"{"a":'b'}"#, "a text in single quotes"), ("[Nan]", "expected a value"), ("[-]", "expected a value"),
    ])
    func whatOtherLanguagesWriteIsNamed(text: String, reason: String) {
        let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: Array(text.utf8)) }
        #expect(failure?.kind == .malformed)
        #expect(failure?.reason == reason)
    }

    @Test(arguments: [[0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], [0xFE, 0xFF, 0x00, 0x7B, 0x00, 0x7D]] as [[UInt8]])
    func otherEncodingsAreNamed(bytes: [UInt8]) {
        let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: bytes) }
        #expect(failure?.description == "UTF-16, not UTF-8 at byte 0")
    }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22],
        [0xFF, 0xFE, 0x7B, 0x00], [0x7B, 0xE9, 0x7D], [0x1F, 0x8B, 0x08],
    ])
    func bytesThatAreNotUTF8AreNamed(bytes: [UInt8]) {
        let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: bytes) }
        #expect(failure?.kind == .notUTF8)
    }

    @Test func textThatEndsInsideACharacterIsTruncated() {
        for bytes in [[0x22, 0xC3], [0x22, 0xF0, 0x9F, 0x9A]] as [[UInt8]] {
            let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: bytes) }
            #expect(failure?.kind == .truncated)
        }
    }

    @Test func wholeNumbersOfEveryWidthAreWrittenAlike() {
        let json = JSONWriter.object { writer in
            writer.field("a", Int.min)
            writer.field("b", Int64.max)
            writer.field("c", Int32.min)
            writer.field("d", UInt64.max)
            writer.field("e", Int32?.none)
        }
        let numbers = #""a":-9223372036854775808,"b":9223372036854775807,"c":-2147483648,"d":18446744073709551615"#
        #expect(String(decoding: json, as: UTF8.self) == "{\(numbers)}")
    }

    @Test func nestingIsBounded() throws {
        func nested(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(ascii: "["), count: depth) + [UInt8](repeating: UInt8(ascii: "]"), count: depth)
        }
        _ = try JSONValue(parsing: nested(32))
        for depth in [33, 1_000_000] {
            let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: nested(depth)) }
            #expect(failure?.kind == .tooDeep)
        }
        let open = [UInt8](repeating: UInt8(ascii: "{"), count: 1_000_000)
        #expect(throws: JSONFailure.self) { try JSONValue(parsing: open) }
    }

    @Test func duplicateNamesAreFoundInLargeObjectsToo() throws {
        let members = (0..<5000).map { "\"k\($0)\":\($0)" }
        let whole = Array(("{" + members.joined(separator: ",") + "}").utf8)
        #expect(try JSONValue(parsing: whole)["k4999"] == .integer(4999))
        let doubled = Array(("{" + (members + ["\"k3\":0"]).joined(separator: ",") + "}").utf8)
        let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: doubled) }
        #expect(failure?.kind == .duplicateName)
    }

    @Test(arguments: 0..<24, ["a", "é"])
    func aStringEndsWhereItEnds(length: Int, letter: String) throws {
        let text = String(repeating: letter, count: length)
        let endings = [("", ""), (#"\n"#, "\n"), (#"\""#, "\""), (#"\\"#, "\\"), ("\u{7F}\u{80}", "\u{7F}\u{80}")]
        for (written, read) in endings {
            for tail in ["", "x", "12345678"] {
                let json = Array("[\"\(text)\(written)\(tail)\",1]".utf8)
                #expect(try JSONValue(parsing: json) == .array([.string(text + read + tail), .integer(1)]))
            }
        }
        for control in ["\u{0}", "\u{1F}", "\n"] {
            let failure = #expect(throws: JSONFailure.self) {
                try JSONValue(parsing: Array("\"\(text)\(control)12345678\"".utf8))
            }
            #expect(failure?.reason == "a control character in a string")
            #expect(failure?.offset == 1 + text.utf8.count)
        }
    }

    @Test func wholeNumbersAreReadToTheirLimits() throws {
        for number in [0, 7, -7, 99_999_999_999_999_999, -99_999_999_999_999_999, 999_999_999_999_999_999] + [
            Int64.min, .max,
        ] {
            #expect(try JSONValue(parsing: Array("\(number)".utf8)) == .integer(number))
        }
        #expect(try JSONValue(parsing: Array("-9223372036854775809".utf8)) == .double(-9_223_372_036_854_775_808))
    }

    @Test(arguments: [2, 15, 63, 64, 65, 200])
    func aRepeatedNameIsFoundWhereverItStands(count: Int) throws {
        // Names of one length with the same first, middle and last byte: nothing but the name itself tells them apart.
        let names = (0..<count).map { index in "x" + (index < 10 ? "0" : "") + (index < 100 ? "0" : "") + "\(index)-x-x"
        }
        for repeated in [0, count / 2, count - 1] {
            let members = (names + [names[repeated]]).map { "\"\($0)\":1" }.joined(separator: ",")
            let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: Array("{\(members)}".utf8)) }
            #expect(failure?.kind == .duplicateName)
        }
        let members = names.map { "\"\($0)\":1" }.joined(separator: ",")
        #expect(try JSONValue(parsing: Array("{\(members)}".utf8)).members?.count == count)
    }

    @Test func ambiguousTextIsResolvedOnRequest() throws {
        func resolved(_ text: String) throws -> JSONValue {
            try JSONValue(parsing: Array(text.utf8), ambiguity: .resolved)
        }
        #expect(try resolved(#"{"a":1,"b":2,"a":3}"#) == .object([.init("a", .integer(3)), .init("b", .integer(2))]))
        #expect(try resolved(#""\ud83d""#) == .string("\u{FFFD}"))
        #expect(try resolved(#""\ud83dx""#) == .string("\u{FFFD}x"))
        #expect(try resolved(#""\ud83d\u0041""#) == .string("\u{FFFD}A"))
        #expect(try resolved(#""\ud83d\ude80""#) == .string("🚀"))
        let members = (0..<5000).map { "\"k\($0)\":\($0)" } + ["\"k3\":0", "\"k4999\":1"]
        let large = try resolved("{" + members.joined(separator: ",") + "}")
        #expect(large.members?.count == 5000)
        #expect(large["k3"] == .integer(0))
        #expect(large["k4999"] == .integer(1))
    }

    @Test func valuesAreReadAsWhatTheyAre() throws {
        let value = try JSONValue(parsing: Array(#"{"n":2,"d":2.0,"h":0.5,"s":"2","l":[true]}"#.utf8))
        #expect(value["n"]?.wholeNumber == 2)
        #expect(value["d"]?.wholeNumber == 2)
        #expect(value["h"]?.wholeNumber == nil)
        #expect(value["h"]?.number == 0.5)
        #expect(value["s"]?.number == nil)
        #expect(value["l"]?.elements?.first?.flag == true)
        #expect(value.members?.map(\.name) == ["n", "d", "h", "s", "l"])
        #expect(value["l"]?.members == nil)
    }

    @Test func writtenTextReadsBackAsTheSameValue() throws {
        let value = JSONValue.object([
            .init("text", .string("a\"b\\c\n\r\t\u{1}\u{7F}\u{2028}é🚀")),
            .init(
                "quoted \"name\"",
                .array([.integer(.min), .integer(.max), .double(0.1), .double(1e300), .bool(false)])
            ),
            .init("empty", .object([])), .init("none", .null), .init("list", .array([])),
        ])
        var writer = JSONWriter()
        writer.value(value)
        #expect(try JSONValue(parsing: writer.bytes) == value)
    }

    @Test func everyByteIsEscapedWhereverItStands() throws {
        // Eight bytes are looked at together, and what is left of them one by one.
        for scalar in (0..<0x100).compactMap({ Unicode.Scalar($0) }) {
            for place in 0..<18 {
                let filler = String(repeating: "x", count: place)
                let text = filler + String(Character(scalar)) + "yz"
                let bytes = JSONWriter.object { $0.field("t", text) }
                #expect(try JSONValue(parsing: bytes)["t"] == .string(text))
                #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
            }
        }
    }

    @Test func aTextGrowsBeyondItsRoom() throws {
        for capacity in [0, 1, 7, 64] {
            var writer = JSONWriter(reservingCapacity: capacity)
            let texts = (0..<50).map { String(repeating: "é\"", count: $0) }
            writer.array { list in
                for text in texts { list.string(text) }
                list.integer(Int.min)
                list.integer(0)
                list.string(plain: Array("0a".utf8))
            }
            let wanted = texts.map { JSONValue.string($0) } + [.integer(.min), .integer(0), .string("0a")]
            #expect(try JSONValue(parsing: writer.bytes) == .array(wanted))
        }
    }

    @Test func fieldsAreSeparatedAndAbsentOnesLeftOut() {
        let bytes = JSONWriter.object { writer in
            writer.field("a", "x")
            writer.field("gone", nil as String?)
            writer.field("n", 7)
            writer.field("d", 2.0)
            writer.field("bad", Double.nan)
            writer.object("o") { $0.field("flag", true) }
            writer.array("l") { list in
                list.integer(1)
                list.string("two")
                list.object { _ in }
            }
            writer.texts("t", ["z": "1", "b": "2"])
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(
            text == #"{"a":"x","n":7,"d":2,"bad":null,"o":{"flag":true},"l":[1,"two",{}],"t":{"b":"2","z":"1"}}"#
        )
    }
}
