// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Notation
import Synchronization
import Testing

@Suite("Parsing of command lines", .timeLimit(.minutes(1)))
struct ParsingTests {
    @Test func readsEverySpelling() async {
        let result = await SampleTable.run(
            "-c",
            "a.yaml",
            "run",
            "--log-format=json",
            "-n5",
            "--rate",
            "-0",
            "-s",
            "a=b",
            "--set=c=d=e",
            "-dv",
            "--no-colour",
            "fast",
            "one",
            "--",
            "--two",
            "-3"
        )
        #expect(result.status == 0)
        #expect(result.errorText.isEmpty)
        let expected = [
            "config=a.yaml commandLine", "log-format=json commandLine", "limit=5 commandLine", "rate=-0 commandLine",
            "wait=30s defaultValue", "size= absent", "address= absent", "set=a=b,c=d=e commandLine", "state= absent",
            "colour=false commandLine", "dry=true commandLine", "verbose=true commandLine", "mode=fast commandLine",
            "file=one,--two,-3 commandLine",
        ]
        #expect(result.text.split(separator: "\n").map(String.init) == expected)
    }

    @Test func environmentFillsInBelowTheCommandLine() async {
        let environment = [
            "SAMPLE_LOG_FORMAT": "human", "SAMPLE_SET": "a=1,b=2", "SAMPLE_DRY": "YES", "SAMPLE_CONFIG": "",
        ]
        let result = await SampleTable.run("run", "fast", environment: environment)
        #expect(result.text.contains("log-format=human environment(\"SAMPLE_LOG_FORMAT\")\n"))
        #expect(result.text.contains("set=a=1,b=2 environment"))
        #expect(result.text.contains("dry=true environment"))
        #expect(result.text.contains("config= absent"), "an empty variable counts as unset")
        let given = await SampleTable.run("run", "fast", "--log-format", "json", environment: environment)
        #expect(given.text.contains("log-format=json commandLine\n"))
    }

    @Test(arguments: [
        (["rnu", "fast"], "sample: unknown command 'rnu'; did you mean 'run'?\nTry 'sample --help'.\n"),
        (["xyzzy"], "sample: unknown command 'xyzzy'\nTry 'sample --help'.\n"),
        ([], "sample: missing command; one of run, topics, help, completion\nTry 'sample --help'.\n"),
        (["topics"], "sample topics: missing command; one of list, ensure\nTry 'sample topics --help'.\n"),
        (
            ["topics", "lst"],
            "sample topics: unknown command 'lst'; did you mean 'list'?\nTry 'sample topics --help'.\n"
        ),
        (["run", "--log-fromat", "json"], "sample run: unknown option '--log-fromat'; did you mean '--log-format'?"),
        (["--limit", "1", "run"], "sample: unknown option '--limit'; did you mean 'sample run --limit'?"),
        (["run", "-x"], "sample run: unknown option '-x'"),
        (
            ["run", "fast", "--log-format", "jsno"],
            "must be one of auto, human, json, not 'jsno'; did you mean 'json'?"
        ),
        (["run", "fast", "--limit", "0"], "option '--limit' must be a whole number from 1 to 100, not '0'"),
        (["run", "fast", "--limit", "1.5"], "option '--limit' must be a whole number from 1 to 100, not '1.5'"),
        (["run", "fast", "--rate", "nan"], "option '--rate' must be a number from 0 to 10, not 'nan'"),
        (["run", "fast", "--wait", "30"], "option '--wait' must be a duration such as 250ms, 30s or 5m, not '30'"),
        (["run", "fast", "--size", "x"], "option '--size' must be a size"),
        (["run", "fast", "--address", "x"], "option '--address' must be host:port, not 'x'"),
        (["run", "fast", "--limit"], "option '--limit' needs a value: a whole number from 1 to 100"),
        (["run", "fast", "--limit", "--dry"], "option '--limit' needs a value"),
        (["run", "fast", "--limit", "1", "-n", "2"], "option '-n' is given twice"),
        (["run", "fast", "--dry=yes"], "option '--dry' takes no value"),
        (["run", "fast", "--no-colour=1"], "option '--no-colour' takes no value"),
        (["run", "fast", "--no-dry"], "unknown option '--no-dry'"),
        (["run"], "sample run: missing MODE\n"),
        (["run", "fsat"], "argument MODE must be one of fast, slow, not 'fsat'; did you mean 'fast'?"),
        (["topics", "ensure"], "sample topics ensure: missing --replicas, TOPIC\n"),
        (["topics", "ensure", "--replicas", "1", "a", "b"], "unexpected argument 'b'"),
        (["topics", "list"], "sample topics list: one of --id or --name must be given\n"),
        (["topics", "list", "--id", "1", "--name", "n"], "--id and --name exclude each other"),
        (["topics", "list", "--id", "1", "--apply"], "--apply needs --reason"),
        (["help", "topics", "lst"], "sample topics: unknown command 'lst'; did you mean 'list'?"),
        (["completion", "csh"], "argument SHELL must be one of bash, zsh, fish, not 'csh'"),
        (["run", "--="], "unknown option '--'"),
        (["", "run"], "unknown command ''"),
    ])
    func aWrongLineIsExplained(words: [String], message: String) async {
        let captured = CapturedOutput()
        let status = await SampleTable.table.run(words, environment: [:], output: Output(to: captured))
        #expect(status == .usage)
        #expect(captured.text.isEmpty)
        #expect(captured.errorText.contains(message), "\(captured.errorText)")
    }

    @Test func aWrongVariableIsExplained() async {
        let result = await SampleTable.run("run", "fast", environment: ["SAMPLE_LOG_FORMAT": "xml"])
        #expect(result.status == 2)
        #expect(result.errorText.contains("environment variable SAMPLE_LOG_FORMAT must be one of auto, human, json"))
        let flag = await SampleTable.run("run", "fast", environment: ["SAMPLE_DRY": "maybe"])
        #expect(flag.errorText.contains("environment variable SAMPLE_DRY must be true or false, not 'maybe'"))
    }

    @Test func valuesHaveTheirTypes() async {
        let seen = Mutex<[String]>([])
        let command = Command(
            "go",
            summary: "Go",
            options: SampleTable.run.options,
            body: { invocation, _ in
                let values: [Any?] = [
                    invocation.integer("limit"), invocation.number("rate"), invocation.duration("wait"),
                    invocation.byteCount("size")?.bytes, invocation.address("address")?.host, invocation.flag("dry"),
                    invocation.flag("colour"), invocation.integer("limit"), invocation.text("state"),
                ]
                seen.withLock { $0 = values.map { $0.map { "\($0)" } ?? "nil" } }
                return .success
            }
        )
        let table = CommandTable(name: "t", summary: "T", version: { "1" }, commands: [command])
        let words = ["go", "-n", "7", "--size", "2KiB", "--address", "[::1]:80", "--dry"]
        let status = await table.run(words, environment: [:], output: Output(to: CapturedOutput()))
        #expect(status == .success)
        #expect(seen.withLock { $0 } == ["7", "2.5", "30.0 seconds", "2048", "::1", "true", "true", "7", "nil"])
    }

    @Test func statusesAndErrorsOfTheBodyReachTheCaller() async {
        let nine = await SampleTable.run("topics", "ensure", "--replicas", "1", "good")
        #expect(nine.status == 9)
        let usage = await SampleTable.run("topics", "ensure", "--replicas", "1", "bad")
        #expect(usage.status == 2)
        #expect(
            usage.errorText == "sample topics ensure: topic must not be bad\nTry 'sample topics ensure --help'.\n"
        )
        let failure = await SampleTable.run("topics", "ensure", "--replicas", "1", "fail")
        #expect(failure.status == 1)
        #expect(failure.errorText == "sample: the broker said no\n")
    }

    @Test func aValueMayHaveAMinusSign() async {
        let time = await SampleTable.run("run", "fast", "--set", "-2h")
        #expect(time.status == 0)
        #expect(time.text.contains("-2h"))
        #expect(await SampleTable.run("run", "fast", "--set", "-v").status == 2)
    }

    @Test func aReaderThatHasGoneEndsQuietly() async {
        let captured = CapturedOutput(closesAfter: 2)
        let status = await SampleTable.table.run(["run", "fast"], environment: [:], output: Output(to: captured))
        #expect(status == .outputClosed)
        #expect(captured.errorText.isEmpty)
        #expect(captured.text.split(separator: "\n").count == 2)
    }
}
