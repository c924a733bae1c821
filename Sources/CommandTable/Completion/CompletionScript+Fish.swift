// SPDX-License-Identifier: Apache-2.0

extension CompletionScript {
    /// For fish 3 or newer.
    var fish: [String] {
        let walk = """
            # Completion of \(self.program) for fish, printed by '\(self.program) completion fish'.
            function _\(self.functionName)_at --argument-names command first last
                set -l at ''
                set -l wants ''
                set -l only_arguments ''
                set -l position 0
                for word in (commandline -opc)[2..-1]
                    if test -n "$wants"
                        set wants ''
                        continue
                    end
                    if test -z "$only_arguments"; and string match -q -- '-*' $word
                        test "$word" = '--'; and set only_arguments 1
                        switch "$at:$word"
                            case \(self.valueOptionPatterns.joined(separator: " "))
                                set wants $word
                        end
                        continue
                    end
                    switch "$at:$word"
                        case \(self.subcommandPatterns.joined(separator: " "))
                            set at (string trim "$at $word")
                        case '*'
                            set position (math $position + 1)
                    end
                end
                test "$at" = "$command"; or return 1
                test -z "$first"; or test $position -ge $first -a $position -le $last
            end
            complete -c \(self.program) -f
            """
        return walk.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            + self.nodes.flatMap { self.fishLines(of: $0) }
    }

    private func fishLines(of node: Node) -> [String] {
        let start = "complete -c \(self.program) -n '_\(self.functionName)_at \"\(node.key)\"'"
        var lines = node.subcommands.map { "\(start) -a \($0.name) -d \(Self.fishQuoted($0.summary))" }
        for option in node.options {
            let short = option.short.map { " -s \($0)" } ?? ""
            let help = " -d \(Self.fishQuoted(option.help))"
            lines.append("\(start) -l \(option.name)\(short)\(Self.fishArguments(of: option))\(help)")
            if option.isNegatable { lines.append("\(start) -l no-\(option.name)\(help)") }
        }
        for (index, argument) in node.arguments.enumerated() {
            let places = "\(index) \(argument.isRepeatable ? 9999 : index)"
            let start = "complete -c \(self.program) -n '_\(self.functionName)_at \"\(node.key)\" \(places)'"
            switch argument.type {
            case .file, .directory: lines.append("\(start) -F")
            case .choice: lines.append("\(start) -a '\(argument.type.plainWords.joined(separator: " "))'")
            case .text, .integer, .number, .duration, .byteCount, .address: break
            }
        }
        return lines
    }

    private static func fishArguments(of option: Option) -> String {
        guard option.takesValue else { return "" }
        return switch option.valueType {
        case .file: " -r -F"
        case .directory: " -x -a '(__fish_complete_directories)'"
        case .choice: " -x -a '\(option.valueType.plainWords.joined(separator: " "))'"
        case .text, .integer, .number, .duration, .byteCount, .address: " -x"
        }
    }

    private static func fishQuoted(_ text: String) -> String {
        var quoted = "'"
        for character in text {
            if character == "'" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted + "'"
    }
}
