// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import TestSupport
import Testing
import Values

@testable import Worker

/// A partition whose leader is away holds up no other one that is looked up.
@Suite(.timeLimit(.minutes(2)))
struct LocationsTests {
    /// What was answered, and when.
    private final class Answers: Sendable {
        private let all = Mutex<[(isKnown: Bool, at: ContinuousClock.Instant)]>([])

        var count: Int { self.all.withLock { $0.count } }
        var unknown: Int { self.all.withLock { $0.count { !$0.isKnown } } }
        /// When the last partition was answered of which is known where it stands.
        var lastKnown: ContinuousClock.Instant? { self.all.withLock { $0.last { $0.isKnown }?.at } }

        func note(_ result: Result<Location, PortFailure>) {
            let isKnown = if case .success = result { true } else { false }
            self.all.withLock { $0.append((isKnown, .now)) }
        }
    }

    private static func ask(_ locations: Locations, _ topic: String, _ time: Timestamp?) -> Answers {
        let answers = Answers()
        for partition in TopicPartition.all(of: topic, count: 9) {
            locations.ask(partition, time) { answers.note($0) }
        }
        return answers
    }

    @Test func thoseOfADeadBrokerHoldUpNoOthers() async throws {
        let cluster = try MockCluster(brokers: 3)
        for topic in ["events", "inbox"] { try await cluster.createTopic(topic, partitionCount: 9) }
        try await cluster.setCoordinator(ofGroup: "g", broker: 1)
        let properties = try KafkaProperties(bootstrapServers: cluster.bootstrapServers)
        let consumer = try Consumer(properties: properties, settings: ConsumerSettings(groupID: "g"))
        let locations = Locations(consumer: consumer, marks: ReadMarks(), logger: TestLog().logger)
        let serving = Task { await locations.run() }
        // All brokers are known, and then one of them dies.
        let before = Self.ask(locations, "inbox", nil)
        while before.count < 9 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(before.unknown == 0)
        try await cluster.setBroker(3, isUp: false)
        let start = ContinuousClock.now
        let events = Self.ask(locations, "events", Timestamp(millisecondsSinceEpoch: 1))
        try await Task.sleep(for: .milliseconds(500))
        let inbox = Self.ask(locations, "inbox", nil)
        while events.count < 9 || inbox.count < 9 { try await Task.sleep(for: .milliseconds(50)) }
        #expect(events.unknown + inbox.unknown > 0, "what this test is about")
        for answers in [events, inbox] { #expect(try #require(answers.lastKnown) - start < .seconds(20)) }
        #expect(.now - start < .seconds(60))
        locations.close()
        await serving.value
        await consumer.close()
        await cluster.close()
    }
}
