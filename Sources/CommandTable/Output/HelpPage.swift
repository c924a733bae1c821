// SPDX-License-Identifier: Apache-2.0

/// The help of one command, from the table.
struct HelpPage {
    let path: CommandPath
    /// Columns; lines are broken at most here.
    let width: Int
    let allowsColour: Bool

    private var command: Command { self.path.last }

    /// The page, its last line feed included.
    var text: String {
        var blocks: [[String]] = [["\(self.path.text): \(self.command.summary)"]]
        blocks.append([self.heading("Usage"), "  " + HelpPage.usage(of: self.path)])
        if !self.command.discussion.isEmpty {
            blocks.append(Wording.wrap(self.command.discussion, width: self.textWidth))
        }
        self.append("Commands", self.command.subcommands.map { ($0.name, $0.summary) }, to: &blocks)
        self.append("Arguments", self.command.arguments.map { ($0.placeholder, HelpPage.text(of: $0)) }, to: &blocks)
        self.append("Options", self.path.ownOptions.map { (HelpPage.term(of: $0), HelpPage.text(of: $0)) }, to: &blocks)
        let inherited = self.path.inheritedOptions.map { (HelpPage.term(of: $0), HelpPage.text(of: $0)) }
        self.append("Options of all commands", inherited, to: &blocks)
        let rules = self.command.rules.map { HelpPage.text(of: $0) }
        if !rules.isEmpty {
            blocks.append([self.heading("Rules")] + rules.flatMap { self.indented($0) })
        }
        if !self.command.examples.isEmpty {
            let lines = self.command.examples.flatMap { self.indented("# " + $0.text) + ["  \($0.line)", ""] }
            blocks.append([self.heading("Examples")] + lines.dropLast())
        }
        if self.command.body != nil {
            let statuses = HelpPage.exitStatuses(of: self.command)
            self.append("Exit status", statuses.map { (String($0.code), $0.meaning) }, to: &blocks)
        } else {
            blocks.append(["Help for one command: \(self.path.text) COMMAND --help"])
        }
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    /// Very wide lines are hard to read, very narrow ones leave no room.
    private var textWidth: Int { min(max(self.width, 40), 100) }

    private func heading(_ text: String) -> String { self.allowsColour ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

    private func indented(_ text: String) -> [String] {
        Wording.wrap(text, width: self.textWidth - 2).map { "  " + $0 }
    }

    /// Appends a heading and two columns; a term that is too wide for the first gets a line of its own.
    private func append(_ title: String, _ rows: [(term: String, text: String)], to blocks: inout [[String]]) {
        guard !rows.isEmpty else { return }
        let column = min(rows.map(\.term.count).max() ?? 0, self.textWidth / 3) + 4
        var lines = [self.heading(title)]
        for row in rows {
            var texts = Wording.wrap(row.text, width: self.textWidth - column)[...]
            if row.term.count + 4 <= column, let first = texts.popFirst() {
                lines.append("  " + Wording.padded(row.term, to: column - 2) + first)
            } else {
                lines.append("  " + row.term)
            }
            lines += texts.map { String(repeating: " ", count: column) + $0 }
        }
        blocks.append(lines)
    }
}

extension HelpPage {
    /// The line that shows how a command is typed.
    static func usage(of path: CommandPath) -> String {
        var parts = [path.text]
        let required = path.last.options.filter(\.isRequired)
        parts += required.map { option in
            switch option.kind {
            case .flag: "--\(option.name)"
            case .value(let placeholder, _): "--\(option.name) \(placeholder)"
            }
        }
        parts.append("[OPTIONS]")
        if path.last.body == nil { parts.append("COMMAND") }
        parts += path.last.arguments.map { $0.isRequired ? $0.placeholder : "[\($0.placeholder)]" }
        return parts.joined(separator: " ")
    }

    /// How an option is typed: `-c, --config FILE`, `    --[no-]colour`.
    static func term(of option: Option) -> String {
        let short = option.short.map { "-\($0), " } ?? "    "
        switch option.kind {
        case .flag(let isNegatable): return "\(short)--\(isNegatable ? "[no-]" : "")\(option.name)"
        case .value(let placeholder, _): return "\(short)--\(option.name) \(placeholder)"
        }
    }

    /// The help of an option, and in brackets what is allowed, the default and the environment variable.
    static func text(of option: Option) -> String {
        var notes: [String] = []
        if option.takesValue, option.valueType.needsExplanation { notes.append(option.valueType.expectation) }
        if option.isRequired { notes.append("required") }
        if option.isRepeatable { notes.append("may be repeated") }
        if let value = option.defaultValue, option.takesValue || value == "true" { notes.append("default: \(value)") }
        if let variable = option.environment { notes.append("environment: \(variable)") }
        return notes.isEmpty ? option.help : "\(option.help) [\(notes.joined(separator: "; "))]"
    }

    static func text(of argument: Argument) -> String {
        argument.type.needsExplanation ? "\(argument.help) [\(argument.type.expectation)]" : argument.help
    }

    static func text(of rule: Command.Rule) -> String {
        func options(_ names: [String], _ conjunction: String) -> String {
            Wording.list(names.map { "--\($0)" }, conjunction)
        }
        return switch rule {
        case .atMostOne(let names): "At most one of \(options(names, "or")) may be given."
        case .atLeastOne(let names): "At least one of \(options(names, "or")) must be given."
        case .exactlyOne(let names): "Exactly one of \(options(names, "or")) must be given."
        case .requires(let first, let second): "--\(first) needs --\(second)."
        }
    }

    /// What every command can end with, and what this one adds, by code.
    static func exitStatuses(of command: Command) -> [ExitStatus] {
        ([.success, .failure, .usage] + command.exitStatuses)
            .reduce(into: [UInt8: ExitStatus]()) { $0[$1.code] = $1 }
            .values.sorted { $0.code < $1.code }
    }
}

extension ValueType {
    /// Whether help must say what is allowed, the placeholder not being enough.
    fileprivate var needsExplanation: Bool {
        switch self {
        case .text, .file, .directory, .address: false
        case .integer(let range): range != Int.min...Int.max
        case .number(let range): range.lowerBound > -Double.greatestFiniteMagnitude
        case .duration, .byteCount, .choice: true
        }
    }
}
