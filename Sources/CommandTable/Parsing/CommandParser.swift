// SPDX-License-Identifier: Apache-2.0

import Notation

/// Turns the words of a command line into an invocation.
///
/// Understood are `--name value`, `--name=value`, `--no-name` for negatable flags, `-n value`, `-nvalue`, `-abc` for
/// flags, and `--`, after which every word is an argument. A value may not begin with a dash unless it is written with
/// `=`, is a lone `-`, or is a negative number: an option whose value was forgotten must not swallow the next option.
struct CommandParser {
    /// What a command line asks for.
    enum Request: Sendable {
        case run(CommandPath, Invocation)
        case help(CommandPath)
        case version
    }

    private var path: CommandPath
    private let environment: [String: String]
    private var rest: ArraySlice<String>
    private var given: [String: [String]] = [:]
    private var arguments: [String] = []

    init(root: Command, words: [String], environment: [String: String]) {
        self.path = CommandPath(root: root)
        self.rest = words[...]
        self.environment = environment
    }

    /// Reads all words.
    mutating func parse() throws(UsageError) -> Request {
        while let word = self.rest.popFirst() {
            if word == "--" {
                for word in self.rest { try self.take(argument: word) }
                self.rest = []
            } else if word.hasPrefix("--") {
                try self.takeLong(word.dropFirst(2))
            } else if word.hasPrefix("-"), word != "-", !CommandParser.isNegative(word) {
                try self.takeShort(word.dropFirst())
            } else {
                try self.take(argument: word)
            }
            // Help wins over whatever else is wrong further on.
            if self.given[Option.help.name] != nil { return .help(self.path) }
            if self.path.isRoot, self.given[Option.version.name] != nil { return .version }
        }
        guard self.path.last.body != nil else {
            throw self.error(
                "missing command; one of \(self.path.last.subcommands.map(\.name).joined(separator: ", "))"
            )
        }
        return .run(self.path, try self.invocation())
    }

    private func error(_ message: String, suggestion: String? = nil) -> UsageError {
        UsageError(message, suggestion: suggestion, commandPath: self.path.names)
    }

    /// Whether a word is a value with a minus sign, such as `-2h` or `-.5`: no option begins with a digit.
    private static func isNegative(_ word: String) -> Bool {
        word.hasPrefix("-") && (word.dropFirst().first?.isNumber == true || Double(word) != nil)
    }

    private mutating func take(argument word: String) throws(UsageError) {
        let command = self.path.last
        guard command.body == nil else {
            self.arguments.append(word)
            return
        }
        guard let subcommand = command.subcommands.first(where: { $0.name == word }) else {
            let suggestion = Spelling.nearest(to: word, among: command.subcommands.map(\.name))
            throw self.error("unknown command '\(word)'", suggestion: suggestion)
        }
        self.path = self.path.appending(subcommand)
    }

    private mutating func takeLong(_ word: Substring) throws(UsageError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let attached = parts.count == 2 ? String(parts[1]) : nil
        let options = self.path.allOptions
        if let option = options.first(where: { $0.name == name }) {
            try self.take(option, as: "--\(name)", attached: attached)
        } else if let option = options.first(where: { $0.isNegatable && "no-\($0.name)" == name }) {
            guard attached == nil else { throw self.error("option '--\(name)' takes no value") }
            self.given[option.name, default: []].append("false")
        } else {
            let names = options.flatMap { $0.isNegatable ? [$0.name, "no-\($0.name)"] : [$0.name] }
            let suggestion = Spelling.nearest(to: name, among: names).map { "--\($0)" }
            throw self.error("unknown option '--\(name)'", suggestion: suggestion ?? self.ownerSuggestion(name))
        }
    }

    /// An option that exists, but for another command, deserves a better answer than "unknown".
    private func ownerSuggestion(_ name: String) -> String? {
        guard self.path.last.body == nil else { return nil }
        let owner = self.path.descendants.first { $0.last.options.contains { $0.name == name } }
        return owner.map { "\($0.text) --\(name)" }
    }

    private mutating func takeShort(_ word: Substring) throws(UsageError) {
        var letters = word
        while let letter = letters.popFirst() {
            guard let option = self.path.allOptions.first(where: { $0.short == letter }) else {
                throw self.error("unknown option '-\(letter)'")
            }
            guard option.takesValue else {
                try self.take(option, as: "-\(letter)", attached: nil)
                continue
            }
            try self.take(option, as: "-\(letter)", attached: letters.isEmpty ? nil : String(letters))
            return
        }
    }

    private mutating func take(_ option: Option, as spelling: String, attached: String?) throws(UsageError) {
        guard option.takesValue else {
            guard attached == nil else { throw self.error("option '\(spelling)' takes no value") }
            self.given[option.name, default: []].append("true")
            return
        }
        let value: String
        if let attached {
            value = attached
        } else if let next = self.rest.first, !next.hasPrefix("-") || next == "-" || Self.isNegative(next) {
            value = next
            self.rest.removeFirst()
        } else {
            throw self.error("option '\(spelling)' needs a value: \(option.valueType.expectation)")
        }
        try self.check(value, option.valueType, of: "option '\(spelling)'")
        guard option.isRepeatable || self.given[option.name] == nil else {
            throw self.error("option '\(spelling)' is given twice")
        }
        self.given[option.name, default: []].append(value)
    }

    private func check(_ value: String, _ type: ValueType, of subject: String) throws(UsageError) {
        guard !type.accepts(value) else { return }
        let suggestion = Spelling.nearest(to: value, among: type.words)
        throw self.error("\(subject) must be \(type.expectation), not '\(value)'", suggestion: suggestion)
    }
}

extension CommandParser {
    /// Fills in environment and defaults, and checks what must be given.
    private func invocation() throws(UsageError) -> Invocation {
        var values: [String: Invocation.Values] = [:]
        var missing: [String] = []
        for option in self.path.last.options + self.path.inheritedOptions {
            values[option.name] = try self.values(of: option)
            if option.isRequired, values[option.name]?.source == .absent { missing.append("--\(option.name)") }
        }
        var words = self.arguments[...]
        for argument in self.path.last.arguments {
            let taken = argument.isRepeatable ? words : words.prefix(1)
            words = words.dropFirst(taken.count)
            for word in taken { try self.check(word, argument.type, of: "argument \(argument.placeholder)") }
            if argument.isRequired, taken.isEmpty { missing.append(argument.placeholder) }
            values[argument.name] = Invocation.Values(
                texts: Array(taken),
                source: taken.isEmpty ? .absent : .commandLine
            )
        }
        if let word = words.first { throw self.error("unexpected argument '\(word)'") }
        guard missing.isEmpty else { throw self.error("missing \(missing.joined(separator: ", "))") }
        let invocation = Invocation(commandPath: self.path.names, environment: self.environment, values: values)
        for rule in self.path.last.rules { try self.check(rule, of: invocation) }
        return invocation
    }

    private func values(of option: Option) throws(UsageError) -> Invocation.Values {
        if let texts = self.given[option.name] { return Invocation.Values(texts: texts, source: .commandLine) }
        if let variable = option.environment, let text = self.environment[variable], !text.isEmpty {
            let texts = option.isRepeatable ? text.split(separator: ",").map(String.init) : [text]
            for text in texts where option.takesValue {
                try self.check(text, option.valueType, of: "environment variable \(variable)")
            }
            guard !option.takesValue else { return Invocation.Values(texts: texts, source: .environment(variable)) }
            guard let flag = Self.flag(text) else {
                throw self.error("environment variable \(variable) must be true or false, not '\(text)'")
            }
            return Invocation.Values(texts: [flag ? "true" : "false"], source: .environment(variable))
        }
        guard let text = option.defaultValue else { return Invocation.Values(texts: [], source: .absent) }
        return Invocation.Values(texts: [text], source: .defaultValue)
    }

    private static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "1", "true", "yes", "on": true
        case "0", "false", "no", "off": false
        default: nil
        }
    }

    private func check(_ rule: Command.Rule, of invocation: Invocation) throws(UsageError) {
        func given(_ names: [String]) -> [String] { names.filter { invocation.isGiven($0) }.map { "--\($0)" } }
        switch rule {
        case .atMostOne(let names):
            let given = given(names)
            guard given.count <= 1 else { throw self.error("\(Wording.list(given, "and")) exclude each other") }
        case .atLeastOne(let names):
            guard !given(names).isEmpty else {
                throw self.error("at least one of \(Wording.list(names.map { "--\($0)" }, "or")) must be given")
            }
        case .exactlyOne(let names):
            let given = given(names)
            guard given.count <= 1 else { throw self.error("\(Wording.list(given, "and")) exclude each other") }
            guard given.count == 1 else {
                throw self.error("one of \(Wording.list(names.map { "--\($0)" }, "or")) must be given")
            }
        case .requires(let first, let second):
            guard !invocation.isGiven(first) || invocation.isGiven(second) else {
                throw self.error("--\(first) needs --\(second)")
            }
        }
    }
}
