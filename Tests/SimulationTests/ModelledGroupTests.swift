// SPDX-License-Identifier: Apache-2.0

import Simulation
import Testing
import Values

@Suite("The modelled Kafka's groups")
struct ModelledGroupTests {
    private let kafka = ModelledKafka()
    private let topic: Int
    private let group: Int

    init() {
        self.topic = self.kafka.addTopic("events", partitions: 4)
        self.group = self.kafka.addGroup(
            "group",
            subscribing: [self.topic],
            settings: ModelledGroup.Settings(sessionTimeout: .seconds(10))
        )
    }

    private func join(_ member: Int?, owning owned: [LogID] = [], at seconds: Int64) -> Int {
        self.kafka.withGroup(self.group) { $0.join(member, owned: owned, now: moment(seconds)) }
    }

    private func advance(_ seconds: Int64) -> [ModelledGroup.Assignment] {
        self.kafka.withGroup(self.group) { $0.advance(now: moment(seconds)) }
    }

    private func beat(_ member: Int, _ seconds: Int64) -> ModelledGroup.Pulse {
        self.kafka.withGroup(self.group) { $0.heartbeat(member, now: moment(seconds)) }
    }

    @Test("the first member waits a moment for others, and then has all partitions")
    func begins() {
        let member = self.join(nil, at: 0)
        #expect(self.advance(2).isEmpty)
        let assignments = self.advance(3)
        #expect(assignments.map(\.member) == [member])
        #expect(assignments.first?.logs.count == 4)
        #expect(assignments.first?.generation == 1)
    }

    @Test("what changes hands is nobody's until its holder has given it up")
    func movesInTwoSteps() throws {
        let first = self.join(nil, at: 0)
        let all = try #require(self.advance(3).first?.logs)
        let second = self.join(nil, at: 4)
        #expect(self.beat(first, 4) == .rebalancing)
        #expect(self.advance(5).isEmpty)
        _ = self.join(first, owning: all, at: 5)
        let between = self.advance(5)
        let kept = try #require(between.first { $0.member == first }?.logs)
        #expect(kept.count == 2)
        #expect(between.first { $0.member == second }?.logs == [])
        _ = self.join(first, owning: kept, at: 6)
        _ = self.join(second, owning: [], at: 6)
        let after = self.advance(6)
        #expect(after.first { $0.member == first }?.logs == kept)
        #expect(after.first { $0.member == second }?.logs == all.filter { !kept.contains($0) })
    }

    @Test("a dead dynamic member keeps a rebalance up until its session ends")
    func waitsForTheDead() {
        let first = self.join(nil, at: 0)
        let second = self.join(nil, at: 0)
        _ = self.advance(3)
        #expect(self.beat(first, 8) == .fine)
        _ = self.join(nil, at: 9)
        _ = self.join(first, owning: [], at: 9)
        #expect(self.advance(9).isEmpty)
        #expect(!self.advance(10).contains { $0.member == second })
    }

    @Test("who was forgotten is told so, and joins as another with nothing")
    func forgets() {
        let member = self.join(nil, at: 0)
        let logs = self.advance(3).first?.logs ?? []
        _ = self.advance(20)
        #expect(self.beat(member, 21) == .unknownMember)
        #expect(self.join(member, owning: logs, at: 21) != member)
    }

    @Test("a new generation begins when the last member has joined, and not before")
    func countsGenerations() {
        let first = self.join(nil, at: 0)
        _ = self.advance(3)
        _ = self.join(nil, at: 4)
        #expect(self.kafka.groups[self.group].generation == 1)
        _ = self.join(first, owning: [], at: 5)
        _ = self.advance(5)
        #expect(self.kafka.groups[self.group].generation == 2)
    }

    @Test("partitions that come start a rebalance when the leader looks")
    func grows() {
        let member = self.join(nil, at: 0)
        let logs = self.advance(3).first?.logs ?? []
        self.kafka.grow(self.topic, to: 5)
        #expect(self.beat(member, 4) == .fine)
        self.kafka.refreshMetadata(of: self.group, now: moment(4))
        #expect(self.beat(member, 4) == .rebalancing)
        _ = self.join(member, owning: logs, at: 5)
        #expect(self.advance(5).first?.logs.count == 5)
    }
}
