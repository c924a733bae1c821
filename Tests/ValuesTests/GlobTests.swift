// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@Suite("Globs")
struct GlobTests {
    @Test(arguments: [
        ("*", "", true), ("*", "anything", true), ("", "", true), ("", "a", false), ("a", "a", true), ("a", "A", false),
        ("a*", "abc", true), ("*c", "abc", true), ("a*c", "abbc", true), ("a*c", "abb", false), ("a?c", "abc", true),
        ("a?c", "ac", false), ("?", "🚀", true), ("??", "🚀", false), ("*a*b*", "xxaxxbxx", true), ("**", "x", true),
        ("*.x", "a.b.x", true), ("é*", "école", true), ("[a]", "a", false), ("a*", "a/b", true), ("?", "/", true),
    ])
    func matchesNames(pattern: String, text: String, matches: Bool) {
        #expect(Glob(pattern).matches(text) == matches)
    }

    @Test(arguments: [
        ("**", "", true), ("**", "/api/v2/projects", true), ("*", "/api", false), ("*", "api", true),
        ("/api/*/projects", "/api/v2/projects", true), ("/api/*/projects", "/api/v2/x/projects", false),
        ("/api/**/projects", "/api/v2/x/projects", true), ("**/builds", "/api/v2/models/1/builds", true),
        ("**/builds", "/api/v2/models/1/builds/2", false), ("**/a*b/c", "/x/ab/ayb/c", true), ("**a*b", "a/ab", true),
        ("**a*b", "a/a/b", false), ("/a?b", "/a/b", false), ("/a?b", "/axb", true), ("***", "/a/b", true),
        ("/a*", "/a", true), ("/a/*", "/a/", true), ("*/b*/c", "a/bb/c", true), ("*/b*/c", "a/x/bb/c", false),
    ])
    func matchesPaths(pattern: String, text: String, matches: Bool) {
        #expect(Glob(pattern, for: .paths).matches(text) == matches)
    }

    /// The rules written down as they are said, at the price of a power for each star.
    private func plainly(_ pattern: Substring, _ text: Substring, isPath: Bool) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" {
            let rest = pattern.drop { $0 == "*" }
            let crosses = !isPath || pattern.count - rest.count > 1
            var text = text
            while true {
                if self.plainly(rest, text, isPath: isPath) { return true }
                guard let next = text.first, crosses || next != "/" else { return false }
                text = text.dropFirst()
            }
        }
        guard let next = text.first, first == next || first == "?" && !(isPath && next == "/") else { return false }
        return self.plainly(pattern.dropFirst(), text.dropFirst(), isPath: isPath)
    }

    @Test(arguments: [Glob.Kind.names, .paths])
    func agreesWithThePlainRules(kind: Glob.Kind) {
        var random = SeededGenerator(seed: 5)
        var hits = 0
        for _ in 0..<40_000 {
            let pattern = String((0..<Int.random(in: 0...8, using: &random)).map { _ in random.pick("ab/?***") })
            let text = String((0..<Int.random(in: 0...9, using: &random)).map { _ in random.pick("ab/") })
            let expected = self.plainly(pattern[...], text[...], isPath: kind == .paths)
            hits += expected ? 1 : 0
            #expect(Glob(pattern, for: kind).matches(text) == expected, "\(pattern) on \(text)")
        }
        #expect(hits > 1_000)
    }

    @Test(arguments: [Glob.Kind.names, .paths])
    func hostilePatternsEndInTime(kind: Glob.Kind) {
        let text = String(repeating: "a", count: 2000)
        #expect(!Glob(String(repeating: "a*", count: 500) + "b", for: kind).matches(text))
        #expect(!Glob(String(repeating: "a**", count: 500) + "b", for: kind).matches(text))
    }
}

extension SeededGenerator {
    fileprivate mutating func pick(_ characters: String) -> Character { characters.randomElement(using: &self) ?? "a" }
}
