// SPDX-License-Identifier: Apache-2.0

/// A command of a program: a group of further commands, or something that runs.
///
/// Plain data, from which parsing, help, shell completion and the reference page all come.
package struct Command: Sendable {
    /// What a command does once it is parsed.
    ///
    /// It returns its status, or throws: `UsageError` for what parsing could not know, `OutputClosed` from writing, and
    /// anything else for a failure, which is printed by its description.
    package typealias Body = @Sendable (Invocation, Output) async throws -> ExitStatus

    /// A command line to learn from.
    package struct Example: Sendable {
        /// What it does.
        package let text: String
        /// The line as typed.
        package let line: String

        /// Creates an example.
        package init(_ text: String, _ line: String) {
            self.text = text
            self.line = line
        }
    }

    /// What options have to do with each other.
    package enum Rule: Sendable, Equatable {
        /// At most one of these may be given.
        case atMostOne([String])
        /// At least one of these must be given.
        case atLeastOne([String])
        /// Exactly one of these must be given.
        case exactlyOne([String])
        /// Where the first is given, the second must be.
        case requires(String, String)
    }

    /// The name as typed.
    package let name: String
    /// What it does, in one line without a full stop.
    package let summary: String
    /// Paragraphs for its help, separated by empty lines.
    package let discussion: String
    /// Its options; those of a group hold for all commands below it, before or after their names.
    package let options: [Option]
    /// Its arguments, in order.
    package let arguments: [Argument]
    /// What options have to do with each other.
    package let rules: [Rule]
    /// Command lines to learn from.
    package let examples: [Example]
    /// The exit statuses of its own, beside success, failure and usage.
    package let exitStatuses: [ExitStatus]
    /// The commands below it.
    package let subcommands: [Command]
    /// What it does; `nil` for a group.
    package let body: Body?

    /// Declares a command that runs.
    package init(
        _ name: String,
        summary: String,
        discussion: String = "",
        options: [Option] = [],
        arguments: [Argument] = [],
        rules: [Rule] = [],
        examples: [Example] = [],
        exitStatuses: [ExitStatus] = [],
        body: @escaping Body
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.options = options
        self.arguments = arguments
        self.rules = rules
        self.examples = examples
        self.exitStatuses = exitStatuses
        self.subcommands = []
        self.body = body
    }

    /// Declares a group of commands.
    package init(
        group name: String,
        summary: String,
        discussion: String = "",
        options: [Option] = [],
        examples: [Example] = [],
        subcommands: [Command]
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.options = options
        self.arguments = []
        self.rules = []
        self.examples = examples
        self.exitStatuses = []
        self.subcommands = subcommands
        self.body = nil
    }
}

/// A command with the groups above it, the program first.
struct CommandPath: Sendable {
    let commands: [Command]

    init(root: Command) { self.commands = [root] }

    private init(commands: [Command]) { self.commands = commands }

    /// Never empty: made from a root, and only added to.
    var last: Command { self.commands[self.commands.count - 1] }
    var isRoot: Bool { self.commands.count == 1 }
    var names: [String] { self.commands.map(\.name) }
    var text: String { self.names.joined(separator: " ") }

    func appending(_ command: Command) -> CommandPath { CommandPath(commands: self.commands + [command]) }

    /// The options of the command itself, `--help` (and for the program `--version`) included.
    var ownOptions: [Option] { self.last.options + [.help] + (self.isRoot ? [.version] : []) }
    /// The options that come from the groups above.
    var inheritedOptions: [Option] { self.commands.dropLast().flatMap(\.options) }
    var allOptions: [Option] { self.ownOptions + self.inheritedOptions }

    /// This command and every one below it, depth first.
    var descendants: [CommandPath] {
        [self] + self.last.subcommands.flatMap { self.appending($0).descendants }
    }
}
