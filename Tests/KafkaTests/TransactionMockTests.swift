// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Values

@Suite("Transactions on the mock cluster", .timeLimit(.minutes(1)))
struct TransactionMockTests {
    private let offsets = [TopicPartition("in", 0): Offset(rawValue: 1)]

    private func membership() throws -> GroupMembership {
        // The mock cluster does not check it.
        try #require(GroupMembership(groupID: "group", generation: 1, memberID: "member"))
    }

    private func withProducer(
        extra: [KafkaProperties.Property] = [],
        timeout: Duration = .seconds(10),
        _ body: (MockCluster, KafkaProperties, TransactionalProducer) async throws -> Void
    ) async throws {
        try await KafkaFixture.withMock(topics: ["in": 1, "out": 2], extra: extra) { cluster, properties in
            var settings = TransactionSettings(transactionalID: "tx")
            settings.transactionTimeout = timeout
            let producer = try TransactionalProducer(properties: properties, settings: settings)
            try await producer.initTransactions(timeout: .seconds(20))
            try await body(cluster, properties, producer)
            await producer.close()
        }
    }

    private func record(_ value: String) -> ProducerRecord {
        ProducerRecord(topic: "out", partition: Partition(rawValue: 0), key: Array("k".utf8), value: Array(value.utf8))
    }

    @Test func aTransactionIsCommittedAndTheNextToo() async throws {
        try await self.withProducer { _, properties, producer in
            let membership = try self.membership()
            for number in 0..<3 {
                let records = (0..<50).map { self.record("\(number)-\($0)") }
                let batch = TransactionBatch(records: records, offsets: self.offsets, membership: membership)
                #expect(await producer.transact(batch) == .committed)
            }
            let reader = try PartitionReader(properties: properties)
            try await reader.assign([TopicPartition("out", 0): Offset(rawValue: 0)])
            var count = 0
            while count < 150 { count += try await reader.poll(timeout: .seconds(5)).records.count }
            #expect(count == 150)
            await reader.close()
        }
    }

    @Test func withoutOffsetsNothingIsBegun() async throws {
        try await self.withProducer { _, _, producer in
            let empty = TransactionBatch(records: [self.record("a")], offsets: [:], membership: try self.membership())
            guard case .aborted(_, let failed) = await producer.transact(empty) else {
                Issue.record("not refused")
                return
            }
            #expect(failed.isEmpty)
            let batch = TransactionBatch(records: [], offsets: self.offsets, membership: try self.membership())
            #expect(await producer.transact(batch) == .committed)
        }
    }

    @Test func anOversizedRecordIsNamedByItsIndex() async throws {
        try await self.withProducer(extra: [.init("message.max.bytes", "2000")]) { _, _, producer in
            let records = [self.record("a"), self.record(String(repeating: "x", count: 5_000)), self.record("c")]
            var batch = TransactionBatch(records: records, offsets: self.offsets, membership: try self.membership())
            guard case .aborted(let error, let failed) = await producer.transact(batch) else {
                Issue.record("not aborted")
                return
            }
            #expect(error.isTooLarge)
            #expect(Array(failed.keys) == [1])
            batch.records.remove(at: 1)
            #expect(await producer.transact(batch) == .committed)
        }
    }

    /// What failed in the transaction before is none of the settling one's.
    @Test func settlingHeedsNoEarlierFailure() async throws {
        try await self.withProducer(extra: [.init("message.max.bytes", "2000")]) { _, _, producer in
            let records = [self.record("a"), self.record(String(repeating: "x", count: 5_000))]
            let batch = TransactionBatch(records: records, offsets: self.offsets, membership: try self.membership())
            guard case .aborted = await producer.transact(batch), let place = self.offsets.keys.first else {
                Issue.record("not aborted")
                return
            }
            try await producer.settle([self.record("b")], offsetOf: place, group: "g", timeout: .seconds(10))
            #expect(!producer.isOver)
            #expect(
                await producer.transact(
                    TransactionBatch(
                        records: [self.record("c")],
                        offsets: self.offsets,
                        membership: try self.membership()
                    )
                ) == .committed
            )
        }
    }

    @Test(arguments: ["COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR", "CONCURRENT_TRANSACTIONS"])
    func aCoordinatorsTemporaryErrorIsOvercome(code: String) async throws {
        try await self.withProducer { cluster, _, producer in
            let batch = TransactionBatch(
                records: [self.record("a")],
                offsets: self.offsets,
                membership: try self.membership()
            )
            try await cluster.fail(.endTransaction, with: [code, code])
            #expect(await producer.transact(batch) == .committed)
        }
    }

    @Test(arguments: ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID"])
    func aLostMembershipAbortsAndTheProducerGoesOn(code: String) async throws {
        try await self.withProducer { cluster, _, producer in
            let batch = TransactionBatch(
                records: [self.record("a")],
                offsets: self.offsets,
                membership: try self.membership()
            )
            try await cluster.fail(.transactionOffsetCommit, with: [code])
            guard case .aborted(let error, _) = await producer.transact(batch) else {
                Issue.record("not aborted")
                return
            }
            #expect(error.isMembershipLost)
            #expect(error.code == code)
            #expect(await producer.transact(batch) == .committed)
        }
    }

    @Test func aFencedProducerIsOfNoMoreUse() async throws {
        try await self.withProducer { cluster, _, producer in
            let batch = TransactionBatch(
                records: [self.record("a")],
                offsets: self.offsets,
                membership: try self.membership()
            )
            try await cluster.fail(.endTransaction, with: ["PRODUCER_FENCED"])
            for _ in 0..<2 {
                guard case .fatal(let error) = await producer.transact(batch) else {
                    Issue.record("not fatal")
                    return
                }
                #expect(error.isFatal)
                #expect(error.isFenced)
            }
        }
    }

    @Test func aCommitThatIsNeverAnsweredIsOfUnknownOutcome() async throws {
        try await self.withProducer(timeout: .seconds(2)) { cluster, _, producer in
            let batch = TransactionBatch(
                records: [self.record("a")],
                offsets: self.offsets,
                membership: try self.membership()
            )
            #expect(await producer.transact(batch) == .committed)
            try await cluster.fail(.endTransaction, with: Array(repeating: "COORDINATOR_NOT_AVAILABLE", count: 2_000))
            let start = ContinuousClock.now
            guard case .unknown(let error) = await producer.transact(batch) else {
                Issue.record("not unknown")
                return
            }
            #expect(error.isOutage)
            #expect(.now - start < .seconds(10))
        }
    }

    @Test func closeWithoutBrokersIsBounded() async throws {
        let properties = try KafkaProperties(bootstrapServers: "127.0.0.1:1")
        let settings = TransactionSettings(transactionalID: "tx")
        let producer = try TransactionalProducer(properties: properties, settings: settings)
        let error = await #expect(throws: KafkaError.self) {
            try await producer.initTransactions(timeout: .milliseconds(300))
        }
        #expect(error?.isOutage == true)
        let start = ContinuousClock.now
        await producer.close()
        #expect(.now - start < .seconds(10))
    }

    @Test func whatCannotBeDeliveredIsReportedAtClose() async throws {
        let properties = try KafkaProperties(bootstrapServers: "127.0.0.1:1")
        let producer = try Producer(properties: properties, closeTimeout: .milliseconds(100))
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                let reports = await producer.sendAll([ProducerRecord(topic: "out", key: nil, value: [1])])
                return reports.allSatisfy { if case .failure = $0 { true } else { false } }
            }
            group.addTask {
                await producer.close()
                return true
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
