// SPDX-License-Identifier: Apache-2.0

import Notation

/// The commands that every table gets.
extension Command {
    static func help(body: @escaping Body) -> Command {
        Command(
            "help",
            summary: "Show the help of the program or of a command",
            options: [
                Option("markdown", .flag(), help: "Print the reference of all commands in Markdown.")
            ],
            arguments: [
                Argument(
                    "command",
                    .text,
                    help: "The command, with the groups above it.",
                    isRequired: false,
                    isRepeatable: true
                )
            ],
            body: body
        )
    }

    static func completion(program: String, body: @escaping Body) -> Command {
        Command(
            "completion",
            summary: "Print the completion script of a shell",
            discussion: "The script completes commands, options and the values that are known beforehand.",
            arguments: [
                Argument("shell", .choice(CompletionScript.Shell.allCases.map(\.rawValue)), help: "The shell.")
            ],
            examples: [
                Example("bash, for this session:", "source <(\(program) completion bash)"),
                Example("zsh, for good:", "\(program) completion zsh > \"${fpath[1]}/_\(program)\""),
                Example("fish, for good:", "\(program) completion fish > ~/.config/fish/completions/\(program).fish"),
            ],
            body: body
        )
    }

    static func runHelp(
        _ root: Command,
        _ tables: [ReferenceTable],
        _ invocation: Invocation,
        _ output: Output
    ) async throws -> ExitStatus {
        guard !invocation.flag("markdown") else {
            try output.write(MarkdownReference(root: root, tables: tables).text)
            return .success
        }
        var path = CommandPath(root: root)
        for name in invocation.texts("command") {
            guard let command = path.last.subcommands.first(where: { $0.name == name }) else {
                let suggestion = Spelling.nearest(to: name, among: path.last.subcommands.map(\.name))
                throw UsageError("unknown command '\(name)'", suggestion: suggestion, commandPath: path.names)
            }
            path = path.appending(command)
        }
        try output.write(HelpPage(path: path, width: output.width, allowsColour: output.style.allowsColour).text)
        return .success
    }

    static func runCompletion(_ root: Command, _ invocation: Invocation, _ output: Output) async throws -> ExitStatus {
        guard let shell = invocation.text("shell").flatMap(CompletionScript.Shell.init) else {
            throw UsageError("missing SHELL")
        }
        try output.write(CompletionScript(root: root).text(for: shell))
        return .success
    }
}
