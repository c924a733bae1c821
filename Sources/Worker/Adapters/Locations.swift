// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import Telemetry
import Values

/// Looks up where partitions stand, all that are asked for meanwhile in one go.
///
/// A leader answers a consumer's requests one after the other, and one to fetch records waits up to half a second for some. So
/// a look takes that long while other partitions are read already, and one for each of many would take them a minute.
final class Locations: Sendable {
    /// Is told where the partition stands, or why nobody knows.
    typealias Answer = @Sendable (Result<Location, PortFailure>) -> Void

    private struct Question: Sendable {
        var partition: TopicPartition
        /// The time for which an offset is wanted, too.
        var time: Timestamp?
        var answer: Answer
    }

    private struct State: Sendable {
        var waiting: [Question] = []
        var isClosed = false
    }

    private let consumer: Consumer
    private let marks: ReadMarks
    private let logger: Logger
    private let state = Mutex(State())
    private let signal = WakeSignal()

    init(consumer: Consumer, marks: ReadMarks, logger: Logger) {
        self.consumer = consumer
        self.marks = marks
        self.logger = logger
    }

    /// Asks where a partition stands; with a time, for the first offset as new as that, too.
    ///
    /// - Parameters:
    ///   - partition: The partition.
    ///   - time: Looked up where the group has committed no offset.
    ///   - answer: Is called once.
    func ask(_ partition: TopicPartition, _ time: Timestamp?, _ answer: @escaping Answer) {
        let question = Question(partition: partition, time: time, answer: answer)
        let isClosed = self.state.withLock { state in
            if !state.isClosed { state.waiting.append(question) }
            return state.isClosed
        }
        guard !isClosed else { return answer(.failure(Self.closed)) }
        self.signal.send()
    }

    /// Returns where a partition stands.
    func location(of partition: TopicPartition) async -> Result<Location, PortFailure> {
        await withCheckedContinuation { continuation in
            self.ask(partition, nil) { continuation.resume(returning: $0) }
        }
    }

    /// Serves until it is closed; what waits then is answered with a failure.
    func run() async {
        for await _ in self.signal.signals { await self.serve() }
        // The signals end with the task, too.
        self.close()
    }

    /// Answers all that waits.
    ///
    /// A partition without a leader, or whose offset an open transaction holds, must hold back no other one: it is tried again
    /// by itself, one at a time, and whoever asks meanwhile goes before.
    private func serve() async {
        var hard = FIFO<Hard>()
        var failures = 0
        while true {
            while let questions = self.takeAlike() {
                for one in await self.answer(questions) { hard.append(one) }
            }
            guard let next = hard.popFirst() else { return }
            if await self.answer(next) {
                failures = 0
                continue
            }
            hard.append(next)
            failures += 1
            guard failures >= hard.count else { continue }
            failures = 0
            // A cancelled sleep ends at once, and then so do the questions.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// A question that could not be answered together with others.
    private struct Hard: Sendable {
        var question: Question
        var deadline: ContinuousClock.Instant
    }

    /// Takes no more questions, and answers those that wait.
    func close() {
        let waiting = self.state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for question in waiting { question.answer(.failure(Self.closed)) }
        self.signal.finish()
    }

    private static let closed = PortFailure(.closed, "the consumer is closed")

    /// Takes all that waits for an answer about the same time.
    private func takeAlike() -> [Question]? {
        self.state.withLock { state in
            guard let time = state.waiting.first.map(\.time) else { return nil }
            defer { state.waiting.removeAll { $0.time == time } }
            return state.waiting.filter { $0.time == time }
        }
    }

    /// Looks up all in one go.
    ///
    /// - Returns: Those that have to be asked for one by one; nothing where all are answered.
    private func answer(_ questions: [Question]) async -> [Hard] {
        do throws(KafkaError) {
            try await self.locate(questions, timeout: .seconds(3))
            return []
        } catch {
            let deadline = ContinuousClock.now + Self.timeout
            return questions.map { Hard(question: $0, deadline: deadline) }
        }
    }

    /// Looks up one that was not answered with others.
    ///
    /// - Returns: Whether it was answered.
    private func answer(_ hard: Hard) async -> Bool {
        do throws(KafkaError) {
            try await self.locate([hard.question], timeout: .seconds(1))
        } catch {
            guard !error.isOutage || hard.deadline <= .now || Task.isCancelled else { return false }
            hard.question.answer(.failure(PortFailure(error)))
        }
        return true
    }

    /// How long a look may take; transactions of workers that have died are over by then.
    private static let timeout = Duration.seconds(30)

    private func locate(_ questions: [Question], timeout: Duration) async throws(KafkaError) {
        let located = try await self.locate(Array(Set(questions.map(\.partition))), questions[0].time, timeout)
        for question in questions {
            guard let location = located[question.partition] else {
                let text = "the leader of \(question.partition) named no offsets"
                question.answer(.failure(PortFailure(.outage, text)))
                continue
            }
            question.answer(.success(location))
        }
    }

    /// From where a partition is read on whose offset is committed: from there, unless somebody else has moved it while this
    /// process had the partition before.
    private func trusted(_ partition: TopicPartition, _ committed: CommittedOffset) -> Offset {
        guard case .foreign(let offset) = self.marks.judge(partition, committed) else { return committed.offset }
        self.logger.error(
            "offset was committed by somebody else",
            [
                "partition": .describing(partition), "committed": .integer(committed.offset.rawValue),
                "readFrom": .integer(offset.rawValue), "nextStep": .string(Self.wayBack),
            ]
        )
        return offset
    }

    private static let wayBack =
        "events before it may have been passed over: if nobody meant that, stop all workers and set it back with "
        + "kafka-consumer-groups --reset-offsets; what is read again is not deployed again"

    private func locate(
        _ partitions: [TopicPartition],
        _ time: Timestamp?,
        _ timeout: Duration
    ) async throws(KafkaError) -> [TopicPartition: Location] {
        var located: [TopicPartition: Location] = [:]
        let deadline = ContinuousClock.now + timeout
        for (partition, committed) in try await self.consumer.committed(partitions, timeout: timeout) {
            located[partition] = .committed(self.trusted(partition, committed))
        }
        let unknown = partitions.filter { located[$0] == nil }
        guard !unknown.isEmpty else { return located }
        // Brokers drop the offsets of a topic that is deleted. From where it is read on the journal knows.
        for partition in unknown where self.marks.isGone(partition) {
            self.logger.warning(
                "committed offset is gone: the topic was made anew, or somebody deleted offsets",
                ["partition": .describing(partition)]
            )
        }
        let ends = try await self.consumer.watermarks(unknown, timeout: Self.rest(of: deadline))
        var atTime: [TopicPartition: Offset] = [:]
        if let time {
            atTime = try await self.consumer.offsets(of: unknown, at: time, timeout: Self.rest(of: deadline))
        }
        for (partition, ends) in ends { located[partition] = .uncommitted(ends: ends, atTime: atTime[partition]) }
        return located
    }

    /// What is left of the time for a look, but enough for an answer.
    private static func rest(of deadline: ContinuousClock.Instant) -> Duration {
        max(deadline - .now, .milliseconds(300))
    }
}
