// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// What comes of commands: done once, whoever is killed, loses a partition or takes it over.
struct CommandTests {
    private let lease = Lease(.inbox(0), epoch: 1)
    private let model = ModelNames.owned(by: 0)[0]
    private let foreign = ModelNames.owned(by: 1)[0]
    /// Ids of commands that partition 0 answers, and that partition 1 does.
    private let ours = ModelNames.owned(by: 0)
    private let theirs = ModelNames.owned(by: 1)

    /// A command to run an event of that model again, as the port tells it.
    private func replay(
        _ fixture: MachineFixture,
        _ model: String,
        run: String,
        id: String,
        at offset: Int64,
        allowsRollback: Bool = false
    ) -> CommandEntry {
        let record = self.replayRecord(fixture, model, run: run, id: id, allowsRollback: allowsRollback)
        return self.entry(fixture, record, at: offset)
    }

    private func replayRecord(
        _ fixture: MachineFixture,
        _ model: String,
        run: String,
        id: String,
        allowsRollback: Bool = false
    ) -> ProducerRecord {
        let value =
            #"{"projectId":"\#(fixture.project)","experimentId":"\#(fixture.experiment)","runId":"\#(run)","#
            + #""model":{"name":"\#(model)"}}"#
        let event = ConsumedRecord(
            topicPartition: TopicPartition("events", 3),
            offset: 7,
            timestamp: fixture.now.wall,
            value: Array(value.utf8)
        )
        let replay = Replay(id: "again-\(id)", reason: "why", allowsRollback: allowsRollback)
        let command = OperatorCommand(
            head: CommandHead(id: id, kind: "replay", who: "tester", reason: "why"),
            time: fixture.now.wall,
            kind: .replay(ReplayOrder(replay: replay, record: event))
        )
        return CommandEncoder.record(command, topic: "commands")
    }

    /// A record of the commands topic, as the port tells it.
    private func entry(
        _ fixture: MachineFixture,
        _ record: ProducerRecord,
        at offset: Int64,
        time: Timestamp? = nil
    ) -> CommandEntry {
        let read = ConsumedRecord(
            topicPartition: TopicPartition("commands", 0),
            offset: Offset(rawValue: offset),
            timestamp: time ?? fixture.now.wall,
            key: record.key,
            value: record.value,
            headers: record.headers
        )
        return fixture.intake.command(read, eventTopics: ["events"], now: fixture.now.wall)
    }

    private func unknown(_ fixture: MachineFixture, id: String, at offset: Int64) -> CommandEntry {
        let headers = [
            RecordHeader("ce_specversion", "1.0"), RecordHeader("ce_type", "dev.slipway.command.dance.v1"),
            RecordHeader("ce_source", "/x"), RecordHeader("ce_id", id),
        ]
        return self.entry(
            fixture,
            ProducerRecord(topic: "commands", key: nil, value: Array("{}".utf8), headers: headers),
            at: offset
        )
    }

    /// What the port tells of the newest order.
    private func batch(_ fixture: MachineFixture, _ entries: CommandEntry...) throws -> Input {
        let wanted = try #require(fixture.commandsWanted, "nothing was asked for")
        let next = try #require(entries.last?.offset.next)
        return .commands(wanted.id, .success(CommandBatch(entries: entries, next: next)))
    }

    @Test func aReplayIsAcceptedByItsOwnerWithItsPosition() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        #expect(fixture.commandsWanted?.from == 0)
        let run = try fixture.run()
        let told = fixture.take(
            try self.batch(fixture, self.replay(fixture, self.model, run: run, id: self.ours[3], at: 4))
        )
        #expect(told.contains("commit command \(self.ours[3]) accepted \(self.model); inbox-0 at 0"))
        #expect(fixture.commandsWanted?.from == 5)
        try fixture.finish()
        #expect(fixture.ends[self.model]?.map(\.phase) == [.deployed])
    }

    @Test func theSameCommandTwiceIsDoneOnce() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        let run = try fixture.run()
        fixture.take(
            try self.batch(
                fixture,
                self.replay(fixture, self.model, run: run, id: self.ours[3], at: 0),
                self.replay(fixture, self.model, run: run, id: self.ours[3], at: 1)
            )
        )
        #expect(
            fixture.transaction?.words
                == "command \(self.ours[3]) accepted \(self.model), command \(self.ours[3]) known; inbox-0 at 0"
        )
        try fixture.finish()
        #expect(fixture.ends[self.model]?.count == 1)
    }

    /// A command's id says which one it is: the second is not done, whatever it asks for.
    @Test func anotherCommandOfTheSameIDIsRefused() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        let (first, second) = (try fixture.run(), try fixture.run())
        let id = self.ours[3]
        fixture.take(
            try self.batch(
                fixture,
                self.replay(fixture, self.model, run: first, id: id, at: 0),
                self.replay(fixture, self.model, run: second, id: id, at: 1)
            )
        )
        #expect(
            fixture.transaction?.words == "command \(id) accepted \(self.model), command \(id) refused; inbox-0 at 0"
        )
        try fixture.finish()
        #expect(fixture.ends[self.model]?.count == 1)
    }

    /// What the partition's journal says of done commands, as it was written for the first of these.
    private func done(_ entry: CommandEntry, at time: Timestamp) throws -> DoneCommands {
        guard case .rollout(let state) = entry.decision else { throw Failure("it is refused") }
        var done = DoneCommands()
        done[CommandName(ofID: entry.head.id)] = DoneCommand(.init(state), at: time)
        return done
    }

    private struct Failure: Error {
        let text: String

        init(_ text: String) { self.text = text }
    }

    /// Whoever takes the partition over knows it from the journal, where the rollout has gone on elsewhere and ended.
    @Test func anIDStaysTakenAfterAHandOver() throws {
        let fixture = try MachineFixture()
        let (id, run) = (self.ours[3], try fixture.run())
        let first = self.replay(fixture, self.foreign, run: run, id: id, at: 0)
        fixture.take()
        fixture.answer()
        fixture.take(.group(.assigned([.inbox(0)], try MachineFixture.membership())))
        let done = try self.done(first, at: fixture.now.wall)
        fixture.take(MachineFixture.restored(self.lease, isNew: false, commands: 1, done: done))
        try fixture.settle()
        fixture.take(
            try self.batch(
                fixture,
                self.replay(fixture, self.model, run: try fixture.run(), id: id, at: 1),
                self.replay(fixture, self.foreign, run: run, id: id, at: 2),
                self.replay(fixture, self.foreign, run: run, id: id, at: 3, allowsRollback: true)
            )
        )
        let transaction = try #require(fixture.transaction)
        #expect(
            transaction.words.hasPrefix("command \(id) refused, command \(id) known, command \(id) refused"),
            "\(transaction.words)"
        )
        guard case .command(let outcome, nil, _, _) = transaction.entries[0].content,
            case .refused(let refusal) = outcome.result, case .rollout(let state) = first.decision
        else { throw Failure("it is done") }
        #expect(refusal.class == .idTaken && refusal.message.contains(state.id.description))
        #expect(fixture.unfinished == 0)
    }

    /// A command that was refused has done nothing: its id is free for one that is right.
    @Test func aRefusedCommandTakesNoID() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        let (id, run) = (self.ours[3], try fixture.run())
        fixture.take(
            try self.batch(
                fixture,
                self.unknown(fixture, id: id, at: 0),
                self.replay(fixture, self.model, run: run, id: id, at: 1)
            )
        )
        #expect(
            fixture.transaction?.words == "command \(id) refused, command \(id) accepted \(self.model); inbox-0 at 0"
        )
    }

    /// Memory and journal are bounded by the horizon, as those of rollouts.
    @Test func anIDIsForgottenAtTheHorizon() throws {
        let fixture = try MachineFixture { $0.policy.dedupeHorizon = .seconds(600) }
        _ = try fixture.hold()
        let id = self.ours[3]
        fixture.take(
            try self.batch(fixture, self.replay(fixture, self.model, run: try fixture.run(), id: id, at: 0))
        )
        try fixture.finish()
        fixture.pass(599)
        #expect(!fixture.take(.woke).joined().contains("commands forgotten"))
        fixture.pass(120)
        #expect(fixture.take(.woke).joined().contains("commands forgotten 1"))
        try fixture.settle()
        fixture.take(
            try self.batch(fixture, self.replay(fixture, self.model, run: try fixture.run(), id: id, at: 1))
        )
        #expect(fixture.transaction?.words.contains("command \(id) accepted") == true)
    }

    @Test func anUnknownKindIsRefusedByOnePartition() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        let entries = (0..<8).map { self.unknown(fixture, id: "c\($0)", at: Int64($0)) }
        let ours = entries.filter { $0.owner == 0 }.map(\.head.id)
        #expect(!ours.isEmpty && ours.count < 8)
        let wanted = try #require(fixture.commandsWanted)
        fixture.take(.commands(wanted.id, .success(CommandBatch(entries: entries, next: 8))))
        let refused = ours.map { "command \($0) refused" }.joined(separator: ", ")
        let words = try #require(fixture.transaction?.words)
        #expect(words.hasPrefix(refused))
    }

    /// What concerns others is theirs; that it was read is kept, so that nobody has to read it again for this partition.
    @Test func whatConcernsOthersMovesThePositionAlone() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        fixture.take(try self.batch(fixture, self.replay(fixture, self.model, run: "r", id: self.theirs[0], at: 2)))
        #expect(fixture.transaction?.words == "commands read to 3; inbox-0 at 0")
        #expect(fixture.unfinished == 0)
    }

    /// The worker dies, or its transaction does, between reading and accepting: whoever goes on reads it again.
    @Test func whatWasReadAndNotCommittedIsReadAgain() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        let run = try fixture.run()
        let entry = self.replay(fixture, self.model, run: run, id: self.ours[3], at: 0)
        fixture.take(try self.batch(fixture, entry))
        // Nobody knows whether it is committed: all is read from the journal again, which has no position yet.
        try fixture.commit(.unknown(PortFailure(.outage, "cut")))
        fixture.pass(1)
        fixture.take(.journal(.producerReady))
        fixture.take(MachineFixture.restored(Lease(.inbox(0), epoch: 3), isNew: false))
        #expect(fixture.commandsWanted?.from == 0)
        fixture.take(try self.batch(fixture, entry))
        try fixture.finish()
        #expect(fixture.ends[self.model]?.map(\.phase) == [.deployed])
    }

    /// It goes on from the partition's own position, and what stands before that is not done again.
    @Test func aTakeoverGoesOnFromThePosition() throws {
        let fixture = try MachineFixture()
        fixture.take()
        fixture.answer()
        fixture.take(.group(.assigned([.inbox(0)], try MachineFixture.membership())))
        fixture.take(MachineFixture.restored(self.lease, isNew: false, commands: 3))
        #expect(fixture.commandsWanted?.from == 3)
        try fixture.settle()
        let run = try fixture.run()
        // Another partition is taken over that has done less: reading goes back, and this one skips what it has done.
        fixture.take(.group(.assigned([.inbox(1)], try MachineFixture.membership(2))))
        fixture.take(MachineFixture.restored(Lease(.inbox(1), epoch: 2), isNew: false, commands: 1))
        #expect(fixture.commandsWanted?.from == 1)
        try fixture.settle()
        fixture.take(
            try self.batch(
                fixture,
                self.replay(fixture, self.model, run: run, id: self.ours[3], at: 1),
                self.replay(fixture, self.model, run: run, id: self.ours[4], at: 3)
            )
        )
        #expect(
            fixture.transaction?.words.hasPrefix("command \(self.ours[4]) accepted \(self.model), commands read to 4")
                == true
        )
    }

    @Test func anAnswerToAnEarlierOrderMeansNothing() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        let stale = try self.batch(fixture, self.replay(fixture, self.model, run: "r", id: self.ours[3], at: 9))
        fixture.take(.commands(try #require(fixture.commandsWanted).id, .failure(PortFailure(.outage, "no leader"))))
        fixture.pass(1)
        fixture.take(.woke)
        fixture.take(stale)
        #expect(fixture.unfinished == 0)
    }

    /// Rule 23: a topic that can't be read is waited out, and named.
    @Test func whatCannotBeReadIsNamedAndTriedAgain() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        let first = try #require(fixture.commandsWanted)
        fixture.take(.commands(first.id, .failure(PortFailure(.outage, "no leader"))))
        #expect(fixture.told.contains("commands: commands wait: no leader"))
        fixture.pass(10)
        fixture.take(.woke)
        let second = try #require(fixture.commandsWanted)
        #expect(second.id != first.id && second.from == first.from)
        fixture.take(try self.batch(fixture, self.unknown(fixture, id: "c", at: 0)))
        #expect(fixture.told.contains { $0.contains("commands met") })
    }

    /// An ordinary producer that stands in for an operator: the event is an ordinary event, and the try is counted.
    @Test func aForgedReplayIsCountedAndToldOnce() throws {
        let fixture = try MachineFixture()
        let (_, events) = try fixture.hold()
        let text =
            #"{"projectId":"\#(fixture.project)","experimentId":"\#(fixture.experiment)","runId":"r","model":{"name":"m"}}"#
        let forged = [RecordHeader("slipway_origin_topic", "trusted")]
        fixture.take(.group(.records(events, [fixture.entry(events, text, headers: forged)])))
        #expect(fixture.told.contains("1 claims on events, the first"))
        fixture.take(.group(.records(events, [fixture.entry(events, text, headers: forged)])))
        #expect(fixture.told.contains("1 claims on events"))
    }

    /// Back-pressure holds events back, and no command.
    @Test func aPauseHoldsNoCommandBack() throws {
        let fixture = try MachineFixture { $0.maximumUnfinished = 1 }
        let (_, events) = try fixture.hold()
        fixture.take(fixture.events(events, self.model, runs: [try fixture.run()]))
        #expect(fixture.told.contains("intake paused"))
        let other = ModelNames.owned(by: 0)[1]
        fixture.take(
            try self.batch(fixture, self.replay(fixture, other, run: try fixture.run(), id: self.ours[3], at: 0))
        )
        try fixture.finish()
        #expect(fixture.ends[other]?.map(\.phase) == [.deployed])
    }

    // MARK: What nobody can read

    private func lost(_ fixture: MachineFixture, _ range: Range<Int64>) -> CommandEntry {
        let lost = LostRange(
            first: Offset(rawValue: range.lowerBound),
            next: Offset(rawValue: range.upperBound),
            reason: "bad"
        )
        let record = ConsumedRecord(topicPartition: TopicPartition("commands", 0), lost: lost)
        return fixture.intake.command(record, eventTopics: ["events"], now: fixture.now.wall)
    }

    /// One partition tells it, with its place, and the commands behind it are done.
    @Test func aBatchThatCannotBeReadIsToldByOnePartitionAndPassedOver() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        let ours = try #require((2..<20).first { self.lost(fixture, 1..<$0).owner == 0 })
        let theirs = try #require((21..<29).first { self.lost(fixture, 20..<$0).owner == 1 })
        let behind = self.unknown(fixture, id: self.ours[3], at: 30)
        fixture.take(try self.batch(fixture, self.lost(fixture, 1..<ours), self.lost(fixture, 20..<theirs), behind))
        let transaction = try #require(fixture.transaction)
        let words = transaction.words
        #expect(words.contains("commands read to \(ours), command \(self.ours[3]) refused"), "\(words)")
        guard case .dead(let record, let reason, _, _) = transaction.entries[0].content else {
            Issue.record("no dead letter: \(words)")
            return
        }
        #expect(record.origin == Origin(topic: "commands", partition: 0, offset: 1))
        #expect(reason.class == .unreadableBatch && reason.lost?.next.rawValue == ours)
        let letters = transaction.entries.count { if case .dead = $0.content { true } else { false } }
        #expect(letters == 1)
    }

    /// Whoever takes over reads the last place again: the batch is known by it, wherever reading begins within.
    @Test func aBatchThatCannotBeReadIsKnownAgainAtATakeover() throws {
        let fixture = try MachineFixture()
        try self.hold(fixture, done: self.lost(fixture, 2..<5))
        let again = self.lost(fixture, 4..<5)
        fixture.take(
            try self.batch(fixture, again, self.replay(fixture, self.model, run: "r", id: self.ours[6], at: 5))
        )
        #expect(fixture.transaction?.words.hasPrefix("command \(self.ours[6]) accepted") == true)
    }

    // MARK: Who answers

    /// Workers may have other routes, topics or versions for a while: each command is one partition's all the same.
    @Test func whoAnswersHangsOnTheCommandAlone() throws {
        let (one, other) = (try MachineFixture(), try MachineFixture(routes: Routes([])))
        for (number, id) in (self.ours.prefix(4) + self.theirs.prefix(4)).enumerated() {
            let model = "model-\(number)"
            let entry = self.replay(one, model, run: "r", id: id, at: 0)
            #expect(entry.owner == Ownership.owner(of: id, count: 2))
            #expect(self.replay(other, model, run: "r", id: id, at: 0).owner == entry.owner)
            #expect(self.unknown(one, id: id, at: 0).owner == entry.owner)
        }
    }

    /// It begins where it is answered and goes on where its model's lane is.
    @Test func aReplayMovesToItsModelsOwner() throws {
        let fixture = try MachineFixture()
        _ = try fixture.hold()
        let run = try fixture.run()
        fixture.take(try self.batch(fixture, self.replay(fixture, self.foreign, run: run, id: self.ours[0], at: 0)))
        #expect(fixture.transaction?.words.hasPrefix("command \(self.ours[0]) accepted \(self.foreign)") == true)
        try fixture.settle()
        #expect(fixture.written.values.joined().contains { $0.hasPrefix("moved out") || $0.contains("to 1") })
        #expect(fixture.unfinished == 0)
    }

    // MARK: Where a partition begins

    /// A journal that was begun anew must not do a year of commands again.
    @Test func aPartitionWithoutAPositionDoesNoOldCommands() throws {
        let fixture = try MachineFixture()
        let old = self.replay(fixture, self.model, run: "r", id: self.ours[3], at: 0)
        fixture.pass(2 * 3_600)
        _ = try fixture.hold()
        fixture.take(try self.batch(fixture, old, self.unknown(fixture, id: self.ours[4], at: 1)))
        let words = try #require(fixture.transaction?.words)
        #expect(words.hasPrefix("command \(self.ours[4]) refused"), "\(words)")
        #expect(fixture.unfinished == 0)
    }

    @Test func whatIsOlderThanTheHorizonIsRefused() throws {
        let fixture = try MachineFixture(horizon: .seconds(600))
        let record = self.replayRecord(fixture, self.model, run: "r", id: self.ours[3])
        let sent = fixture.now.wall
        fixture.pass(601)
        guard case .refused(let refusal) = self.entry(fixture, record, at: 0, time: sent).decision else {
            Issue.record("it is done")
            return
        }
        #expect(refusal.class == .tooOld && refusal.nextStep.contains("journal.dedupeHorizon"))
        guard case .rollout = self.entry(fixture, record, at: 0, time: fixture.now.wall).decision else {
            Issue.record("a new one is refused")
            return
        }
    }

    // MARK: Another topic

    /// A partition that has done this command, at that offset.
    private func hold(_ fixture: MachineFixture, done entry: CommandEntry) throws {
        fixture.take()
        fixture.answer()
        fixture.take(.group(.assigned([.inbox(0)], try MachineFixture.membership())))
        let position = CommandsPosition(behind: entry)
        fixture.take(MachineFixture.restored(self.lease, isNew: false, position: position))
        #expect(fixture.commandsWanted?.from == entry.offset, "what was done last is read again")
        #expect(fixture.commandsWanted?.reaching == position.next)
        try fixture.settle()
    }

    @Test func aTopicThatWasMadeAnewIsNamedAndNothingOfItDone() throws {
        let fixture = try MachineFixture()
        try self.hold(fixture, done: self.replay(fixture, self.model, run: "r", id: self.ours[3], at: 4))
        let others = [
            self.replay(fixture, self.model, run: "r", id: self.ours[5], at: 4),
            self.replay(fixture, self.model, run: "r", id: self.ours[6], at: 5),
        ]
        fixture.take(try self.batch(fixture, others[0], others[1]))
        #expect(
            fixture.told.contains {
                $0.contains("made anew") && $0.contains("slipway journal forget position:commands")
            }
        )
        #expect(fixture.unfinished == 0)
        fixture.pass(60)
        fixture.take(.woke)
        #expect(fixture.commandsWanted?.from == 4, "it is looked at again")
    }

    @Test func aTopicThatIsTheSameGoesOn() throws {
        let fixture = try MachineFixture()
        let done = self.replay(fixture, self.model, run: "r", id: self.ours[3], at: 4)
        try self.hold(fixture, done: done)
        fixture.take(
            try self.batch(fixture, done, self.replay(fixture, self.model, run: "r", id: self.ours[6], at: 5))
        )
        #expect(fixture.transaction?.words.hasPrefix("command \(self.ours[6]) accepted") == true)
    }

    /// By a newer client, or because it was a defect that passes.
    @Test func aBatchThatCanBeReadAfterAllIsNoOtherTopic() throws {
        let fixture = try MachineFixture()
        try self.hold(fixture, done: self.lost(fixture, 2..<5))
        fixture.take(
            try self.batch(
                fixture,
                self.unknown(fixture, id: self.ours[3], at: 4),
                self.unknown(fixture, id: self.ours[4], at: 5)
            )
        )
        #expect(!fixture.told.contains { $0.contains("made anew") }, "\(fixture.told)")
        #expect(fixture.transaction?.words.hasPrefix("command \(self.ours[4]) refused") == true)
    }

    @Test func aCommandThatWasDoneAndCannotBeReadAnyMoreIsNoOtherTopic() throws {
        let fixture = try MachineFixture()
        try self.hold(fixture, done: self.replay(fixture, self.model, run: "r", id: self.ours[3], at: 4))
        fixture.take(
            try self.batch(fixture, self.lost(fixture, 4..<5), self.unknown(fixture, id: self.ours[4], at: 5))
        )
        #expect(!fixture.told.contains { $0.contains("made anew") }, "\(fixture.told)")
        #expect(fixture.transaction?.words.hasPrefix("command \(self.ours[4]) refused") == true)
    }

    /// What retention has deleted behind such a batch is told as behind any command.
    @Test func commandsThatWereDeletedBehindAnUnreadableBatchAreTold() throws {
        let fixture = try MachineFixture()
        try self.hold(fixture, done: self.lost(fixture, 2..<5))
        let wanted = try #require(fixture.commandsWanted)
        let left = self.unknown(fixture, id: self.ours[4], at: 9)
        fixture.take(.commands(wanted.id, .success(CommandBatch(entries: [left], next: 10, oldest: 8))))
        #expect(fixture.told.contains("commands 5 to 7 lost for 0"), "\(fixture.told)")
    }

    /// Rule 23: what the topic keeps no longer is told as a range.
    @Test func commandsThatWereDeletedBeforeTheyWereDoneAreTold() throws {
        let fixture = try MachineFixture()
        try self.hold(fixture, done: self.replay(fixture, self.model, run: "r", id: self.ours[3], at: 4))
        let wanted = try #require(fixture.commandsWanted)
        let left = self.replay(fixture, self.model, run: "r", id: self.ours[6], at: 9)
        fixture.take(.commands(wanted.id, .success(CommandBatch(entries: [left], next: 10, oldest: 8))))
        #expect(fixture.told.contains("commands 5 to 7 lost for 0"), "\(fixture.told)")
        #expect(fixture.transaction?.words.hasPrefix("command \(self.ours[6]) accepted") == true)
    }

    // MARK: Room

    /// What was read and is not committed fills up no memory: the next batch waits for its transaction.
    @Test func readingWaitsForTheJournal() throws {
        let fixture = try MachineFixture { $0.maximumWaiting = 2 }
        _ = try fixture.hold()
        let first = try #require(fixture.commandsWanted)
        fixture.take(
            try self.batch(
                fixture,
                self.unknown(fixture, id: self.ours[3], at: 0),
                self.unknown(fixture, id: self.ours[4], at: 1)
            )
        )
        #expect(fixture.commandsWanted?.id == first.id)
        try fixture.commit()
        #expect(fixture.commandsWanted?.from == 2)
    }
}
