// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import WorkbenchCalls

/// When a model's answer says the same as the expected one.
struct EquivalenceTests {
    @Test(arguments: [
        ("null", "null"), ("true", "true"), (#""a""#, #""a""#), ("1", "1.0"), ("10", "1e1"), ("0", "-0.0"),
        ("0.1", "0.10000000000000001"), ("3.0000000001", "3"), ("[]", "[]"), ("[1,[2]]", "[1.0,[2]]"), ("{}", "{}"),
        (#"{"a":1,"b":{"c":[2]}}"#, #"{"b":{"c":[2.0]},"a":1}"#),
    ])
    func whatSaysTheSameIsEquivalent(left: String, right: String) throws {
        let (left, right) = (try JSONValue(parsing: Array(left.utf8)), try JSONValue(parsing: Array(right.utf8)))
        #expect(left.isEquivalent(to: right))
        #expect(right.isEquivalent(to: left))
    }

    @Test(arguments: [
        ("null", "false"), ("null", "0"), ("null", "{}"), ("true", "false"), ("true", "1"), ("false", "0"),
        (#""1""#, "1"), (#""a""#, #""A""#), ("1", "2"), ("1", "-1"), ("1", "1.00000001"), ("0", "1e-12"),
        ("4000000001", "4000000002"), ("9007199254740993", "9007199254740992"), ("[]", "{}"), ("[]", "null"),
        ("[1]", "1"), ("[1]", "[1,1]"), ("[1,2]", "[2,1]"), ("[[1]]", "[[2]]"), (#"{"a":1}"#, #"{"a":2}"#),
        (#"{"a":1}"#, #"{"b":1}"#), (#"{"a":1}"#, #"{"a":1,"b":1}"#), (#"{"a":null}"#, "{}"),
    ])
    func whatDiffersIsNot(left: String, right: String) throws {
        let (left, right) = (try JSONValue(parsing: Array(left.utf8)), try JSONValue(parsing: Array(right.utf8)))
        #expect(!left.isEquivalent(to: right))
        #expect(!right.isEquivalent(to: left))
    }
}
