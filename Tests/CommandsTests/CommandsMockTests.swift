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
        ["replay", "--run", "r", "--replay-id", "a/b"],
        ["replay", "--run", "r", "--apply", "--reason", "line\nbreak"],
        ["replay", "--run", "r", "--apply", "--reason", " "], ["replay", "--since", "never"],
        ["replay", "--since", "1h", "--until", "beginning"],
    ])
    func aWrongCommandLineDoesNothing(_ words: [String]) async throws {
        // Nobody is there: whoever tried to reach Kafka would end with another status.
        let access = KafkaAccess(
            properties: [.init("bootstrap.servers", "127.0.0.1:9")],
            eventTopics: ["events"],
            statusTopic: "status"
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
        let access = KafkaAccess(properties: [], eventTopics: ["events"], statusTopic: "status")
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
            statusTopic: "status"
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

    @Test func replayShowsFirstAndSendsOnce() async throws {
        try await CommandFixture.with { bed in
            for run in ["r1", "r2", "r1"] {
                _ = await bed.run("emit", "--experiment", "e", "--run", run, "--model", "wine-clf")
            }
            _ = await bed.run("emit", "--experiment", "e", "--model", "wine-clf")
            let shown = await bed.run("replay", "--model", "wine-clf")
            #expect(shown.status == .success, "\(shown.errorText)")
            #expect(shown.text.contains("2 to be sent, 1 not replayable, 1 older events of the same runs left out"))
            #expect(try await bed.records(of: CommandFixture.eventsTopic).count == 4)

            let words = [
                "replay", "--model", "wine-clf", "--apply", "--reason", "registry was down", "--replay-id", "inc-42",
                "--allow-rollback", "--json",
            ]
            let sent = await CommandFixture.run(words, access: bed.access)
            #expect(sent.status == .success, "\(sent.errorText)")
            #expect(try sent.json.map { $0["action"]?.text } == ["sent", "sent", "left"])
            let events = try await bed.records(of: CommandFixture.eventsTopic).map {
                try EventDecoder.decode(OriginalRecord($0)).get()
            }
            let copies = events.filter { $0.replay != nil }
            #expect(Set(copies.compactMap(\.data.run.runID)) == ["r1", "r2"])
            let wanted = Replay(id: "inc-42", reason: "registry was down", allowsRollback: true)
            #expect(copies.allSatisfy { $0.replay == wanted })
            let originals = events.filter { $0.replay == nil }
            #expect(copies.allSatisfy { copy in originals.contains { $0.id == copy.id && $0.data == copy.data } })

            let again = await CommandFixture.run(words, access: bed.access)
            #expect(again.status == .success)
            #expect(
                try again.json.compactMap { $0["reason"]?["class"]?.text }.sorted() == [
                    "alreadySent", "alreadySent", "noRun",
                ]
            )
            #expect(try await bed.records(of: CommandFixture.eventsTopic).count == 6)
        }
    }

    @Test func replayKnowsItsCopiesBehindAChosenRange() async throws {
        try await CommandFixture.with(partitions: 1) { bed in
            _ = await bed.run("emit", "--experiment", "e", "--run", "r1", "--model", "m")
            _ = await bed.run("emit", "--experiment", "e", "--run", "r2", "--model", "m")
            let words = [
                "replay", "--partition", "0", "--from-offset", "0", "--to-offset", "0", "--json", "--apply", "--reason",
                "x",
            ]
            let sent = await CommandFixture.run(words, access: bed.access)
            let reports = try sent.json
            #expect(reports.map { $0["run"]?.text } == ["r1"])
            #expect(sent.errorText.contains("1 sent; 1 records read"))
        }
    }

    @Test func whatLooksLikeOursIsNotPassedOn() async throws {
        try await CommandFixture.with { bed in
            var record = ProducerRecord(
                topic: CommandFixture.eventsTopic,
                key: nil,
                value: Array(#"{"experimentId":"e","runId":"r","model":{"name":"wine-clf"}}"#.utf8)
            )
            record.partition = 2
            record.headers = Forwarding.headers(Origin(topic: "elsewhere", partition: 5, offset: 8))
            try await bed.send([record])
            let result = await bed.run("replay", "--run", "r", "--apply", "--reason", "x")
            #expect(result.status == .success, "\(result.errorText)")
            let records = try await bed.records(of: CommandFixture.eventsTopic)
            let copy = try #require(records.first { $0.key != nil })
            #expect(!copy.headers.contains { $0.name.hasPrefix("slipway_") })
            #expect(copy.key == Array("wine-clf".utf8))
            let event = try EventDecoder.decode(OriginalRecord(copy)).get()
            #expect(event.isCloudEvent)
            // Named by where it stands, whatever its header fields say of another place.
            #expect(event.source == "/kafka/\(CommandFixture.eventsTopic)" && event.id == "2-0")
        }
    }

    @Test func eventsGoBackToTheTopicThatTheyCameFrom() async throws {
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
            let sent = await bed.run("replay", "--model", "m", "--apply", "--reason", "x")
            #expect(sent.status == .success, "\(sent.errorText)")
            let second = try await counts()
            #expect(second == [2, 2])
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
            statusTopic: "status"
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
