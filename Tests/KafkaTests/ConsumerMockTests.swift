// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Values

@Suite("Consumer on the mock cluster", .timeLimit(.minutes(5)))
struct ConsumerMockTests {
    private let topic = "events"

    /// Runs `body` with a consumer that holds all partitions of a topic that has so many records in each.
    private func withConsumer(
        partitions: Int = 1,
        records: Int = 10,
        settings: (inout ConsumerSettings) -> Void = { _ in },
        _ body: (Consumer, inout KafkaProbe, [TopicPartition]) async throws -> Void
    ) async throws {
        try await KafkaFixture.withMock(topics: [self.topic: partitions]) { _, properties in
            try await self.fill(properties, partitions: partitions, records: records)
            var chosen = ConsumerSettings(groupID: "group")
            settings(&chosen)
            let consumer = try Consumer(properties: properties, settings: chosen)
            try await consumer.subscribe([self.topic])
            var probe = KafkaProbe(consumer)
            let assigned = try await probe.assignment()
            try await body(consumer, &probe, assigned.sorted())
            await consumer.close()
        }
    }

    private func fill(_ properties: KafkaProperties, partitions: Int, records: Int) async throws {
        let producer = try Producer(properties: properties)
        let all = (0..<partitions).flatMap { partition in
            (0..<records).map { number in
                ProducerRecord(
                    topic: self.topic,
                    partition: Partition(rawValue: Int32(partition)),
                    key: Array("key-\(number)".utf8),
                    value: Array("value-\(number)".utf8)
                )
            }
        }
        for report in await producer.sendAll(all) { _ = try report.get() }
        await producer.close()
    }

    @Test func recordsComeOnlyAfterResume() async throws {
        try await self.withConsumer { consumer, probe, partitions in
            #expect(probe.log == ["assigned \(partitions)"])
            #expect(consumer.assignment == Set(partitions))
            #expect(probe.membership?.groupID == "group")
            try await consumer.resume(partitions)
            let records = try await probe.records(10)
            #expect(records.map(\.offset.rawValue) == Array(0..<10))
        }
    }

    @Test func everyFieldSurvives() async throws {
        try await KafkaFixture.withMock(topics: [self.topic: 1]) { _, properties in
            let producer = try Producer(properties: properties)
            let headers = [
                RecordHeader("a", "1"), RecordHeader("a", "2"), RecordHeader("null", nil),
                RecordHeader("empty", []),
            ]
            let sent = [
                ProducerRecord(
                    topic: self.topic,
                    key: [0, 255],
                    value: [1, 0, 2],
                    headers: headers,
                    timestamp: Timestamp(millisecondsSinceEpoch: 7)
                ),
                ProducerRecord(topic: self.topic, key: nil, value: nil),
                ProducerRecord(topic: self.topic, key: [], value: []),
            ]
            for record in sent { _ = try await producer.send(record) }
            await producer.close()

            let consumer = try Consumer(properties: properties, settings: ConsumerSettings(groupID: "group"))
            try await consumer.subscribe([self.topic])
            var probe = KafkaProbe(consumer)
            try await consumer.resume(try await probe.assignment())
            let read = try await probe.records(3)
            for (sent, read) in zip(sent, read) {
                #expect(read.key == sent.key)
                #expect(read.value == sent.value)
                #expect(read.headers == sent.headers)
            }
            #expect(read[0].timestamp == Timestamp(millisecondsSinceEpoch: 7))
            await consumer.close()
        }
    }

    @Test func aPauseHoldsBackWhatWasReadAndLosesNothing() async throws {
        let small = { (settings: inout ConsumerSettings) in settings.batchRecords = 3 }
        try await self.withConsumer(records: 100, settings: small) { consumer, probe, partitions in
            try await consumer.resume(partitions)
            let first = try await probe.records(3)
            try await consumer.pause(partitions)
            try await consumer.resume(partitions)
            let rest = try await probe.records(97)
            #expect((first + rest).map(\.offset.rawValue) == Array(0..<100))
        }
    }

    @Test func nothingOfAPausedPartitionComes() async throws {
        let small = { (settings: inout ConsumerSettings) in settings.batchRecords = 10 }
        try await self.withConsumer(partitions: 2, records: 50, settings: small) { consumer, probe, partitions in
            try await consumer.resume(partitions)
            _ = try await probe.records(1)
            try await consumer.pause([partitions[0]])
            var rest = try await probe.next { if case .records(let runs) = $0 { runs.flatMap(\.records) } else { nil } }
            while rest.last?.topicPartition != partitions[1] || rest.last?.offset.rawValue != 49 {
                #expect(rest.allSatisfy { $0.topicPartition == partitions[1] })
                rest = try await probe.next { if case .records(let runs) = $0 { runs.flatMap(\.records) } else { nil } }
            }
        }
    }

    @Test func aPartitionThatStaysPausedDoesNotHoldUpTheOthers() async throws {
        let small = { (settings: inout ConsumerSettings) in
            settings.batchRecords = 5
            settings.bufferRecords = 10
        }
        try await self.withConsumer(partitions: 2, records: 100, settings: small) { consumer, probe, partitions in
            try await consumer.resume(partitions)
            let first = try await probe.records(1)
            try await consumer.pause([partitions[0]])
            var seen = first
            // More of the paused one than the buffer takes is on its way.
            while seen.count(where: { $0.topicPartition == partitions[1] }) < 100 { seen += try await probe.records(1) }
            try await consumer.resume([partitions[0]])
            while seen.count < 200 { seen += try await probe.records(1) }
            for partition in partitions {
                let offsets = seen.filter { $0.topicPartition == partition }.map(\.offset.rawValue)
                #expect(offsets == Array(0..<100))
            }
        }
    }

    @Test func seekIsABarrier() async throws {
        let small = { (settings: inout ConsumerSettings) in settings.batchRecords = 5 }
        try await self.withConsumer(records: 100, settings: small) { consumer, _, partitions in
            try await consumer.resume(partitions)
            _ = await consumer.next()
            try await consumer.seek(partitions[0], to: Offset(rawValue: 90))
            guard case .records(let runs) = await consumer.next() else {
                Issue.record("no records")
                return
            }
            #expect(runs.first?.records.first?.offset.rawValue == 90)
        }
    }

    @Test func aSeekRightAfterTheAssignmentIsTaken() async throws {
        try await self.withConsumer { consumer, probe, partitions in
            try await consumer.seek(partitions[0], to: Offset(rawValue: 8))
            try await consumer.resume(partitions)
            #expect(try await probe.records(2).map(\.offset.rawValue) == [8, 9])
        }
    }

    @Test func aSlowReaderLosesNothing() async throws {
        let tight = { (settings: inout ConsumerSettings) in
            settings.batchRecords = 7
            settings.bufferRecords = 20
        }
        try await self.withConsumer(partitions: 3, records: 400, settings: tight) { consumer, probe, partitions in
            try await consumer.resume(partitions)
            var next: [TopicPartition: Int64] = [:]
            for record in try await probe.records(1_200) {
                #expect(record.offset.rawValue == next[record.topicPartition, default: 0])
                next[record.topicPartition] = record.offset.rawValue + 1
            }
        }
    }

    @Test func offsetsAreAnswered() async throws {
        try await self.withConsumer { consumer, _, partitions in
            let marks = try await consumer.watermarks(partitions)
            #expect(marks[partitions[0]] == Watermarks(low: Offset(rawValue: 0), high: Offset(rawValue: 10)))
            #expect(try await consumer.committed(partitions) == [:])
        }
    }

    @Test func aSeekOfAStrangersPartitionIsRefused() async throws {
        try await self.withConsumer { consumer, _, _ in
            await #expect(throws: KafkaError.self) {
                try await consumer.seek(TopicPartition("events", 77), to: Offset(rawValue: 0))
            }
        }
    }

    @Test func nextEndsWithItsTask() async throws {
        try await KafkaFixture.withMock(topics: [self.topic: 1]) { _, properties in
            let consumer = try Consumer(properties: properties, settings: ConsumerSettings(groupID: "group"))
            await withTaskGroup(of: Bool.self) { group in
                group.addTask { await consumer.next() == nil }
                group.cancelAll()
                #expect(await group.next() == true)
            }
            await consumer.close()
        }
    }

    @Test func closeEndsTheReaderAndLaterCalls() async throws {
        try await KafkaFixture.withMock(topics: [self.topic: 1]) { _, properties in
            let consumer = try Consumer(properties: properties, settings: ConsumerSettings(groupID: "group"))
            await withTaskGroup(of: Bool.self) { group in
                group.addTask { await consumer.next() == nil }
                await consumer.close()
                #expect(await group.next() == true)
            }
            let error = await #expect(throws: KafkaError.self) { try await consumer.subscribe([self.topic]) }
            #expect(error?.isClosed == true)
        }
    }

    @Test func closingWhileBusyIsBounded() async throws {
        try await self.withConsumer(records: 1_000) { consumer, probe, partitions in
            try await consumer.resume(partitions)
            _ = try await probe.records(1)
            let start = ContinuousClock.now
            await consumer.close()
            #expect(.now - start < .seconds(15))
        }
    }

    @Test func closingWithoutBrokersIsBounded() async throws {
        let properties = try KafkaProperties(bootstrapServers: "127.0.0.1:1")
        var settings = ConsumerSettings(groupID: "group")
        settings.closeTimeout = .seconds(1)
        let consumer = try Consumer(properties: properties, settings: settings)
        try await consumer.subscribe([self.topic])
        let start = ContinuousClock.now
        await consumer.close()
        #expect(.now - start < .seconds(10))
    }

    @Test func aSessionMayBeLongerThanTheUsualTimeBetweenTwoPolls() async throws {
        let properties = try KafkaProperties(bootstrapServers: "127.0.0.1:1")
        var settings = ConsumerSettings(groupID: "group")
        settings.sessionTimeout = .seconds(1_800)
        await (try Consumer(properties: properties, settings: settings)).close()
        // What the user says counts, and librdkafka names what does not fit.
        let short = try KafkaProperties([
            .init("bootstrap.servers", "127.0.0.1:1"), .init("max.poll.interval.ms", "300000"),
        ])
        let failure = #expect(throws: KafkaError.self) { _ = try Consumer(properties: short, settings: settings) }
        #expect(failure?.description.contains("max.poll.interval.ms") == true)
    }
}
