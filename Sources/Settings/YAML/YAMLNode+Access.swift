// SPDX-License-Identifier: Apache-2.0

import Notation

/// How readers of a file take values; each error names the place and what is allowed.
extension YAMLNode {
    /// The value of a key of a mapping; `nil` without it, and for anything but a mapping.
    package subscript(key: String) -> YAMLNode? {
        guard case .mapping(let entries) = self.content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// Returns the entries of a mapping; none of a value that is empty.
    ///
    /// - Throws: `YAMLError` for a list or a single value.
    package func entries() throws(YAMLError) -> [Entry] {
        if case .mapping(let entries) = self.content { return entries }
        guard self.isNull else { throw self.wrongType("a section of keys") }
        return []
    }

    /// Returns an error for each key that is not among the allowed ones.
    ///
    /// - Parameter allowed: The keys that may stand here.
    /// - Returns: The errors in the order of the file, each with the nearest allowed key.
    package func unknownKeys(allowed: [String]) -> [YAMLError] {
        guard case .mapping(let entries) = self.content else { return [] }
        return entries.filter { !allowed.contains($0.key) }.map { entry in
            let suggestion = Spelling.nearest(to: entry.key, among: allowed)
            return YAMLError(.unknownKey(entry.key, suggestion: suggestion), at: entry.position)
        }
    }

    /// Returns the elements of a list; none of a value that is empty.
    ///
    /// - Throws: `YAMLError` for a mapping or a single value.
    package func elements() throws(YAMLError) -> [YAMLNode] {
        if case .sequence(let elements) = self.content { return elements }
        guard self.isNull else { throw self.wrongType("a list") }
        return []
    }

    /// Returns the elements of a list, or a single value as a list of one.
    ///
    /// - Throws: `YAMLError` for a mapping.
    package func elementsOrSelf() throws(YAMLError) -> [YAMLNode] {
        switch self.content {
        case .sequence(let elements): return elements
        case .scalar: return self.isNull ? [] : [self]
        case .mapping: throw self.wrongType("a single value or a list")
        }
    }

    /// Returns a text; quotes don't matter, so `3.10` is the text "3.10".
    ///
    /// - Throws: `YAMLError` for a list, a mapping, and where nothing is there.
    package func text() throws(YAMLError) -> String {
        guard case .scalar(let text, _) = self.content, !self.isNull else { throw self.wrongType("a text") }
        return text
    }

    /// Returns one of a few words.
    ///
    /// - Throws: `YAMLError` for anything else.
    package func choice(_ words: [String]) throws(YAMLError) -> String {
        guard case .scalar(let text, _) = self.content, words.contains(text) else {
            throw self.wrongType("one of " + words.joined(separator: ", "))
        }
        return text
    }

    /// Returns `true` or `false`, written without quotes.
    ///
    /// - Throws: `YAMLError` for anything else, `yes` and `on` included.
    package func boolean() throws(YAMLError) -> Bool {
        switch self.content {
        case .scalar("true", isPlain: true): return true
        case .scalar("false", isPlain: true): return false
        default: throw self.wrongType("true or false")
        }
    }

    /// Returns a whole number, written without quotes.
    ///
    /// - Throws: `YAMLError` for anything else and outside the range.
    package func integer(_ range: ClosedRange<Int>) throws(YAMLError) -> Int {
        guard case .scalar(let text, isPlain: true) = self.content, let number = Int(text), range.contains(number)
        else { throw self.wrongType(SettingType.integer(range).expectation) }
        return number
    }

    /// Returns a number, written without quotes.
    ///
    /// - Throws: `YAMLError` for anything else and outside the range.
    package func number(_ range: ClosedRange<Double>) throws(YAMLError) -> Double {
        guard case .scalar(let text, isPlain: true) = self.content, let number = SettingType.decimal(text),
            range.contains(number)
        else { throw self.wrongType(SettingType.number(range).expectation) }
        return number
    }

    /// Returns a duration such as `30s`.
    ///
    /// - Throws: `YAMLError` for anything else and outside the range.
    package func duration(_ range: ClosedRange<Duration>) throws(YAMLError) -> Duration {
        guard case .scalar(let text, _) = self.content, let duration = Duration(notation: text),
            range.contains(duration)
        else { throw self.wrongType(SettingType.duration(range).expectation) }
        return duration
    }
}
