// SPDX-License-Identifier: Apache-2.0

import Files
import Testing

@testable import Settings

/// The shipped `config/slipway.yaml` says of each key what the program goes by.
@Suite struct AnnotatedFileTests {
    /// A key of the file, commented out or not, with the line above it.
    private struct Entry {
        let annotation: String
        let value: String
    }

    private static let text: String = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        do throws(FileError) {
            let bytes = try FileReader.read("\(root)/config/slipway.yaml", maximumBytes: 1 << 20)
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            return "\(error)"
        }
    }()

    /// The keys by their paths.
    private static let entries: [String: Entry] = {
        var entries: [String: Entry] = [:]
        var section = ""
        var above = ""
        for line in text.split(separator: "\n") {
            if let found = line.wholeMatch(of: /([a-z]+):(?: #.*)?/) {
                section = "\(found.1)."
            } else if let found = line.wholeMatch(of: /( *)#?([A-Za-z][A-Za-z.]*): (.+)/) {
                let path = found.1.isEmpty ? String(found.2) : section + found.2
                entries[path] = Entry(annotation: above, value: String(found.3))
            }
            above = String(line.drop { $0 == " " })
        }
        return entries
    }()

    /// The line above a key: type, unit, range, default and variable.
    private static func annotation(of key: SettingKey) -> String {
        let words = [
            key.type.name, key.path.hasSuffix(".ms") ? "milliseconds" : "", key.type.rangeText,
            key.defaultText.map { "default \($0)" } ?? "no default",
        ]
        return "# \(words.filter { !$0.isEmpty }.joined(separator: ", ")); \(key.environmentName)"
    }

    @Test(arguments: SettingKey.all.filter { !$0.isSecret })
    func eachKeyIsToldWithWhatHoldsForIt(key: SettingKey) throws {
        let entry = try #require(Self.entries[key.path], "\(key.path) is not in the file")
        #expect(entry.annotation == Self.annotation(of: key))
        if let text = key.defaultText {
            #expect(entry.value == text)
        } else {
            #expect(key.accepts(entry.value), "the example is not allowed")
        }
    }

    @Test func noOtherKeyIsTold() {
        let known = Set(SettingKey.all.map(\.path)).union(["kafka.bootstrap.servers"])
        #expect(Set(Self.entries.keys).subtracting(known) == [])
    }

    @Test func whatIsSecretIsToldByItsVariable() {
        for key in SettingKey.all where key.isSecret { #expect(Self.text.contains(key.environmentName)) }
    }

    @Test func everyLineMayBeTakenIn() throws {
        let lines = Self.text.split(separator: "\n").map { line in
            line.firstMatch(of: /^( *)#([a-z][A-Za-z.]*: .+)/).map { "\($0.1)\($0.2)" } ?? String(line)
        }
        let settings = try SettingsFixture().load(lines.joined(separator: "\n"))
        for key in SettingKey.all where !key.isSecret {
            #expect(settings[key]?.source.description.hasPrefix("etc/s.yaml:") == true, "\(key.path)")
        }
    }
}
