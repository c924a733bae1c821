// SPDX-License-Identifier: Apache-2.0

/// Writes the completion scripts of a program, from the table.
///
/// A script holds all it needs and does not start the program. In each shell it walks over the words before the cursor
/// to find the command, skipping the values of options, and then offers what that command accepts.
struct CompletionScript {
    /// A shell that can complete.
    enum Shell: String, CaseIterable, Sendable {
        case bash
        case zsh
        case fish
    }

    /// What one command accepts.
    struct Node {
        /// The names below the program, separated by spaces; empty for the program itself.
        let key: String
        let subcommands: [Command]
        let options: [Option]
        let arguments: [Argument]

        init(_ path: CommandPath) {
            self.key = path.names.dropFirst().joined(separator: " ")
            self.subcommands = path.last.subcommands
            self.options = path.allOptions
            self.arguments = path.last.arguments
        }
    }

    let program: String
    let nodes: [Node]

    init(root: Command) {
        self.program = root.name
        self.nodes = CommandPath(root: root).descendants.map { Node($0) }
    }

    /// The name of the shell function: the program's, with what is no letter or digit as an underscore.
    var functionName: String {
        "_" + String(self.program.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    /// Returns the script for a shell, its last line feed included.
    func text(for shell: Shell) -> String {
        let lines =
            switch shell {
            case .bash: self.bash
            case .zsh: self.zsh
            case .fish: self.fish
            }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The `case` patterns that tell, from `COMMAND:OPTION`, that the next word is the option's value.
    var valueOptionPatterns: [String] {
        // The first is a word that never occurs: shells want at least one pattern.
        ["'-'"]
            + self.nodes.flatMap { node in
                node.options.filter(\.takesValue).flatMap(\.spellings).map { "'\(node.key):\($0)'" }
            }
    }

    /// The `case` patterns that tell, from `COMMAND:WORD`, that the word is a command below.
    var subcommandPatterns: [String] {
        self.nodes.flatMap { node in node.subcommands.map { "'\(node.key):\($0.name)'" } }
    }
}

extension Option {
    /// Every way to type the option itself: `--name`, `--no-name`, `-n`.
    var spellings: [String] {
        ["--\(self.name)"] + (self.isNegatable ? ["--no-\(self.name)"] : []) + (self.short.map { ["-\($0)"] } ?? [])
    }
}

extension ValueType {
    /// The words that need no quoting in any of the shells; others are left to the user.
    var plainWords: [String] {
        self.words.filter { word in
            word.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "+"): true
                default: false
                }
            }
        }
    }
}
