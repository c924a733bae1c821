// SPDX-License-Identifier: Apache-2.0

extension CompletionScript {
    /// For bash 4 or newer; does not need the bash-completion package.
    var bash: [String] {
        """
        # Completion of \(self.program) for bash, printed by '\(self.program) completion bash'.
        \(self.functionName)() {
            local at="" wants="" only_arguments="" position=0 index word
            local current="${COMP_WORDS[COMP_CWORD]}" words="" kind=""
            COMPREPLY=()
            for ((index = 1; index < COMP_CWORD; index++)); do
                word="${COMP_WORDS[index]}"
                if [[ -n $wants ]]; then
                    # Readline takes --option=value apart at the equals sign.
                    [[ $word == "=" ]] || wants=""
                    continue
                fi
                if [[ -z $only_arguments && $word == -* ]]; then
                    [[ $word == "--" ]] && only_arguments=1
                    case "$at:$word" in
                        \(self.valueOptionPatterns.joined(separator: "|"))) wants="$word" ;;
                    esac
                    continue
                fi
                case "$at:$word" in
                    \(self.subcommandPatterns.joined(separator: "|"))) at="${at:+$at }$word" ;;
                    *) position=$((position + 1)) ;;
                esac
            done
            if [[ -n $wants ]]; then
                [[ $current == "=" ]] && current=""
                case "$at:$wants" in
        \(self.bashValueCases)
                esac
            elif [[ -z $only_arguments && $current == -* ]]; then
                case "$at" in
        \(self.bashCases { node in ("'\(node.key)'", "words='\(node.options.flatMap(\.spellings).joined(separator: " "))'") })
                esac
            else
                case "$at:$position" in
        \(self.bashArgumentCases)
                esac
            fi
            case "$kind" in
                file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
                directory) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
                *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
            esac
        }
        complete -F \(self.functionName) \(self.program)
        """.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private func bashCases(_ line: (Node) -> (pattern: String, statement: String)) -> String {
        self.nodes.map(line).map { "            \($0.pattern)) \($0.statement) ;;" }.joined(separator: "\n")
    }

    private var bashValueCases: String {
        self.nodes.flatMap { node in
            node.options.filter(\.takesValue).compactMap { option -> String? in
                guard let statement = Self.bashStatement(for: option.valueType) else { return nil }
                let pattern = option.spellings.map { "'\(node.key):\($0)'" }.joined(separator: "|")
                return "            \(pattern)) \(statement) ;;"
            }
        }.joined(separator: "\n")
    }

    private var bashArgumentCases: String {
        self.nodes.flatMap { node -> [String] in
            guard node.subcommands.isEmpty else {
                return [
                    "            '\(node.key):0') words='\(node.subcommands.map(\.name).joined(separator: " "))' ;;"
                ]
            }
            return node.arguments.enumerated().compactMap { index, argument in
                guard let statement = Self.bashStatement(for: argument.type) else { return nil }
                return "            '\(node.key):'\(argument.isRepeatable ? "*" : String(index))) \(statement) ;;"
            }
        }.joined(separator: "\n")
    }

    private static func bashStatement(for type: ValueType) -> String? {
        switch type {
        case .file: "kind=file"
        case .directory: "kind=directory"
        case .choice: "words='\(type.plainWords.joined(separator: " "))'"
        case .text, .integer, .number, .duration, .byteCount, .address: nil
        }
    }
}
