// SPDX-License-Identifier: Apache-2.0

import Simulation
import Testing
import Values

@Suite("The modelled Kafka's transactions")
struct ModelledTransactionTests {
    private let kafka = ModelledKafka()
    private let topic: Int
    private let group: Int
    private let member: Int
    private let generation: Int32
    private let log: LogID

    init() {
        self.topic = self.kafka.addTopic("journal", partitions: 1)
        self.group = self.kafka.addGroup("group", subscribing: [self.topic], settings: ModelledGroup.Settings())
        self.log = LogID(topic: self.topic, partition: 0)
        self.member = self.kafka.withGroup(self.group) { $0.join(nil, owned: [], now: moment(0)) }
        let assignments = self.kafka.withGroup(self.group) { $0.advance(now: moment(4)) }
        self.generation = assignments.first?.generation ?? 0
    }

    private func write(_ text: String, _ producer: ProducerIdentity) throws {
        let record = ProducerRecord(topic: "journal", partition: 0, key: Array(text.utf8), value: nil)
        try self.kafka.produce([record], by: producer, wall: .epoch, now: moment(5))
    }

    private func send(_ offset: Int64, _ producer: ProducerIdentity, generation: Int32? = nil) throws {
        try self.kafka.sendOffsets(
            [(log: self.log, offset: offset)],
            group: self.group,
            member: self.member,
            generation: generation ?? self.generation,
            by: producer,
            now: moment(5)
        )
    }

    private var readable: [String] {
        var texts: [String] = []
        _ = self.kafka.read(self.log, from: 0, to: .max, limit: .max) { _, record in
            texts.append(String(decoding: record.key ?? [], as: UTF8.self))
        }
        return texts
    }

    private var committed: Int64? {
        get throws { try self.kafka.groups[self.group].committedOffset(of: self.log) }
    }

    private func producer(_ id: String = "a") -> ProducerIdentity {
        self.kafka.initProducer(id, timeout: .seconds(10), now: moment(5))
    }

    @Test("records and offsets appear together, at the commit")
    func commits() throws {
        let producer = self.producer()
        try self.write("x", producer)
        try self.send(7, producer)
        #expect(self.readable.isEmpty)
        #expect(throws: BrokerRefusal.unstableOffset) { try self.committed }
        try self.kafka.endTransaction(producer, committing: true)
        #expect(self.readable == ["x"])
        #expect(try self.committed == 7)
    }

    @Test("of one that is aborted nothing is seen, and its places stay")
    func aborts() throws {
        let producer = self.producer()
        try self.write("x", producer)
        try self.send(7, producer)
        try self.kafka.endTransaction(producer, committing: false)
        #expect(self.readable.isEmpty)
        #expect(try self.committed == nil)
        #expect(self.kafka[self.log].high == 2)
    }

    @Test("the last stable offset stands before the oldest that is open")
    func holdsBack() throws {
        let (first, second) = (self.producer("a"), self.producer("b"))
        try self.write("x", first)
        try self.write("y", second)
        try self.kafka.endTransaction(second, committing: true)
        #expect(self.kafka[self.log].lastStable == 0)
        #expect(self.readable.isEmpty)
        try self.kafka.endTransaction(first, committing: true)
        #expect(self.readable == ["x", "y"])
    }

    @Test("membership is checked by the offsets, and by nothing else")
    func fences() throws {
        let producer = self.producer()
        try self.write("x", producer)
        #expect(throws: BrokerRefusal.illegalGeneration) { try self.send(1, producer, generation: self.generation - 1) }
        // Rule 1: with an empty list nobody looks.
        try self.kafka.sendOffsets([], group: self.group, member: 99, generation: 0, by: producer, now: moment(5))
        try self.kafka.endTransaction(producer, committing: true)
        #expect(self.readable == ["x"])
    }

    @Test("who takes the transactional id over fences the one before, and aborts what it has open")
    func takesOver() throws {
        let old = self.producer()
        try self.write("x", old)
        let new = self.producer()
        #expect(throws: BrokerRefusal.fenced) { try self.kafka.endTransaction(old, committing: true) }
        #expect(self.kafka.openTransactions == 0)
        try self.write("y", new)
        try self.kafka.endTransaction(new, committing: true)
        #expect(self.readable == ["y"])
    }

    @Test("one that is open for too long is aborted, and its producer fenced")
    func expires() throws {
        let producer = self.producer()
        try self.write("x", producer)
        self.kafka.expireTransactions(now: moment(14))
        #expect(self.kafka.openTransactions == 1)
        self.kafka.expireTransactions(now: moment(15))
        #expect(self.kafka.openTransactions == 0)
        #expect(throws: BrokerRefusal.fenced) { try self.write("y", producer) }
    }

    @Test("a late copy of a commit acts on the next transaction of the same producer (rule 19)")
    func latesCopies() throws {
        let producer = self.producer()
        try self.write("x", producer)
        try self.kafka.endTransaction(producer, committing: true)
        // Once more, with success, while nothing is open.
        try self.kafka.endTransaction(producer, committing: true)
        try self.write("y", producer)
        try self.kafka.endTransaction(producer, committing: true)
        #expect(self.readable == ["x", "y"])
        // A new producer of the same id is safe from it.
        let renewed = self.producer()
        try self.write("z", renewed)
        #expect(throws: BrokerRefusal.fenced) { try self.kafka.endTransaction(producer, committing: true) }
        #expect(self.readable == ["x", "y"])
    }

    @Test("a partition without a leader takes nothing")
    func needsLeader() throws {
        self.kafka.loseLeader(of: self.log, until: moment(6))
        let producer = self.producer()
        #expect(throws: BrokerRefusal.noLeader) { try self.write("x", producer) }
        #expect(!self.kafka.hasLeader(self.log, now: moment(5)))
        #expect(self.kafka.hasLeader(self.log, now: moment(6)))
    }

    @Test("a topic that is made again has no records, and the group no offsets in it")
    func remakes() throws {
        let producer = self.producer()
        try self.write("x", producer)
        try self.send(1, producer)
        try self.kafka.endTransaction(producer, committing: true)
        self.kafka.remake(self.topic)
        #expect(self.kafka[self.log].high == 0)
        #expect(try self.committed == nil)
    }
}

/// A moment so many seconds after the start.
func moment(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }
