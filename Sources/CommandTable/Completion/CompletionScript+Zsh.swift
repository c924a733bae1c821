// SPDX-License-Identifier: Apache-2.0

extension CompletionScript {
    /// For zsh with compinit; works as a file in `fpath` and when sourced.
    var zsh: [String] {
        """
        #compdef \(self.program)
        # Completion of \(self.program) for zsh, printed by '\(self.program) completion zsh'.
        \(self.functionName)() {
            local at="" wants="" only_arguments="" kind="" word
            local -i position=0 index
            local -a candidates
            for ((index = 2; index < CURRENT; index++)); do
                word="${words[index]}"
                if [[ -n $wants ]]; then
                    wants=""
                    continue
                fi
                if [[ -z $only_arguments && $word == -* ]]; then
                    [[ $word == "--" ]] && only_arguments=1
                    case "$at:$word" in
                        (\(self.valueOptionPatterns.joined(separator: "|"))) wants="$word" ;;
                    esac
                    continue
                fi
                case "$at:$word" in
                    (\(self.subcommandPatterns.joined(separator: "|"))) at="${at:+$at }$word" ;;
                    (*) position+=1 ;;
                esac
            done
            if [[ -z $wants && -z $only_arguments && $PREFIX == --*=* ]]; then
                wants="${PREFIX%%=*}"
                compset -P '*='
            fi
            if [[ -n $wants ]]; then
                case "$at:$wants" in
        \(self.zshValueCases)
                esac
            elif [[ -z $only_arguments && $PREFIX == -* ]]; then
                case "$at" in
        \(self.zshOptionCases)
                esac
            else
                case "$at:$position" in
        \(self.zshArgumentCases)
                esac
            fi
            case "$kind" in
                (file) _files ;;
                (directory) _files -/ ;;
                (*) (( $#candidates )) && _describe '\(self.program)' candidates ;;
            esac
        }
        if [[ "${funcstack[1]}" == "\(self.functionName)" ]]; then
            \(self.functionName) "$@"
        else
            compdef \(self.functionName) \(self.program)
        fi
        """.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private var zshValueCases: String {
        self.nodes.flatMap { node in
            node.options.filter(\.takesValue).compactMap { option -> String? in
                guard let statement = Self.zshStatement(for: option.valueType) else { return nil }
                let pattern = option.spellings.map { "'\(node.key):\($0)'" }.joined(separator: "|")
                return "            (\(pattern)) \(statement) ;;"
            }
        }.joined(separator: "\n")
    }

    private var zshOptionCases: String {
        self.nodes.map { node in
            let candidates = node.options.flatMap { option in
                option.spellings.map { Self.zshCandidate($0, option.help) }
            }
            return "            ('\(node.key)') candidates=(\(candidates.joined(separator: " "))) ;;"
        }.joined(separator: "\n")
    }

    private var zshArgumentCases: String {
        self.nodes.flatMap { node -> [String] in
            guard node.subcommands.isEmpty else {
                let candidates = node.subcommands.map { Self.zshCandidate($0.name, $0.summary) }
                return ["            ('\(node.key):0') candidates=(\(candidates.joined(separator: " "))) ;;"]
            }
            return node.arguments.enumerated().compactMap { index, argument in
                guard let statement = Self.zshStatement(for: argument.type) else { return nil }
                return "            ('\(node.key):'\(argument.isRepeatable ? "*" : String(index))) \(statement) ;;"
            }
        }.joined(separator: "\n")
    }

    private static func zshStatement(for type: ValueType) -> String? {
        switch type {
        case .file: "kind=file"
        case .directory: "kind=directory"
        case .choice: "candidates=(\(type.plainWords.map { "'\($0)'" }.joined(separator: " ")))"
        case .text, .integer, .number, .duration, .byteCount, .address: nil
        }
    }

    /// `'word:description'`, with what the shell and `_describe` would take apart escaped.
    private static func zshCandidate(_ word: String, _ description: String) -> String {
        let text = description.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
        return "'\(word):\(text)'"
    }
}
