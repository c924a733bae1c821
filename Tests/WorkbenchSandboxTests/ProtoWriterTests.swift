// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import WorkbenchSandbox

@Suite("proto3 JSON")
struct ProtoWriterTests {
    @Test(
        "numbers may come as strings",
        arguments: [("7", 7), ("\"7\"", 7), ("7.0", 7), ("\"x\"", nil), ("true", nil)]
    )
    func numbersFromText(text: String, number: Int64?) throws {
        let value = try JSONValue(lenientlyParsing: Array(text.utf8))
        #expect(value.protoWholeNumber == number)
        #expect(value.protoNumber == number.map(Double.init))
    }

    @Test("of two members of one name the last counts, at 128 levels too, and no deeper")
    func readsAsGoDoes() throws {
        #expect(try JSONValue(lenientlyParsing: Array(#"{"a": 1, "a": 2}"#.utf8))["a"] == .integer(2))
        let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        _ = try JSONValue(lenientlyParsing: Array(deepest.utf8))
        #expect(throws: JSONFailure.self) { try JSONValue(lenientlyParsing: Array("[\(deepest)]".utf8)) }
    }

    @Test("writes 64-bit integers as strings, and what is no number by its name")
    func numbers() {
        let bytes = ProtoWriter.object { writer in
            writer.int64("a", .max)
            writer.int32("b", -1)
            writer.double("c", 2)
            writer.double("d", .nan)
            writer.double("e", -.infinity)
            writer.time("f", nil)
        }
        let text = #"{"a":"9223372036854775807","b":-1,"c":2,"d":"NaN","e":"-Infinity","f":null}"#
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test("drops zero values when sparse")
    func sparse() {
        var rendering = Rendering()
        rendering.isSparse = true
        let bytes = ProtoWriter.object(rendering: rendering) { writer in
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
}
