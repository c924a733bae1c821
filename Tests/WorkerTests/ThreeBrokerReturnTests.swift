// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// Two of three brokers are away and come back with other leaders: readers without a group learn them by themselves.
@Suite(
    .serialized,
    .enabled(
        if: BrokerControl.hasThree,
        "KAFKA_BOOTSTRAP and KAFKA_CONTROL name no three brokers that may be killed (.ci/with-kafka 3)"
    ),
    .timeLimit(.minutes(10))
)
struct ThreeBrokerReturnTests {
    /// Who of Kafka's own dies, and what the workers are to their group.
    enum Case: CaseIterable {
        /// The group's coordinator lives, and with it the members that it knows.
        case coordinatorLives
        /// It comes back, knows the static members by their names, and gives each its partitions.
        case staticMembers
        /// It comes back and waits for members that are no more.
        ///
        /// librdkafka gives up its member id once a session has passed without an answer (`rd_kafka_cgrp_session_timeout_check`),
        /// and the coordinator counts the old id's session anew from its own return.
        case dynamicMembers

        /// The longest that a partition may stay unserved, in seconds: from when Kafka serves, but for dynamic members, where it
        /// is a session and a little more from when the coordinator answers.
        var bound: Double { self == .dynamicMembers ? ThreeBrokerReturnTests.session + 5 : 15 }
    }

    static let session = 20.0

    @Test(arguments: Case.allCases)
    func everyPartitionIsHeldSoonAfterTheBrokersReturn(_ kind: Case) async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 12, clock: .init(fixed: .seconds(2))) { bed in
            let runs = try await bed.seedRuns(24)
            try await bed.withWorker(bed.settings(of: kind, "first")) { first in
                try await bed.withWorker(bed.settings(of: kind, "second")) { second in
                    let workers = [first, second]
                    for index in 0..<12 {
                        try await bed.emit(runs[index].data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
                    }
                    _ = try await bed.phases(untilEnded: 2)
                    let returns = try await bed.killAndBoot(coordinatorIsAmongThem: kind != .coordinatorLives)
                    for index in 12..<24 {
                        try await bed.emit(runs[index].data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
                    }
                    let phases = try await bed.phases(untilEnded: 24)
                    #expect(phases.count == 24)
                    #expect(phases.values.allSatisfy { $0.last == "deployed" })
                    let since = kind == .dynamicMembers ? returns.coordinator : returns.all
                    let seconds = workers.map { Double($0.heldAgain.milliseconds(since: since)) / 1_000 }
                    print("\(kind): held again after \(seconds) s, of \(kind.bound) s")
                    #expect(workers.allSatisfy { $0.health.isReady })
                    #expect(seconds.allSatisfy { $0 < kind.bound })
                }
            }
            #expect(try await bed.audit().created == ["version": 24, "model": 24, "build": 24, "deployment": 24])
        }
    }
}

extension Worker {
    /// Since when its partitions are all ready.
    fileprivate var heldAgain: Timestamp {
        self.health.snapshot.first { $0.name == "partitions" && $0.cause == nil }?.since ?? .now()
    }
}

extension WorkerFixture {
    fileprivate func settings(of kind: ThreeBrokerReturnTests.Case, _ name: String) -> WorkerSettings {
        var settings = self.settings(.catchAll)
        settings.transactionTimeout = .seconds(5)
        settings.sessionTimeout = .seconds(ThreeBrokerReturnTests.session)
        settings.groupInstanceID = kind == .staticMembers ? name : nil
        return settings
    }

    /// Takes two of three brokers away for 45 s, and tells when the group's coordinator answered again, and when all served.
    fileprivate func killAndBoot(
        coordinatorIsAmongThem: Bool
    ) async throws -> (coordinator: Timestamp, all: Timestamp) {
        let dead = try await self.nodes(coordinatorIsAmongThem: coordinatorIsAmongThem)
        for node in dead { try await BrokerControl.run("kill", node) }
        // Long enough for transactions to fail, and for readers to meet leaders that are away; nothing tells the end.
        try await Task.sleep(for: .seconds(45))
        async let coordinator = self.returnOfCoordinator()
        for node in dead { try await BrokerControl.run("boot", node) }
        try await self.waitForLeaders()
        return try await (coordinator, max(coordinator, .now()))
    }

    /// Waits until the group's coordinator has read its log and answers for the group.
    ///
    /// By a consumer: a connection that breaks under such a request of an admin client ends the process (librdkafka #5397).
    private func returnOfCoordinator() async throws -> Timestamp {
        let consumer = try Consumer(properties: self.kafka, settings: ConsumerSettings(groupID: self.groupID))
        let deadline = ContinuousClock.now + .seconds(120)
        var returned: Timestamp?
        while returned == nil {
            try #require(ContinuousClock.now < deadline, "no coordinator")
            do {
                _ = try await consumer.committed([TopicPartition(self.topics.inbox, 0)], timeout: .seconds(1))
                returned = .now()
            } catch {
                // It is away, or reads its log.
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        await consumer.close()
        return try #require(returned)
    }

    /// Waits until every partition of the worker's topics and of Kafka's own has a leader.
    fileprivate func waitForLeaders() async throws {
        let admin = try Admin(properties: self.kafka)
        let deadline = ContinuousClock.now + .seconds(120)
        var isServed = false
        while !isServed {
            try #require(ContinuousClock.now < deadline, "no leaders")
            do {
                let topics = try await admin.topics(timeout: .seconds(2))
                let wanted = topics.values.filter { $0.name.hasPrefix("__") || self.topics.all.contains($0.name) }
                isServed = wanted.count > self.topics.all.count && wanted.allSatisfy(\.hasLeaders)
            } catch {
                // Not yet.
            }
            // Brokers tell nobody when they have elected leaders.
            if !isServed { try await Task.sleep(for: .milliseconds(100)) }
        }
        await admin.close()
    }

    /// Two of the three brokers.
    fileprivate func nodes(coordinatorIsAmongThem isAmongThem: Bool) async throws -> [Int] {
        let admin = try Admin(properties: self.kafka)
        let coordinator = try await admin.group(self.groupID).coordinator
        await admin.close()
        let node = try #require(coordinator)
        let others = (1...3).filter { $0 != node }
        return isAmongThem ? [node, others[0]] : others
    }
}
