// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Commands

/// What a replay has sent is told, however it ends: who does not know its id deploys everything twice by asking again.
@Suite("replay that does not end as it should", .timeLimit(.minutes(2)), .serialized)
struct ReplayInterruptedTests {
    private static let words = [
        "replay", "--run", "r1", "--apply", "--reason", "it's down", "--set", "log.level=debug",
    ]

    /// Runs a replay of one event; once its command is sent and its answer is waited for, `disturb` is called.
    private func run(
        _ bed: CommandFixture,
        _ words: [String],
        disturb: @escaping (_ cancel: () -> Void) async throws -> Void
    ) async throws -> CommandFixture.Result {
        _ = await bed.run("emit", "--experiment", "e", "--run", "r1", "--model", "m")
        let result = try await withThrowingTaskGroup(of: CommandFixture.Result.self) { group in
            group.addTask { await CommandFixture.run(words, access: bed.access) }
            while try await bed.records(of: CommandFixture.commandsTopic).isEmpty { try Task.checkCancellation() }
            try await disturb { group.cancelAll() }
            return try await group.next()
        }
        return try #require(result)
    }

    /// The ids of the commands that lie in their topic.
    private func commandIDs(_ bed: CommandFixture) async throws -> [String] {
        try await bed.records(of: CommandFixture.commandsTopic).map { record in
            guard case .command(let command) = CommandDecoder.decode(record) else { return "no command" }
            return command.head.id
        }
    }

    @Test func anInterruptedReplayTellsWhatItSentAndHowToAskAgain() async throws {
        try await CommandFixture.with { bed in
            let result = try await self.run(bed, Self.words) { $0() }
            #expect(result.status == .interrupted)
            let command = try #require(try await self.commandIDs(bed).first)
            let replay = try #require(command.split(separator: "/").first)
            #expect(result.text.contains("not answered: command \(command)"), "\(result.text)")
            #expect(result.text.contains("1 not answered by any worker"))
            #expect(result.text.contains("replay id: \(replay)"))
            let again =
                #"slipway replay --run r1 --apply --reason 'it'\''s down' --replay-id \#(replay) --set 'log.level=debug'"#
            #expect(result.errorText.hasSuffix(again + "\n"), "\(result.errorText)")
            // What is asked again are the same commands, which the workers know.
            _ = await CommandFixture.run(Self.words + ["--replay-id", String(replay), "--no-wait"], access: bed.access)
            #expect(try await self.commandIDs(bed) == [command, command])
        }
    }

    @Test func soItDoesInJSON() async throws {
        try await CommandFixture.with { bed in
            let result = try await self.run(bed, Self.words + ["--json"]) { $0() }
            #expect(result.status == .interrupted)
            let command = try #require(try await self.commandIDs(bed).first)
            let row = try #require(try result.json.first)
            #expect(row["action"]?.text == "unanswered")
            #expect(row["commandId"]?.text == command)
            let replay = try #require(row["replayId"]?.text)
            #expect(result.errorText.contains("--replay-id \(replay)"), "\(result.errorText)")
        }
    }

    @Test func soDoesOneThatMayNotReadTheAnswers() async throws {
        try await CommandFixture.with { bed in
            let mock = try #require(bed.mock)
            let result = try await self.run(bed, Self.words) { _ in
                let errors = Array(repeating: "TOPIC_AUTHORIZATION_FAILED", count: 50)
                try await mock.fail(.fetch, with: errors)
            }
            #expect(result.status == .failure)
            try await mock.fail(.fetch, with: [])
            let command = try #require(try await self.commandIDs(bed).first)
            #expect(result.text.contains("not answered: command \(command)"), "\(result.text)")
            let lines = result.errorText.split(separator: "\n")
            #expect(lines.count == 2, "\(result.errorText)")
            #expect(lines.first?.contains(" --replay-id \(command.prefix { $0 != "/" }) ") == true)
            #expect(lines.last?.contains("TOPIC_AUTHORIZATION_FAILED") == true)
        }
    }

    /// The report goes where nobody reads it any more; errors still reach the operator.
    @Test func soDoesOneWhoseReaderHasGone() async throws {
        try await CommandFixture.with { bed in
            _ = await bed.run("emit", "--experiment", "e", "--run", "r1", "--model", "m")
            let capture = CapturedOutput(closesAfter: 0)
            let result = await CommandFixture.run(Self.words + ["--no-wait"], access: bed.access, capture: capture)
            #expect(result.status == .outputClosed)
            let command = try #require(try await self.commandIDs(bed).first)
            #expect(result.errorText.contains(" --replay-id \(command.prefix { $0 != "/" }) "), "\(result.errorText)")
        }
    }

    @Test(arguments: [
        (
            ["--since", "1h", "--until=-5m"],
            "--since 1970-01-01T01:00:00.000Z --until 1970-01-01T01:55:00.000Z --replay-id x"
        ),
        (["--since", "now", "--no-wait"], "--since 1970-01-01T02:00:00.000Z --replay-id x --no-wait"),
        (["--since=beginning", "--replay-id", "mine"], "--since beginning --replay-id x"),
        (["--model=-m", "--set", "a.b=c d", "--set=e.f=g"], "--model=-m --replay-id x --set 'a.b=c d' --set 'e.f=g'"),
    ])
    func whatIsAskedAgainIsTheSame(words: [String], again: String) async {
        let capture = CapturedOutput()
        let command = Command("replay", summary: "Test", options: ReplayCommand.options) { invocation, output in
            let now = Timestamp(millisecondsSinceEpoch: 7_200_000)
            try output.write(ReplayCommandLine.again(invocation, id: "x", now: now))
            return .success
        }
        let table = CommandTable(name: "slipway", summary: "Test", version: { "0" }, commands: [command])
        _ = await table.run(["replay"] + words, environment: ["SLIPWAY_CONFIG": "/etc/x"], output: Output(to: capture))
        #expect(capture.text == "slipway replay \(again)")
    }
}
