// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Foundation
import Testing

/// A shell that may be installed.
private func path(of shell: String) -> String? {
    ["/bin/\(shell)", "/usr/bin/\(shell)", "/usr/local/bin/\(shell)", "/opt/homebrew/bin/\(shell)"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// Runs a script in a shell, in an empty directory with a file and a directory, and returns the lines that it prints.
private func run(_ shell: String, _ script: String, _ arguments: [String] = []) throws -> [String] {
    let directory = FileManager.default.temporaryDirectory.appending(path: "slipway-completion-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory.appending(path: "subdir"), withIntermediateDirectories: true)
    defer {
        do { try FileManager.default.removeItem(at: directory) } catch { Issue.record("left behind: \(error)") }
    }
    try "".write(to: directory.appending(path: "some.yaml"), atomically: true, encoding: .utf8)
    let scriptFile = directory.appending(path: ".script")
    try script.write(to: scriptFile, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(filePath: try #require(path(of: shell)))
    process.arguments = arguments + [scriptFile.path()]
    process.currentDirectoryURL = directory
    process.environment = ["HOME": directory.path(), "PATH": "/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
}

/// What a shell must offer: the line up to the cursor, some offers that must be there, some that must not.
struct CompletionCase: Sendable, CustomTestStringConvertible {
    var line: String
    var offers: Set<String>
    var withholds: Set<String> = []

    var testDescription: String { "'\(self.line)'" }

    static let all: [CompletionCase] = [
        .init(line: "sample ", offers: ["run", "topics", "help", "completion"], withholds: ["list", "--config"]),
        .init(line: "sample to", offers: ["topics"], withholds: ["run"]),
        .init(line: "sample topics ", offers: ["list", "ensure"], withholds: ["run"]),
        .init(line: "sample --config x topics l", offers: ["list"], withholds: ["ensure"]),
        .init(
            line: "sample -c topics run --",
            offers: ["--log-format", "--no-colour", "--config", "--help"],
            withholds: ["--id"]
        ),
        .init(line: "sample run --log-format ", offers: ["auto", "human", "json"], withholds: ["fast", "run"]),
        .init(line: "sample run --log-format j", offers: ["json"], withholds: ["human"]),
        .init(line: "sample run -n 3 ", offers: ["fast", "slow"], withholds: ["some.yaml"]),
        .init(line: "sample run fast ", offers: ["some.yaml"], withholds: ["slow"]),
        .init(line: "sample --config ", offers: ["some.yaml"], withholds: ["run"]),
        .init(line: "sample completion ", offers: ["bash", "zsh", "fish"]),
        .init(line: "sample topics list --", offers: ["--id", "--reason"], withholds: ["--log-format"]),
    ]
}

/// These run the scripts in the shells that they are for; a shell that is not installed is skipped.
@Suite("Shell completion", .timeLimit(.minutes(2)), .serialized)
struct CompletionTests {
    private func script(_ shell: String) async throws -> String {
        let result = await SampleTable.run("completion", shell)
        try #require(result.status == 0)
        return result.text
    }

    private func check(_ test: CompletionCase, _ offered: [String]) {
        let offered = Set(offered)
        #expect(test.offers.subtracting(offered).isEmpty, "offered: \(offered)")
        #expect(test.withholds.intersection(offered).isEmpty, "offered: \(offered)")
    }

    @Test(.enabled(if: path(of: "bash") != nil, "bash is not installed"), arguments: CompletionCase.all)
    func bash(test: CompletionCase) async throws {
        let words = test.line.split(separator: " ", omittingEmptySubsequences: false).map { "'\($0)'" }
        let driver = """
            COMP_WORDS=(\(words.joined(separator: " "))); COMP_CWORD=\(words.count - 1)
            _sample
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        self.check(test, try run("bash", try await self.script("bash") + driver, ["--norc"]))
    }

    @Test(.enabled(if: path(of: "bash") != nil, "bash is not installed"))
    func bashSplitsAtTheEqualsSign() async throws {
        let driver = """
            COMP_WORDS=(sample run --log-format = h); COMP_CWORD=4
            _sample
            echo "${COMPREPLY[@]}"
            COMP_WORDS=(sample run --log-format =); COMP_CWORD=3
            _sample
            echo "${COMPREPLY[@]}"
            COMP_WORDS=(sample run --log-format = human ""); COMP_CWORD=5
            _sample
            echo "${COMPREPLY[@]}"
            COMP_WORDS=(sample run -- --); COMP_CWORD=3
            _sample
            echo "${COMPREPLY[@]}."
            complete -p sample
            """
        let lines = try run("bash", try await self.script("bash") + driver, ["--norc"])
        #expect(lines == ["human", "auto human json", "fast slow", ".", "complete -F _sample sample"])
    }

    @Test(.enabled(if: path(of: "fish") != nil, "fish is not installed"), arguments: CompletionCase.all)
    func fish(test: CompletionCase) async throws {
        let driver = "complete -C '\(test.line)'\n"
        let lines = try run("fish", try await self.script("fish") + driver, ["--no-config"])
        // Each line is the word, a tab, and its description.
        self.check(test, lines.map { String($0.prefix { $0 != "\t" }) })
    }

    @Test(.enabled(if: path(of: "fish") != nil, "fish is not installed"))
    func fishShowsDescriptions() async throws {
        let driver = "complete -C 'sample run --dr'\ncomplete -C 'sample run --log-format=h'\n"
        let lines = try run("fish", try await self.script("fish") + driver, ["--no-config"])
        #expect(lines == ["--dry\tDon't act; it's safe.", "--log-format=human\tHow the log's lines look."])
    }

    @Test(.enabled(if: path(of: "zsh") != nil, "zsh is not installed"), arguments: CompletionCase.all)
    func zsh(test: CompletionCase) async throws {
        self.check(test, try await self.zshOffers(test.line))
    }

    @Test(.enabled(if: path(of: "zsh") != nil, "zsh is not installed"))
    func zshCompletesAfterTheEqualsSign() async throws {
        #expect(try await self.zshOffers("sample run --log-format=h").contains("human"))
    }

    /// Presses Tab in a zsh on a pseudo terminal, with `compadd` wrapped so that what is offered goes to a file.
    private func zshOffers(_ line: String) async throws -> [String] {
        let setup = """
            # The shell says when it takes keys, and when it has offered what it has.
            has-offered() { print has-offered }
            zle-line-init() { print takes-keys }
            zle -N zle-line-init
            autoload -Uz compinit
            compinit -u -D
            comppostfuncs=(has-offered)
            source ./.completion
            compadd() {
                if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
                    local -a hits
                    builtin compadd -A hits "$@"
                    print -rl -- "${hits[@]}" >> ./.offers
                fi
                builtin compadd "$@"
            }
            """
        let driver = """
            zmodload zsh/zpty
            zpty z zsh -f -i
            zpty -w z 'source ./.setup'
            zpty -r -m z buffer '*takes-keys*'
            zpty -w -n z $'\(line)\\t'
            zpty -r -m z buffer '*has-offered*'
            zpty -d z
            cat ./.offers
            """
        let completion = try await self.script("zsh")
        let script = """
            : > ./.offers
            cat > ./.completion <<'END_OF_COMPLETION'
            \(completion)
            END_OF_COMPLETION
            cat > ./.setup <<'END_OF_SETUP'
            \(setup)
            END_OF_SETUP
            \(driver)
            """
        return try run("zsh", script, ["-f"])
    }
}
