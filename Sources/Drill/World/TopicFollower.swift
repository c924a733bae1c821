// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import SandboxPrograms
import Values

/// Reads a drill's topics from their beginnings, committed records only.
actor TopicFollower {
    private let topics: DrillTopics
    private let partitions: [TopicPartition]
    private let reader: PartitionReader
    private var seen = Observations()
    /// Rollouts that have ended and are still to be swept for orphans.
    private(set) var unswept: Set<String> = []
    private var ends: [TopicPartition: Offset] = [:]

    /// Begins to read.
    ///
    /// - Throws: `KafkaError` if no client can be made.
    init(_ topics: DrillTopics, _ settings: DrillSettings, _ kafka: KafkaProperties) async throws {
        self.topics = topics
        self.partitions = topics.partitions(settings)
        self.reader = try PartitionReader(properties: kafka)
        let starts = self.partitions.map { ($0, Offset(rawValue: 0)) }
        try await self.reader.assign(Dictionary(uniqueKeysWithValues: starts))
    }

    /// Reads until the task is cancelled.
    ///
    /// - Throws: `TallyFailure` for a status that can't be read, `KafkaError` when reading is no longer possible.
    func follow() async throws {
        while !Task.isCancelled { try await self.step() }
    }

    /// Reads on to the end that every partition has now.
    ///
    /// - Throws: as `follow`, and `DrillFailure` when the time is up.
    func finish(within time: Duration) async throws -> Observations {
        let deadline = ContinuousClock.now + time
        var behind: [TopicPartition: Offset] = [:]
        for partition in self.partitions {
            behind[partition] = try await self.reader.endOffset(partition, isolation: .uncommitted)
        }
        while let place = behind.first(where: { (self.ends[$0.key]?.rawValue ?? -1) < $0.value.rawValue })?.key {
            guard ContinuousClock.now < deadline else {
                throw DrillFailure("\(place) could not be read to its end within \(time.tenths) s")
            }
            try await self.step()
        }
        return self.seen
    }

    /// What was seen so far.
    var soFar: Observations { self.seen }

    /// How far what is expected has come, as far as it is read.
    func progress(of expected: Set<DrillPlan.ExpectedRollout>) -> Progress {
        var progress = Progress(deadLetters: self.seen.deadLetters.count)
        var ended: Set<DrillPlan.ExpectedRollout> = []
        for entry in self.seen.rollouts.entries {
            if entry.lastStatusCount == 0 { progress.underWay += 1 } else { ended.insert(.init(entry)) }
        }
        progress.ended = ended.intersection(expected).count
        return progress
    }

    /// How far rollouts and dead letters have come.
    struct Progress {
        /// Expected rollouts that have a last status; of several events about one run one is enough.
        var ended = 0
        /// Rollouts without one, of whichever event.
        var underWay = 0
        /// Dead letters.
        var deadLetters: Int
    }

    /// Ends reading.
    func close() async { await self.reader.close() }

    private func step() async throws {
        let batch: ReadBatch
        do throws(KafkaError) {
            batch = try await self.reader.poll(timeout: .milliseconds(250))
        } catch {
            guard !error.isFatal, !error.isClosed, !error.isAuthorization else { throw error }
            // A broker that is being restarted.
            try await Task.sleep(for: .milliseconds(200))
            return
        }
        for record in batch.records { try self.take(record) }
        self.ends.merge(batch.ends) { $1 }
    }

    private func take(_ record: ConsumedRecord) throws {
        switch record.topicPartition.topic {
        case self.topics.events, self.topics.tenant: self.seen.events += 1
        case self.topics.inbox:
            if record.headers.contains(where: { $0.name == Forwarding.HeaderName.moved }) {
                self.seen.moved += 1
            } else {
                self.seen.forwarded += 1
            }
        // What was asked for there is told on the status topic.
        case self.topics.commands: break
        case self.topics.status where Barrier.isEvent(record), self.topics.dead where Barrier.isEvent(record): break
        case self.topics.status:
            if let value = record.value { _ = try self.seen.rollouts.add(value, written: record.timestamp) }
            self.look(for: "status", in: record, [record.value ?? []])
        case self.topics.journal: self.takeJournal(record)
        default:
            // The value is the producer's, as it came.
            let notes = record.headers.filter { $0.name.hasPrefix("slipway_") }.map { $0.value ?? [] }
            self.look(for: "note of the dead letter", in: record, notes)
            let origin = DeadLetterNote(headers: record.headers)?.origin
            self.seen.deadLetters.append(origin.map(self.place))
        }
    }

    private func look(for name: String, in record: ConsumedRecord, _ texts: [[UInt8]]) {
        guard texts.contains(where: TerminalText.drives) else { return }
        self.seen.unescaped.append("\(name) at partition \(record.partition), offset \(record.offset)")
    }

    /// Where an event stood; with several event topics, in which of them.
    private func place(_ origin: Origin) -> Observations.Place {
        Observations.Place(
            topic: self.topics.tenant == nil ? "" : origin.topic,
            partition: origin.partition,
            offset: origin.offset
        )
    }

    private func takeJournal(_ record: ConsumedRecord) {
        guard !record.headers.contains(where: { $0.name == TopicOperator.strayField }) else { return }
        // It says nothing, so that whoever has lost the partition may write it, too.
        guard !Barrier.isOne(record) else { return }
        func text(_ name: String) -> String? { record.headers.last { $0.name == name }?.text }
        let key = String(decoding: record.key ?? [], as: UTF8.self)
        let kind = text(JournalRecord.HeaderName.kind)
        if text(JournalRecord.HeaderName.sweep) == nil { self.unswept.remove(key) } else { self.unswept.insert(key) }
        self.seen.journal.append(
            Observations.JournalEntry(
                partition: record.partition,
                offset: record.offset,
                at: record.timestamp ?? .epoch,
                process: text(JournalRecord.HeaderName.process) ?? "",
                generation: text(JournalRecord.HeaderName.generation).flatMap { Int32($0) } ?? -1,
                rolloutID: kind == "rollout" || kind == "moved" ? key : nil,
                isTerminal: kind == "moved"
                    || text(JournalRecord.HeaderName.phase).flatMap(Phase.init)?.isTerminal ?? false
            )
        )
    }
}
