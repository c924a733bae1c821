// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

@Suite struct YAMLReaderTests {
    private func read(_ text: String) throws(YAMLError) -> YAMLNode {
        try YAMLReader.read(Array(text.utf8), file: "f.yaml")
    }

    /// The error's place and text, without the file's name.
    private func complaint(_ text: String) -> String? {
        do throws(YAMLError) {
            _ = try self.read(text)
            return nil
        } catch {
            return error.description.replacing("f.yaml:", with: "")
        }
    }

    @Test func valuesHaveTheirPlaces() throws {
        let node = try self.read("a: 1\nb:\n  - x\n  - 'y'\n# note\nc: {d: \"z\"}\n")
        let entries = try node.entries()
        #expect(entries.map(\.key) == ["a", "b", "c"])
        #expect(entries.map { "\($0.position)" } == ["f.yaml:1:1", "f.yaml:2:1", "f.yaml:6:1"])
        #expect(node["a"]?.content == .scalar("1", isPlain: true))
        let list = try #require(node["b"]).elements()
        #expect(list.map(\.content) == [.scalar("x", isPlain: true), .scalar("y", isPlain: false)])
        #expect("\(list[1].position)" == "f.yaml:4:5")
        #expect(node["c"]?["d"]?.content == .scalar("z", isPlain: false))
        let inner = try #require(node["c"]?["d"])
        #expect("\(inner.position)" == "f.yaml:6:8")
    }

    @Test(arguments: ["", "# only a note\n", "---\n", "~\n", "null\n"])
    func anEmptyFileIsAnEmptyValue(text: String) throws {
        let node = try self.read(text)
        #expect(node.isNull)
        #expect(try node.entries().isEmpty)
        #expect(try node.elements().isEmpty)
    }

    @Test func windowsLineEndsAndAByteOrderMarkAreTaken() throws {
        let node = try self.read("\u{FEFF}a: 1\r\nb: 2\r\n")
        #expect(try node["a"]?.integer(0...9) == 1)
        #expect(try node["b"]?.integer(0...9) == 2)
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "3:1: 'a' is already set in line 1"),
        ("a: &x 1\n", "1:4: an anchor (&) cannot be used here; write the value itself"),
        ("a: *x\n", "1:4: an alias (*) cannot be used here; write the value itself"),
        ("a: !!str 1\n", "1:4: a tag (!) cannot be used here; write the value itself"),
        ("<<: {a: 1}\n", "1:1: a merge key (<<) cannot be used here; write the value itself"),
        ("[a, b]: 1\n", "1:1: a key must be a text"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document; only one is read"),
        ("a:\n\tb: 1\n", "2:1: not YAML: a tab; YAML is indented by spaces"),
    ])
    func whatPeopleMisreadIsRefused(text: String, expected: String) {
        #expect(self.complaint(text) == expected)
    }

    @Test(arguments: ["a: 'b\n", "a: [1, 2\n", "a: b: c\n", "- x\ny: 1\n", "a: \"\\q\"\n", "}\n", "a: \u{1}\n"])
    func whatIsNoYAMLIsRefusedWithItsLine(text: String) throws {
        let complaint = try #require(self.complaint(text))
        #expect(complaint.contains("not YAML: "))
        #expect(complaint.first?.isNumber == true)
    }

    @Test func aLineThatIsNotUTF8IsNamed() {
        let error = #expect(throws: YAMLError.self) {
            try YAMLReader.read(Array("a: 1\nb: ".utf8) + [0xFF, 0x0A], file: "f.yaml")
        }
        #expect(error == YAMLError(.notUTF8, at: SourcePosition(file: "f.yaml", line: 2, column: 1)))
    }

    @Test func sizeAndDepthAreBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try self.read(nested(YAMLReader.maximumDepth))
        #expect(
            self.complaint(nested(YAMLReader.maximumDepth + 2)) == "1:34: more than 32 levels of mappings and lists"
        )
        #expect(self.complaint(String(repeating: "[", count: 500_000)) != nil)
        let large = [UInt8](repeating: UInt8(ascii: "#"), count: YAMLReader.maximumBytes)
        #expect(try YAMLReader.read(large, file: "f").isNull)
        #expect(throws: YAMLError.self) { try YAMLReader.read(large + [0x0A], file: "f") }
    }

    @Test func aFileThatIsNotThereIsNamed() {
        #expect(throws: (any Error).self) { try YAMLReader.read(file: "/nowhere/f.yaml") }
    }

    @Test(arguments: [
        ("a: true", "true"), ("a: 'true'", "1:4: must be true or false, is 'true' in quotes"),
        ("a: yes", "1:4: must be true or false, is 'yes'"), ("a: []", "1:4: must be true or false, is a list"),
        ("a:", "1:3: must be true or false, is empty"), ("a: {}", "1:4: must be true or false, is a section of keys"),
    ])
    func booleansAreWrittenOut(text: String, expected: String) throws {
        let node = try #require(try self.read(text)["a"])
        do throws(YAMLError) {
            #expect("\(try node.boolean())" == expected)
        } catch {
            #expect(error.description == "f.yaml:" + expected)
        }
    }

    private func message(_ text: String, _ read: (YAMLNode) throws(YAMLError) -> Void) throws -> String? {
        let node = try #require(try self.read("a: " + text)["a"])
        do throws(YAMLError) {
            try read(node)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func numbersHaveRangesAndNoQuotes() throws {
        let whole: (YAMLNode) throws(YAMLError) -> Void = { (node) throws(YAMLError) in _ = try node.integer(1...10) }
        #expect(try self.message("10", whole) == nil)
        for text in ["0", "11", "1.5", "'5'", "0x5", "5s", "~"] {
            let message = try #require(try self.message(text, whole))
            #expect(message.hasPrefix("must be a whole number from 1 to 10, is "))
        }
        let any: (YAMLNode) throws(YAMLError) -> Void = { (node) throws(YAMLError) in _ = try node.number(0...2.5) }
        #expect(try self.message("2.5", any) == nil)
        #expect(try self.message("1e-1", any) == nil)
        for text in ["2.6", "-1", "nan", "inf", "0x1", "'1'"] {
            #expect(try self.message(text, any) != nil, "\(text)")
        }
    }

    @Test func durationsHaveUnits() throws {
        let time: (YAMLNode) throws(YAMLError) -> Void = { (node) throws(YAMLError) in
            _ = try node.duration(.seconds(1) ... .seconds(60))
        }
        #expect(try self.message("1m", time) == nil)
        for text in ["30", "2m", "1x", "[]"] { #expect(try self.message(text, time) != nil, "\(text)") }
    }

    @Test func unknownKeysAreNamedWithTheNearest() throws {
        let node = try self.read("modle: 1\nzzzzzzzz: 2\nmodel: 3\n")
        #expect(
            node.unknownKeys(allowed: ["model", "build"]).map(\.description) == [
                "f.yaml:1:1: unknown key 'modle'; did you mean 'model'?", "f.yaml:2:1: unknown key 'zzzzzzzz'",
            ]
        )
    }

    @Test func aValueMayStandForAListOfOne() throws {
        #expect(try #require(try self.read("a: x")["a"]).elementsOrSelf().map { try $0.text() } == ["x"])
        #expect(try #require(try self.read("a: [x, y]")["a"]).elementsOrSelf().count == 2)
        #expect(throws: YAMLError.self) { try #require(try self.read("a: {x: 1}")["a"]).elementsOrSelf() }
        #expect(try #require(try self.read("a: 3.10")["a"]).text() == "3.10")
    }

    @Test func messagesShowNoControlCharactersAndEnd() throws {
        let node = try self.read("a: \"\\e[31m\(String(repeating: "x", count: 300))\"")
        let error = #expect(throws: YAMLError.self) { try node["a"]?.boolean() }
        #expect(error?.message.contains("\u{1B}") == false)
        #expect((error?.message.count ?? 0) < 160)
    }
}
