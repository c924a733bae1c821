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
    /// The replay that each copy names.
    var replay = Replay(id: "", reason: "")
    /// Whether the operator chose the id, so that it may have been used before.
    var isIDGiven = false
    /// Most events.
    var limit = 1_000
    /// Whether the report is JSON.
    var json = false
    /// How long the delivery of an event may take.
    var timeout = Duration.seconds(30)

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
        self.selection.includesReplays = invocation.flag("include-replays")
        if let from = self.selection.fromOffset, let to = self.selection.toOffset, to < from {
            throw UsageError("--to-offset \(to) is before --from-offset \(from)")
        }
        self.applies = invocation.flag("apply")
        self.isIDGiven = invocation.isGiven("replay-id")
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

    /// Lets the worker's own decoder judge id and reason, on an event that has nothing else to object to.
    private func checkReplay() throws(UsageError) {
        let sample = RunFinishedEvent(
            source: "/slipway/replay",
            id: "sample",
            time: nil,
            data: RunFinishedData(run: RunReference(experimentID: "sample", runID: "sample")),
            replay: self.replay,
            origin: Origin(topic: "sample", partition: 0, offset: 0)
        )
        let record = EventEncoder.record(sample, topic: "sample").asRead
        guard case .failure(let reason) = EventDecoder.decode(OriginalRecord(record)) else { return }
        throw UsageError("the worker would not take --replay-id or --reason: \(reason.message)")
    }
}

/// The work of `slipway replay`.
struct ReplayRun: Sendable {
    let options: ReplayOptions
    let access: KafkaAccess
    let output: Output

    /// Finds the events, and sends or only shows them.
    ///
    /// Reads without a group; offsets of groups are never touched.
    ///
    /// - Returns: Success if there was something to send and, where asked for, all of it was sent.
    /// - Throws: `KafkaError`, `MissingTopic`, `ReplayPlan.TooMany`, `UsageError`, `CancellationError`.
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
        let outcomes = try await self.outcomes(entries)
        let rows = zip(entries, outcomes).map { (entry: $0, outcome: $1) }
        try report.write(rows)
        try report.finish(plan, rows)
        return self.status(outcomes)
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
        let reader = try PartitionReader(properties: try self.access.properties(), isolation: .committed)
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
        var plan = ReplayPlan(selection, replayID: options.replay.id, limit: options.limit)
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
        guard options.isIDGiven, selection.partition != nil || selection.since != nil else { return plan }
        // Copies that this replay made before lie behind the events, maybe in other partitions.
        let oldest = plan.oldestTime.map { TimePoint.at($0) }
        try await pass.run(from: try await pass.starts(oldest ?? .beginning), to: ends) {
            plan.noteIfSentBefore($0)
        }
        return plan
    }

    // MARK: Sending

    private func outcomes(_ entries: [ReplayPlan.Entry]) async throws -> [ReplayReport.Outcome] {
        var outcomes: [ReplayReport.Outcome] = []
        var copies: [ProducerRecord] = []
        for entry in entries {
            if let problem = entry.problem {
                outcomes.append(.left(problem))
                continue
            }
            do throws(DeadLetterReason) {
                copies.append(try self.copy(entry))
                outcomes.append(.planned)
            } catch {
                outcomes.append(.left(ReplayPlan.Problem(class: error.class.rawValue, message: error.message)))
            }
        }
        guard self.options.applies, !copies.isEmpty else { return outcomes }
        try Task.checkCancellation()
        var results = try await self.send(copies).makeIterator()
        return outcomes.map { outcome in
            guard outcome == .planned, let result = results.next() else { return outcome }
            switch result {
            case .success(let place): return .sent(place)
            case .failure(let error): return .failed(error)
            }
        }
    }

    /// The event as it is sent again: as it was, to the topic that it came from, with the replay.
    private func copy(_ entry: ReplayPlan.Entry) throws(DeadLetterReason) -> ProducerRecord {
        var record = try EventEncoder.replayed(entry.record, self.options.replay, topic: entry.record.topic)
        if let model = entry.model { record.key = Array(model.utf8) }
        // The copy is larger than the event was, so the worker's limits are tried once more.
        _ = try EventDecoder.decode(OriginalRecord(record.asRead)).get()
        return record
    }

    private func send(_ records: [ProducerRecord]) async throws -> [Result<RecordMetadata, KafkaError>] {
        let milliseconds = max(1, self.options.timeout.wholeMilliseconds)
        let properties = try self.access.properties(or: [.init("message.timeout.ms", String(milliseconds))])
        let producer = try Producer(properties: properties)
        let results = await producer.sendAll(records)
        await producer.close()
        return results
    }

    private func status(_ outcomes: [ReplayReport.Outcome]) -> ExitStatus {
        var isAnything = false
        for outcome in outcomes {
            switch outcome {
            case .failed: return .failure
            case .planned, .sent, .left(.alreadySent): isAnything = true
            case .left: continue
            }
        }
        return isAnything ? .success : .failure
    }
}
