// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Commands

@Suite("emit, watch and replay on the mock cluster", .timeLimit(.minutes(2)), .serialized)
struct CommandsMockTests {
    // MARK: emit

    @Test func emitSendsOneEventToItsOwner() async throws {
        try await CommandFixture.with { bed in
            let result = await bed.run(
                "emit",
                "--project",
                "p",
                "--experiment",
                "e",
                "--run",
                "r",
                "--model",
                "wine-clf",
                "--cpu",
                "1.5",
                "--env",
                "A=b=c",
                "--json"
            )
            #expect(result.status == .success, "\(result.errorText)")
            let records = try await bed.records(of: CommandFixture.eventsTopic)
            let record = try #require(records.first)
            #expect(records.count == 1)
            #expect(record.key == Array("wine-clf".utf8))
            let owner = Partitioning.ownerPartition(forKey: Array("wine-clf".utf8), count: 3)
            #expect(record.topicPartition.partition == owner)
            let event = try EventDecoder.decode(OriginalRecord(record)).get()
            #expect(event.data.run.runID == "r")
            #expect(event.data.deployment.cpu == 1.5)
            #expect(event.data.deployment.environment == ["A": "b=c"])
            let report = try #require(try result.json.first)
            #expect(report["partition"] == .integer(Int64(owner.rawValue)))
            #expect(report["offset"] == .integer(0))
            #expect(report["id"]?.text == event.id)
        }
    }

    @Test func emitMakesManyDistinctEvents() async throws {
        try await CommandFixture.with { bed in
            let result = await bed.run(
                "emit",
                "--experiment",
                "e",
                "--run",
                "r-{n}",
                "--model",
                "m-{n}",
                "--count",
                "2500"
            )
            #expect(result.status == .success, "\(result.errorText)")
            let events = try await bed.records(of: CommandFixture.eventsTopic).map {
                try EventDecoder.decode(OriginalRecord($0)).get()
            }
            #expect(Set(events.map(\.id)).count == 2500)
            #expect(Set(events.compactMap(\.data.run.runID)).count == 2500)
            #expect(result.lines.count == EmitReport.mostLines + 1)
            #expect(result.lines.last?.hasPrefix("2500 sent to 3 partitions of events in ") == true)
        }
    }

    @Test func emitSendsTheGoodEventsOfAFileAndRefusesTheOthers() async throws {
        try await CommandFixture.with { bed in
            let text = """
                {"experimentId":"e","runId":"1","model":{"name":"m"}}
                {"experimentId":"e","runId":
                {"experimentId":"e","runId":7}

                {"experimentId":"e","runId":"2","model":{"name":"m"}}
                """
            try await withScratchFile(text) { path in
                let result = await bed.run("emit", path)
                #expect(result.status == .failure)
                #expect(result.errorText.contains("line 2: refused: truncated"))
                #expect(result.errorText.contains("line 3: refused: wrongType"))
                let good = try await bed.records(of: CommandFixture.eventsTopic)
                #expect(good.count == 2)
                let unchecked = await bed.run("emit", "--no-check", path)
                #expect(unchecked.status == .success, "\(unchecked.errorText)")
                let all = try await bed.records(of: CommandFixture.eventsTopic)
                #expect(all.count == 6)
            }
        }
    }

    @Test(arguments: [
        ["emit"], ["emit", "--count", "2", "--run", "r", "--experiment", "e", "--id", "x"],
        ["emit", "--env", "novalue", "--experiment", "e"], ["emit", "--count", "0", "--experiment", "e"],
        ["emit", "--project", "p", "--project-name", "n", "--experiment", "e"],
        ["emit", "--count", "3", "file.json"], ["emit", "--timeout", "30", "--experiment", "e"],
        ["watch", "--from", "yesterday"], ["watch", "--until", "0"], ["replay"], ["replay", "--run", "r", "--apply"],
        ["replay", "--until", "now"], ["replay", "--partition", "1"], ["replay", "--from-offset", "1"],
        ["replay", "--partition", "0", "--from-offset", "5", "--to-offset", "4"],
        ["replay", "--run", "r", "--replay-id", "a/b"], ["replay", "--run", "r", "--who", "a\nb"],
        ["replay", "--run", "r", "--wait", "1s", "--no-wait"],
        ["replay", "--run", "r", "--apply", "--reason", "line\nbreak"],
        ["replay", "--run", "r", "--apply", "--reason", " "], ["replay", "--since", "never"],
        ["replay", "--since", "1h", "--until", "beginning"],
    ])
    func aWrongCommandLineDoesNothing(_ words: [String]) async throws {
        // Nobody is there: whoever tried to reach Kafka would end with another status.
        let access = KafkaAccess(
            properties: [.init("bootstrap.servers", "127.0.0.1:9")],
            eventTopics: ["events"],
            statusTopic: "status",
            commandsTopic: "commands"
        )
        let result = await CommandFixture.run(words, access: access)
        #expect(result.status == .usage)
        #expect(result.text.isEmpty)
        #expect(result.errorText.hasPrefix("slipway \(words[0]): "))
    }

    @Test(arguments: [
        ["emit", "--experiment", "e", "--partition", "3"], ["replay", "--partition", "3", "--from-offset", "0"],
    ])
    func aPartitionThatIsNotThereIsAWrongCommandLine(_ words: [String]) async throws {
        try await CommandFixture.with { bed in
            let result = await CommandFixture.run(words, access: bed.access)
            #expect(result.status == .usage)
            #expect(result.errorText.contains("'events' has 3 partitions, none has number 3"))
            let records = try await bed.records(of: CommandFixture.eventsTopic)
            #expect(records.isEmpty)
        }
    }

    @Test func emitShowsWithoutSending() async throws {
        let access = KafkaAccess(
            properties: [],
            eventTopics: ["events"],
            statusTopic: "status",
            commandsTopic: "commands"
        )
        let result = await CommandFixture.run(
            ["emit", "--experiment", "e", "--run", "r", "--dry-run"],
            access: access,
            environment: ["CDSW_PROJECT_ID": "session"]
        )
        #expect(result.status == .success, "\(result.errorText)")
        let record = try #require(try result.json.first)
        #expect(record["key"] == nil)
        #expect(record["headers"]?["ce_source"]?.text == "/projects/session/experiments/e")
        #expect(record["value"]?.text == #"{"projectId":"session","experimentId":"e","runId":"r"}"#)
    }

    @Test func anUnknownFileOrTopicIsNamed() async throws {
        try await CommandFixture.with { bed in
            let file = await bed.run("emit", "/nowhere/events.json")
            #expect(file.status == .failure)
            #expect(file.errorText.contains("/nowhere/events.json"))
        }
    }

    @Test func kafkaOutOfReachIsItsOwnStatus() async throws {
        // Port 9 (discard) is closed on any test machine: connecting fails at once.
        let access = KafkaAccess(
            properties: [.init("bootstrap.servers", "127.0.0.1:9")],
            eventTopics: ["events"],
            statusTopic: "status",
            commandsTopic: "commands"
        )
        let result = await CommandFixture.run(["emit", "--experiment", "e"], access: access)
        #expect(result.status == .unavailable)
        #expect(result.errorText.contains("127.0.0.1:9"))
    }

    @Test func aCancelledEmitSaysHowFarItGot() async throws {
        try await CommandFixture.with { bed in
            let capture = LiveOutput()
            var options = EmitOptions()
            options.fields.add(["experimentId"], .string("e"))
            options.count = 1_000_000
            options.rate = 5
            let run = EmitRun(options: options, access: bed.access, output: Output(to: capture))
            let status = try await withThrowingTaskGroup(of: ExitStatus.self) { group in
                group.addTask { try await run.run() }
                await capture.wait(for: "events[")
                group.cancelAll()
                return try await group.next()
            }
            #expect(status == .interrupted)
            let sent = try await bed.records(of: CommandFixture.eventsTopic).count
            #expect(sent >= 1 && sent < 100)
            #expect(sent == 1 || capture.text.contains("\(sent) sent to "))
        }
    }

    // MARK: watch

    @Test func watchWritesJSONUntilAllIsDone() async throws {
        try await CommandFixture.with { bed in
            try await bed.send([
                StatusSamples.record(1, "accepted", sequence: 1), StatusSamples.record(2, "accepted", sequence: 1),
                StatusSamples.record(1, "deployed", sequence: 2),
                ProducerRecord(topic: CommandFixture.statusTopic, key: nil, value: Array("noise".utf8)),
                StatusSamples.record(2, "failed", sequence: 2, model: "other", cause: "build"),
            ])
            let all = await bed.run("watch", "--from", "beginning", "--until-idle", "--idle-time", "300ms")
            #expect(all.status == .failure)
            #expect(try all.json.map { $0["data"]?["phase"]?.text }.count == 4)
            #expect(all.errorText.contains("is no status event"))
            let zero = await bed.run("watch", "--from", "beginning", "--until", "2", "--exit-zero")
            #expect(zero.status == .success)
            let failed = await bed.run("watch", "--from", "beginning", "--until", "2", "--failed")
            #expect(try failed.json.map { $0["data"]?["cause"]?["class"]?.text } == ["build"])
            let model = await bed.run("watch", "--from", "beginning", "--until", "1", "--model", "churn-*")
            #expect(model.status == .success)
        }
    }

    @Test func watchEndsWhenItsTimeIsUp() async throws {
        try await CommandFixture.with { bed in
            let result = await bed.run("watch", "--from", "now", "--until-idle", "--timeout", "300ms")
            #expect(result.status == WatchRun.timedOut)
        }
    }

    @Test func watchFollowsOnATerminalAndPutsItRight() async throws {
        try await CommandFixture.with { bed in
            let capture = LiveOutput()
            let style = Output.Style(isTerminal: true, allowsColour: true)
            var options = WatchOptions()
            options.from = .now
            options.ending.untilEnded = 1
            let output = Output(to: capture, style: style) { 100 }
            let run = WatchRun(options: options, access: bed.access, output: output) { 24 }
            let status = try await withThrowingTaskGroup(of: ExitStatus.self) { group in
                group.addTask { try await run.run() }
                await capture.wait(for: "0 under way")
                try await bed.send([StatusSamples.record(1, "building", sequence: 1)])
                await capture.wait(for: "1 building")
                try await bed.send([StatusSamples.record(1, "deployed", sequence: 2)])
                return try await group.next()
            }
            #expect(status == .success)
            #expect(capture.text.hasPrefix(WatchScreen.begin))
            #expect(capture.text.hasSuffix(WatchScreen.end))
            #expect(capture.text.contains("\u{1B}[32mdeployed   \u{1B}[0m"))
        }
    }

    @Test func aCancelledWatchShowsTheCursorAgain() async throws {
        try await CommandFixture.with { bed in
            let capture = LiveOutput()
            let output = Output(to: capture, style: .init(isTerminal: true, allowsColour: false))
            let run = WatchRun(options: WatchOptions(), access: bed.access, output: output) { 24 }
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: ExitStatus.self) { group in
                    group.addTask { try await run.run() }
                    await capture.wait(for: "under way")
                    group.cancelAll()
                    _ = try await group.next()
                }
            }
            #expect(capture.text.hasSuffix(WatchScreen.end))
        }
    }

    // MARK: replay

    /// The commands that lie in their topic.
    private func commands(_ bed: CommandFixture) async throws -> [OperatorCommand] {
        try await bed.records(of: CommandFixture.commandsTopic).compactMap {
            if case .command(let command) = CommandDecoder.decode($0) { command } else { nil }
        }
    }

    @Test func replayShowsFirstAndWritesCommandsAndNoEvents() async throws {
        try await CommandFixture.with { bed in
            for run in ["r1", "r2", "r1"] {
                _ = await bed.run("emit", "--experiment", "e", "--run", run, "--model", "wine-clf")
            }
            _ = await bed.run("emit", "--experiment", "e", "--model", "wine-clf")
            let shown = await bed.run("replay", "--model", "wine-clf")
            #expect(shown.status == .success, "\(shown.errorText)")
            #expect(shown.text.contains("2 to be sent, 1 not replayable, 1 older events of the same runs left out"))
            #expect(try await self.commands(bed).isEmpty)

            let words = [
                "replay", "--model", "wine-clf", "--apply", "--reason", "registry was down", "--replay-id", "inc-42",
                "--allow-rollback", "--json", "--no-wait", "--who", "ann",
            ]
            let sent = await CommandFixture.run(words, access: bed.access)
            #expect(sent.status == .success, "\(sent.errorText)")
            #expect(try sent.json.map { $0["action"]?.text } == ["sent", "sent", "left"])
            let events = try await bed.records(of: CommandFixture.eventsTopic)
            #expect(events.count == 4, "nothing is written to an event topic")
            let commands = try await self.commands(bed)
            #expect(commands.count == 2)
            for command in commands {
                #expect(command.head.who == "ann" && command.head.reason == "registry was down")
                guard case .replay(let order) = command.kind else { continue }
                #expect(order.replay == Replay(id: "inc-42", reason: "registry was down", allowsRollback: true))
                #expect(events.contains(order.record), "the record as it was, with its place")
            }
            // Given again it says the same commands again, which the workers know.
            _ = await CommandFixture.run(words, access: bed.access)
            let ids = try await self.commands(bed).map(\.head.id)
            #expect(ids.count == 4 && Set(ids).count == 2)
        }
    }

    /// What workers are set to take can be replayed.
    @Test func largeEventsAreReplayedWhereWorkersTakeThem() async throws {
        try await CommandFixture.with { bed in
            let event = #"{"experimentId":"e","runId":"r1","model":{"name":"wine-clf"}}"#
            let text = event + String(repeating: " ", count: 300_000)
            try await bed.send([ProducerRecord(topic: CommandFixture.eventsTopic, key: nil, value: Array(text.utf8))])
            let refused = await bed.run("replay", "--since", "beginning")
            #expect(refused.text.contains("tooLarge"), "\(refused.text)")
            var access = bed.access
            access.eventLimits = EventLimits(maximumBytes: 1 << 20)
            let words = ["replay", "--run", "r1", "--apply", "--reason", "x", "--no-wait"]
            let sent = await CommandFixture.run(words, access: access)
            #expect(sent.status == .success, "\(sent.text)\(sent.errorText)")
            let records = try await bed.records(of: CommandFixture.commandsTopic)
            #expect(records.count == 1 && records[0].sizeBytes > 300_000)
        }
    }

    @Test func replayNamesWhatNobodyHasAnswered() async throws {
        try await CommandFixture.with { bed in
            _ = await bed.run("emit", "--experiment", "e", "--run", "r1", "--model", "m")
            let sent = await bed.run("replay", "--run", "r1", "--apply", "--reason", "x", "--wait", "300ms", "--json")
            #expect(sent.status == .failure)
            #expect(try sent.json.map { $0["action"]?.text } == ["unanswered"])
            let id = try #require(try sent.json.first?["commandId"]?.text)
            #expect(try await self.commands(bed).map(\.head.id) == [id])
            #expect(sent.errorText.contains("1 not answered by any worker"))
        }
    }

    @Test func replayTellsWhatTheWorkersAnswer() async throws {
        try await CommandFixture.with { bed in
            _ = await bed.run("emit", "--experiment", "e", "--run", "r1", "--model", "m")
            let words = ["replay", "--run", "r1", "--apply", "--reason", "x", "--replay-id", "a", "--json"]
            async let running = CommandFixture.run(words, access: bed.access)
            var commands: [OperatorCommand] = []
            while commands.isEmpty, !Task.isCancelled { commands = try await self.commands(bed) }
            let outcome = CommandOutcome(
                head: commands[0].head,
                result: .refused(CommandRefusal(.unknownTopic, "no such topic")),
                partition: 0,
                time: .now()
            )
            try await bed.send([outcome.record(source: "/test", topic: CommandFixture.statusTopic)])
            let result = await running
            #expect(result.status == .failure)
            #expect(try result.json.first?["action"]?.text == "refused")
            #expect(try result.json.first?["reason"]?["class"]?.text == "unknownTopic")
        }
    }

    @Test func replayTakesAChosenRange() async throws {
        try await CommandFixture.with(partitions: 1) { bed in
            _ = await bed.run("emit", "--experiment", "e", "--run", "r1", "--model", "m")
            _ = await bed.run("emit", "--experiment", "e", "--run", "r2", "--model", "m")
            let words = [
                "replay", "--partition", "0", "--from-offset", "0", "--to-offset", "0", "--json", "--apply", "--reason",
                "x", "--no-wait",
            ]
            let sent = await CommandFixture.run(words, access: bed.access)
            let reports = try sent.json
            #expect(reports.map { $0["run"]?.text } == ["r1"])
            #expect(sent.errorText.contains("1 sent; 1 records read"))
        }
    }

    @Test func eventsOfAllTopicsAreFound() async throws {
        try await CommandFixture.with(others: ["events.b"]) { bed in
            _ = await bed.run("emit", "--experiment", "e", "--run", "r1", "--model", "m")
            _ = await bed.run("emit", "--experiment", "e", "--run", "r2", "--model", "m", "--topic", "events.b")
            func counts() async throws -> [Int] {
                [
                    try await bed.records(of: CommandFixture.eventsTopic).count,
                    try await bed.records(of: "events.b").count,
                ]
            }
            let first = try await counts()
            #expect(first == [1, 1])
            let one = try await bed.run("replay", "--model", "m", "--topic", "events.b", "--json").json
            #expect(one.map { $0["run"]?.text } == ["r2"])
            let shown = await bed.run("replay", "--model", "m")
            #expect(shown.lines.first?.hasPrefix("TOPIC") == true)
            #expect(shown.text.contains("2 to be sent"))
            let sent = await bed.run("replay", "--model", "m", "--apply", "--reason", "x", "--no-wait")
            #expect(sent.status == .success, "\(sent.errorText)")
            let second = try await counts()
            #expect(second == [1, 1])
            #expect(try await self.commands(bed).count == 2)
        }
    }

    @Test(arguments: [
        ["emit", "--experiment", "e", "--topic", "elsewhere"], ["replay", "--run", "r", "--topic", "elsewhere"],
        ["replay", "--partition", "0", "--from-offset", "0"],
    ])
    func aTopicIsOneOfTheConfiguredOnes(_ words: [String]) async throws {
        let access = KafkaAccess(
            properties: [.init("bootstrap.servers", "127.0.0.1:9")],
            eventTopics: ["events", "events.b"],
            statusTopic: "status",
            commandsTopic: "commands"
        )
        let result = await CommandFixture.run(words, access: access)
        #expect(result.status == .usage)
        #expect(result.errorText.contains("--topic"))
    }

    @Test func nothingFoundIsAFailure() async throws {
        try await CommandFixture.with { bed in
            let result = await bed.run("replay", "--run", "nobody")
            #expect(result.status == .failure)
            #expect(result.text == "0 to be sent; 0 records read\n")
        }
    }
}
