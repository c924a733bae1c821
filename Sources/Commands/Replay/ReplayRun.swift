// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Kafka
import Rollouts
import Values
import Worker

/// What `slipway replay` is asked to do.
struct ReplayOptions: Sendable, Equatable {
    /// Which events.
    var selection = ReplaySelection()
    /// The event topic that is read; `nil` for all of them.
    var topic: String?
    /// Whether they are sent.
    var applies = false
    /// The replay that each command names.
    var replay = Replay(id: "", reason: "")
    /// Who asks.
    var who = "unknown"
    /// How long it waits for answers; `nil` for not at all.
    var wait: Duration? = .seconds(60)
    /// Most events.
    var limit = 1_000
    /// Whether the report is JSON.
    var json = false
    /// How long the delivery of a command may take.
    var timeout = Duration.seconds(30)
    /// The command line that asks for the same again, under the same id.
    var again = ""

    init() {}

    /// Reads the command line.
    ///
    /// - Parameters:
    ///   - invocation: The command line.
    ///   - now: The time that durations count back from, and that a new replay id tells.
    /// - Throws: `UsageError` for what can't be read, or that no event could carry.
    init(_ invocation: Invocation, now: Timestamp) throws(UsageError) {
        self.topic = invocation.text("topic")
        self.selection.run = invocation.text("run")
        self.selection.model = invocation.text("model")
        self.selection.since = try Self.point("since", invocation, now)
        switch try Self.point("until", invocation, now) {
        case nil, .now: break
        case .at(let time): self.selection.until = time
        case .beginning: throw UsageError("nothing is before the beginning: --until takes a time")
        }
        self.selection.partition = invocation.integer("partition").map { Partition(rawValue: Int32(clamping: $0)) }
        self.selection.fromOffset = invocation.integer("from-offset").map { Offset(rawValue: Int64($0)) }
        self.selection.toOffset = invocation.integer("to-offset").map { Offset(rawValue: Int64($0)) }
        if let from = self.selection.fromOffset, let to = self.selection.toOffset, to < from {
            throw UsageError("--to-offset \(to) is before --from-offset \(from)")
        }
        self.applies = invocation.flag("apply")
        self.who = invocation.text("who") ?? Operator.name
        self.wait = invocation.flag("no-wait") ? nil : invocation.duration("wait") ?? self.wait
        self.replay = Replay(
            id: invocation.text("replay-id") ?? Self.newID(now),
            reason: invocation.text("reason") ?? "",
            allowsRollback: invocation.flag("allow-rollback")
        )
        if self.applies, self.replay.reason.allSatisfy(\.isWhitespace) {
            throw UsageError("--reason is empty: say why, for whoever reads the status events")
        }
        self.limit = invocation.integer("limit") ?? self.limit
        self.json = invocation.flag("json")
        self.timeout = invocation.duration("timeout") ?? self.timeout
        self.again = ReplayCommandLine.again(invocation, id: self.replay.id, now: now)
        try self.checkReplay()
    }

    private static func point(
        _ name: String,
        _ invocation: Invocation,
        _ now: Timestamp
    ) throws(UsageError) -> TimePoint? {
        guard let text = invocation.text(name) else { return nil }
        guard let point = TimePoint(text, now: now) else {
            throw UsageError("'\(text)' of --\(name) is none of: \(TimePoint.expectation)")
        }
        return point
    }

    /// An id that tells its time and is nobody else's: `replay-20260203T040506-7k3f9a1c`.
    static func newID(_ now: Timestamp) -> String {
        let time = now.description.prefix(19).filter { $0 != "-" && $0 != ":" }
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return "replay-\(time)-\(random.suffix(8))"
    }

    /// Lets the worker's own decoder judge what the operator says, in a command that has nothing else to object to.
    private func checkReplay() throws(UsageError) {
        let sample = ConsumedRecord(topicPartition: TopicPartition("sample", 0), offset: 0, value: [])
        let record = CommandEncoder.record(self.command(for: sample, at: .epoch), topic: "sample").asRead
        guard case .refused(_, let refusal) = CommandDecoder.decode(record) else { return }
        throw UsageError("the workers would not take --replay-id, --reason or --who: \(refusal.message)")
    }

    /// The command to run an event again; given again it has the same id, so that it is known.
    func command(for record: ConsumedRecord, at time: Timestamp) -> OperatorCommand {
        let place = "\(record.topic)/\(record.partition.rawValue)/\(record.offset.rawValue)"
        return OperatorCommand(
            head: CommandHead(
                id: "\(self.replay.id)/\(place)",
                kind: OperatorCommand.replayWord,
                who: self.who,
                reason: self.replay.reason
            ),
            time: time,
            kind: .replay(ReplayOrder(replay: self.replay, record: record))
        )
    }
}

/// The work of `slipway replay`.
struct ReplayRun: Sendable {
    let options: ReplayOptions
    let access: KafkaAccess
    let output: Output

    /// Finds the events, and sends or only shows them.
    ///
    /// Reads without a group; offsets of groups are never touched. Once something is sent, it is told what, and how to ask
    /// again, before any error is thrown.
    ///
    /// - Returns: Success if there was something to send and, where asked for, all of it was sent.
    /// - Throws: `KafkaError`, `MissingTopic`, `ReplayPlan.TooMany`, `UsageError`, `OutputClosed`,
    ///   `CancellationError`.
    func run() async throws -> ExitStatus {
        let topics = try await self.topics()
        let plan = try await self.plan(topics)
        let entries = plan.entries
        let report = ReplayReport(
            output: self.output,
            json: self.options.json,
            replay: self.options.replay,
            isApplied: self.options.applies,
            namesTopics: topics.count > 1
        )
        let sending = try await self.outcomes(entries)
        let rows = zip(entries, sending.outcomes).map { (entry: $0, outcome: $1) }
        do {
            try report.write(rows)
            try report.finish(plan, rows)
        } catch {
            // What ended the work is what the operator has to know; that nobody reads the report is told by the exit status.
            self.tellHowToAskAgain(sending)
            throw sending.failure ?? error
        }
        guard let failure = sending.failure else { return self.status(sending.outcomes) }
        self.tellHowToAskAgain(sending)
        throw failure
    }

    /// Without the id, who asks again deploys everything twice.
    private func tellHowToAskAgain(_ sending: Sending) {
        guard sending.hasSent else { return }
        self.output.writeErrorLine(
            "slipway replay: commands were sent; to ask again, with nothing deployed twice: \(self.options.again)"
        )
    }

    // MARK: Finding

    /// The event topics that are read.
    private func topics() async throws -> [Topic] {
        let names = try self.access.eventTopics(choosing: self.options.topic)
        let partition = self.options.selection.partition
        guard partition == nil || names.count == 1 else {
            throw UsageError(
                "--partition is one of several topics': say which by --topic (\(names.joined(separator: ", ")))"
            )
        }
        var topics: [Topic] = []
        for name in names { topics.append(try await self.access.topic(name)) }
        if let partition, let topic = topics.first, partition.rawValue >= topic.partitionCount {
            throw UsageError("'\(topic.name)' has \(topic.partitionCount) partitions, none has number \(partition)")
        }
        return topics
    }

    private func plan(_ topics: [Topic]) async throws -> ReplayPlan {
        let reader = try PartitionReader(
            properties: try self.access.properties(),
            isolation: .committed,
            stepsOver: true
        )
        do {
            let plan = try await self.plan(reader, topics)
            await reader.close()
            return plan
        } catch {
            await reader.close()
            throw error
        }
    }

    private func plan(_ reader: PartitionReader, _ topics: [Topic]) async throws -> ReplayPlan {
        let (options, selection) = (self.options, self.options.selection)
        var plan = ReplayPlan(selection, limit: options.limit)
        let pass = TopicPass(reader, topics)
        let ends = try await pass.ends()
        var starts = try await pass.starts(selection.since ?? .beginning)
        var stops = ends
        if let partition = selection.partition, let topic = topics.first {
            let place = TopicPartition(topic: topic.name, partition: partition)
            starts = starts.filter { $0.key == place }
            if let from = selection.fromOffset { starts[place] = max(from, starts[place] ?? from) }
            if let to = selection.toOffset { stops[place] = stops[place].map { min($0, to.next) } }
        }
        try await pass.run(from: starts, to: stops) { try plan.add($0) }
        return plan
    }

    // MARK: Sending

    /// What became of the events, and what ended the work early.
    private struct Sending {
        var outcomes: [ReplayReport.Outcome]
        /// Whether commands were given to the brokers; one whose delivery was not confirmed may lie there as well.
        var hasSent = false
        var failure: (any Error)?
    }

    private func outcomes(_ entries: [ReplayPlan.Entry]) async throws -> Sending {
        var outcomes: [ReplayReport.Outcome] = []
        var commands: [OperatorCommand] = []
        let now = Timestamp.now()
        for entry in entries {
            if let problem = entry.problem {
                outcomes.append(.left(problem))
                continue
            }
            commands.append(self.options.command(for: entry.record, at: now))
            outcomes.append(.planned)
        }
        guard self.options.applies, !commands.isEmpty else { return Sending(outcomes: outcomes) }
        try Task.checkCancellation()
        guard let wait = self.options.wait else {
            return Sending(outcomes: self.merged(outcomes, try await self.send(commands)), hasSent: true)
        }
        let answers = try await ReplayAnswers(self.access)
        do {
            let sent = try await self.send(commands)
            let (told, failure) = await self.told(commands, sent, answers, atMost: wait)
            await answers.close()
            return Sending(outcomes: self.merged(outcomes, told), hasSent: true, failure: failure)
        } catch {
            await answers.close()
            throw error
        }
    }

    /// Waits for answers, and says what is known of each command, even where the wait fails.
    private func told(
        _ commands: [OperatorCommand],
        _ sent: [ReplayReport.Outcome],
        _ answers: ReplayAnswers,
        atMost wait: Duration
    ) async -> ([ReplayReport.Outcome], failure: (any Error)?) {
        let delivered = zip(commands, sent).filter { $0.1.isSent }.map(\.0.head.id)
        var found: [String: CommandStatus] = [:]
        var failure: (any Error)?
        do {
            try await answers.wait(for: Set(delivered), atMost: wait, into: &found)
        } catch {
            failure = error
        }
        let told = zip(commands, sent).map { command, outcome -> ReplayReport.Outcome in
            guard outcome.isSent else { return outcome }
            return found[command.head.id].map { .answered($0) } ?? .unanswered(command.head.id)
        }
        return (told, failure)
    }

    /// Puts what became of the commands in place of what was planned.
    private func merged(
        _ outcomes: [ReplayReport.Outcome],
        _ told: [ReplayReport.Outcome]
    ) -> [ReplayReport.Outcome] {
        var told = told.makeIterator()
        return outcomes.map { outcome in
            guard case .planned = outcome, let result = told.next() else { return outcome }
            return result
        }
    }

    /// Sends them all.
    ///
    /// - Throws: What keeps a producer from starting; nothing once a command is sent.
    private func send(_ commands: [OperatorCommand]) async throws -> [ReplayReport.Outcome] {
        let milliseconds = max(1, self.options.timeout.wholeMilliseconds)
        let properties = try self.access.properties(or: [.init("message.timeout.ms", String(milliseconds))])
        let topic = self.access.commandsTopic
        let producer = try Producer(properties: properties)
        let results = await withTaskCancellationHandler {
            await producer.sendAll(commands.map { CommandEncoder.record($0, topic: topic) })
        } onCancel: {
            // What becomes of them may take as long as --timeout, and who interrupts again ends the process at once.
            self.output.writeErrorLine(
                "slipway replay: waiting until it is known what was delivered of replay id \(self.options.replay.id)"
            )
        }
        await producer.close()
        return results.map { result in
            switch result {
            case .success(let place): .sent(place)
            case .failure(let error): .failed(error, topic: topic)
            }
        }
    }

    private func status(_ outcomes: [ReplayReport.Outcome]) -> ExitStatus {
        var isAnything = false
        for outcome in outcomes {
            switch outcome {
            case .failed, .unanswered: return .failure
            case .answered(let status) where status.isRefused: return .failure
            case .planned, .sent, .answered: isAnything = true
            case .left: continue
            }
        }
        return isAnything ? .success : .failure
    }
}
