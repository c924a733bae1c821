// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPValues
import Testing

/// Header fields that are parsed on demand.
struct HTTPFieldsTests {
    private static let fields = HTTPFields(
        lines: Array(
            "Content-Type: text/x\nEmpty:\nno colon\nSpaced: \t a b \t\nX:1\ncontent-type: second\n:v\nÜ: ü\n".utf8
        )
    )

    @Test(arguments: [
        ("Content-Type", "text/x"), ("content-type", "text/x"), ("EMPTY", ""), ("spaced", "a b"), ("x", "1"), ("", "v"),
        ("no colon", nil), ("content", nil), ("content-type:", nil), ("absent", nil), ("Ü", "ü"), ("ü", nil),
    ])
    func fieldIsFoundByItsName(name: String, value: String?) {
        #expect(Self.fields[name] == value)
        #expect(HTTPFields(Self.fields.pairs)[name] == value)
    }

    @Test func allAreListedInOrder() {
        let pairs = Self.fields.pairs
        #expect(pairs.map(\.name) == ["Content-Type", "Empty", "Spaced", "X", "content-type", "", "Ü"])
        #expect(pairs.map(\.value) == ["text/x", "", "a b", "1", "second", "v", "ü"])
        #expect(HTTPFields(lines: []).pairs.isEmpty)
    }

    @Test func fieldsOfAResponseCanBeReplaced() {
        var response = HTTPResponse(status: 200, fields: Self.fields, body: [])
        response.headers.removeAll { $0.name == "X" }
        response.headers.append(("New", "1"))
        #expect(response.header("x") == nil && response.header("new") == "1" && response.header("spaced") == "a b")
    }

    @Test func bytesThatAreNoTextAreReplaced() {
        #expect(HTTPFields(lines: Array("A: ".utf8) + [0xFF, 0x0A])["a"] == "\u{FFFD}")
    }
}
