// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// A whole program: its commands, and what they all have in common.
///
/// To the commands given it adds `help` and `completion`, and `--help` and `--version` as options.
package struct CommandTable: Sendable {
    /// The program with its commands.
    package let root: Command
    private let version: @Sendable () -> String

    /// Declares a program.
    ///
    /// A defect in the table (two options of one name in reach of a command, a default that its type refuses, and the
    /// like) traps here, so that any test that makes the table finds it.
    ///
    /// - Parameters:
    ///   - name: The name as typed.
    ///   - summary: What it does, in one line.
    ///   - discussion: Paragraphs for its help.
    ///   - version: Returns what `--version` shows, one line or more.
    ///   - options: Options of all commands.
    ///   - examples: Command lines to learn from.
    ///   - commands: The commands.
    ///   - tables: What ends the reference.
    package init(
        name: String,
        summary: String,
        discussion: String = "",
        version: @escaping @Sendable () -> String,
        options: [Option] = [],
        examples: [Command.Example] = [],
        commands: [Command],
        tables: [ReferenceTable] = []
    ) {
        func root(_ commands: [Command]) -> Command {
            Command(
                group: name,
                summary: summary,
                discussion: discussion,
                options: options,
                examples: examples,
                subcommands: commands
            )
        }
        let placeholder: Command.Body = { _, _ in .success }
        // The two added commands need the whole table, themselves included: once for its shape, once to run.
        let shape = root(
            commands + [
                Command.help(body: placeholder),
                Command.completion(program: name, body: placeholder),
            ]
        )
        self.root = root(
            commands + [
                Command.help { try await Command.runHelp(shape, tables, $0, $1) },
                Command.completion(program: name) { try await Command.runCompletion(shape, $0, $1) },
            ]
        )
        self.version = version
        self.root.checkDeclarations(inherited: [])
    }

    /// Parses a command line and runs the command.
    ///
    /// - Parameters:
    ///   - words: The command line without the program's name.
    ///   - environment: The process's environment.
    ///   - output: Where to write.
    /// - Returns: The exit status; every error was written to standard error.
    package func run(_ words: [String], environment: [String: String], output: Output) async -> ExitStatus {
        do {
            var parser = CommandParser(root: self.root, words: words, environment: environment)
            switch try parser.parse() {
            case .version:
                try output.writeLine(self.version())
                return .success
            case .help(let path):
                try output.write(
                    HelpPage(path: path, width: output.width, allowsColour: output.style.allowsColour).text
                )
                return .success
            case .run(let path, let invocation):
                return try await self.run(path, invocation, output)
            }
        } catch {
            return self.report(error, output)
        }
    }

    private func run(_ path: CommandPath, _ invocation: Invocation, _ output: Output) async throws -> ExitStatus {
        guard let body = path.last.body else { preconditionFailure("the parser ran a group") }
        do {
            return try await body(invocation, output)
        } catch var error as UsageError {
            if error.commandPath.isEmpty { error.commandPath = path.names }
            throw error
        }
    }

    private func report(_ error: any Error, _ output: Output) -> ExitStatus {
        switch error {
        case let closed as OutputClosed:
            guard let reason = closed.reason else { return .outputClosed }
            output.writeErrorLine("\(self.root.name): the output can't be written: \(reason)")
            return .failure
        case is CancellationError:
            return .interrupted
        case let error as UsageError:
            let command = error.commandPath.isEmpty ? self.root.name : error.commandPath.joined(separator: " ")
            output.writeErrorLine("\(command): \(error)")
            output.writeErrorLine("Try '\(command) --help'.")
            return error.exitStatus
        case let error as any ExitStatusError:
            output.writeErrorLine("\(self.root.name): \(error)")
            return error.exitStatus
        default:
            output.writeErrorLine("\(self.root.name): \(error)")
            return .failure
        }
    }

    /// Runs the program as this process and ends it.
    ///
    /// From here on a closed pipe is an error of the write, no longer a signal that ends the process.
    package func runProcess() async -> Never {
        signal(SIGPIPE, SIG_IGN)
        let environment = ProcessInfo.processInfo.environment
        let words = Array(CommandLine.arguments.dropFirst())
        let status = await self.run(words, environment: environment, output: .standard(environment: environment))
        exit(Int32(status.code))
    }
}

extension Command {
    /// Traps on a table that cannot work.
    fileprivate func checkDeclarations(inherited: [Option]) {
        let reachable = inherited + self.options
        let names = reachable.map(\.name) + ["help", "version"] + self.arguments.map(\.name)
        precondition(Set(names).count == names.count, "\(self.name): a name is declared twice in \(names)")
        let letters = reachable.compactMap(\.short) + ["h"]
        precondition(Set(letters).count == letters.count, "\(self.name): a letter is declared twice in \(letters)")
        for option in self.options {
            let isValid = option.defaultValue.map(option.valueType.accepts) ?? true
            precondition(
                isValid,
                "\(self.name): the default of --\(option.name) is not \(option.valueType.expectation)"
            )
            precondition(option.takesValue || !option.isRepeatable, "\(self.name): --\(option.name) is a flag")
        }
        for (argument, next) in zip(self.arguments, self.arguments.dropFirst()) {
            precondition(!argument.isRepeatable, "\(self.name): only the last argument may be repeatable")
            precondition(argument.isRequired || !next.isRequired, "\(self.name): a required argument after an optional")
        }
        for name in self.rules.flatMap(\.optionNames) {
            precondition(reachable.contains { $0.name == name }, "\(self.name): a rule about unknown --\(name)")
        }
        for command in self.subcommands { command.checkDeclarations(inherited: reachable) }
    }
}

extension Command.Rule {
    fileprivate var optionNames: [String] {
        switch self {
        case .atMostOne(let names), .atLeastOne(let names), .exactlyOne(let names): names
        case .requires(let first, let second): [first, second]
        }
    }
}
