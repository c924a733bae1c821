// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
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
    private let state = Mutex(State())
    private let signal = WakeSignal()

    init(consumer: Consumer) { self.consumer = consumer }

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
        for await _ in self.signal.signals {
            while let questions = self.takeAlike() { await self.answer(questions) }
        }
        // The signals end with the task, too.
        self.close()
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
            guard let first = state.waiting.first else { return nil }
            defer { state.waiting.removeAll { $0.time == first.time } }
            return state.waiting.filter { $0.time == first.time }
        }
    }

    private func answer(_ questions: [Question]) async {
        let located: [TopicPartition: Location]
        do throws(KafkaError) {
            located = try await self.locate(Array(Set(questions.map(\.partition))), questions[0].time)
        } catch {
            guard questions.count > 1 else { return questions[0].answer(.failure(PortFailure(error))) }
            // A partition without a leader must hold back no other one.
            for question in questions { await self.answer([question]) }
            return
        }
        for question in questions {
            guard let location = located[question.partition] else {
                let text = "the leader of \(question.partition) named no offsets"
                question.answer(.failure(PortFailure(.outage, text)))
                continue
            }
            question.answer(.success(location))
        }
    }

    private func locate(
        _ partitions: [TopicPartition],
        _ time: Timestamp?
    ) async throws(KafkaError) -> [TopicPartition: Location] {
        var located = try await self.consumer.committed(partitions).mapValues { Location.committed($0) }
        let unknown = partitions.filter { located[$0] == nil }
        guard !unknown.isEmpty else { return located }
        let ends = try await self.consumer.watermarks(unknown)
        var atTime: [TopicPartition: Offset] = [:]
        if let time { atTime = try await self.consumer.offsets(of: unknown, at: time) }
        for (partition, ends) in ends { located[partition] = .uncommitted(ends: ends, atTime: atTime[partition]) }
        return located
    }
}
