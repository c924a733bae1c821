// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Testing

@Suite("Help", .timeLimit(.minutes(1)))
struct HelpTests {
    @Test func theHelpOfACommandTeaches() async {
        let result = await SampleTable.run("run", "--help")
        #expect(result.status == 0)
        #expect(
            result.text == """
                sample run: Run the worker

                Usage
                  sample run [OPTIONS] MODE [FILE...]

                Consumes events until it is told to stop.

                Arguments
                  MODE     How to run. [one of fast, slow]
                  FILE...  What to read.

                Options
                      --log-format FORMAT  How the log's lines look. [one of auto, human, json;
                                           default: auto; environment: SAMPLE_LOG_FORMAT]
                  -n, --limit N            Stop after N events. [a whole number from 1 to 100]
                      --rate R             Events a second. [a number from 0 to 10; default:
                                           2.5]
                      --wait TIME          How long to wait. [a duration such as 250ms, 30s or
                                           5m; default: 30s]
                      --size SIZE          How much to read. [a size such as 512B, 256KiB or
                                           1MiB]
                      --address HOST:PORT  Where to listen.
                  -s, --set KEY=VALUE      Override. [may be repeated; environment: SAMPLE_SET]
                      --state DIR          Where state is kept.
                      --[no-]colour        Use colours. [default: true]
                  -d, --dry                Don't act; it's safe. [environment: SAMPLE_DRY]
                  -v, --verbose            Say more.
                  -h, --help               Show this help.

                Options of all commands
                  -c, --config FILE  The configuration. [environment: SAMPLE_CONFIG]

                Examples
                  # Run fast:
                  sample run fast

                Exit status
                  0  success
                  1  the command failed
                  2  the command line is wrong
                  3  the configuration is wrong
                  7  stuck

                """
        )
    }

    @Test(arguments: [
        ["--help"], ["-h"], ["help"], ["topics", "-h"], ["help", "topics"], ["help", "topics", "list"],
        ["topics", "list", "--id", "1", "-h", "--wrong"], ["run", "-vh"],
    ])
    func helpIsReachedInEveryWay(words: [String]) async {
        let captured = CapturedOutput()
        let status = await SampleTable.table.run(words, environment: [:], output: Output(to: captured))
        #expect(status == .success)
        #expect(captured.text.contains("Usage"))
        #expect(captured.errorText.isEmpty)
    }

    @Test func aGroupListsItsCommands() async {
        let result = await SampleTable.run("help")
        #expect(result.text.contains("  topics      Look after topics\n"))
        #expect(result.text.contains("      --version      Show versions.\n"))
        #expect(result.text.hasSuffix("Help for one command: sample COMMAND --help\n"))
    }

    @Test func rulesAreSaid() async {
        let result = await SampleTable.run("topics", "list", "--help")
        #expect(result.text.contains("  Exactly one of --id or --name must be given.\n  --apply needs --reason.\n"))
    }

    @Test(arguments: [40, 60, 80, 100])
    func linesKeepToTheWidth(width: Int) async {
        let result = await SampleTable.run("run", "--help", width: width)
        for line in result.text.split(separator: "\n") where !line.contains("Usage") {
            #expect(line.count <= width || !line.dropFirst(2).contains(" "), "\(line)")
        }
    }

    @Test func headingsAreBoldWhereColoursAreAllowed() async {
        let captured = CapturedOutput()
        let output = Output(to: captured, style: .init(isTerminal: true, allowsColour: true))
        _ = await SampleTable.table.run(["--help"], environment: [:], output: output)
        #expect(captured.text.contains("\u{1b}[1mUsage\u{1b}[0m"))
    }

    @Test func versionIsShown() async {
        let result = await SampleTable.run("--version")
        #expect(result.text == "sample 1.2.3\nlibrary 4.5\n")
        #expect(result.status == 0)
    }

    @Test func theMarkdownReferenceHoldsEveryCommandAndOption() async {
        let result = await SampleTable.run("help", "--markdown")
        for heading in ["# sample\n", "## sample run\n", "## sample topics\n", "## sample topics list\n"] {
            #expect(result.text.contains(heading))
        }
        for option in SampleTable.run.options {
            #expect(result.text.contains("--" + (option.name == "colour" ? "[no-]" : "") + option.name))
        }
        #expect(result.text.contains("| 7 | stuck |"))
    }
}
