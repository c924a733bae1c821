// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Testing
import Values

@testable import Kafka

/// Where a batch ends that can't be read is found by positions alone, and nothing that can be read is lost with it.
struct UnreadableBatchesTests {
    fileprivate static let partition = TopicPartition("t", 0)

    /// A partition of batches, each from its offset on; what librdkafka tells of it.
    fileprivate struct Log {
        /// Where each batch begins, and whether it can be read.
        var batches: [(base: Int64, isReadable: Bool)]
        var end: Int64
        /// Whether librdkafka knows the end.
        var tellsEnd = true
        /// Whether errors name where a batch begins, not the position.
        var tellsBase = true

        /// Reads from the beginning on.
        ///
        /// - Returns: Offsets that were delivered, what was told as lost, and how many answers it took.
        func read(from begin: Int64 = 0) -> (delivered: [Int64], lost: [Range<Int64>], answers: Int) {
            var batches = UnreadableBatches()
            batches.begin(UnreadableBatchesTests.partition, at: Offset(rawValue: begin))
            return self.read(from: begin, with: &batches)
        }

        /// Reads from there on, where reading was begun.
        func read(
            from begin: Int64 = 0,
            with batches: inout UnreadableBatches
        ) -> (delivered: [Int64], lost: [Range<Int64>], answers: Int) {
            var (delivered, lost): ([Int64], [Range<Int64>]) = ([], [])
            var position = begin
            for answers in 1...10_000 {
                let answer: UnreadableBatches.Answer
                let batch = self.batches.last { $0.base <= position }
                let isReadable = batch.map(\.isReadable) ?? true
                if position < self.end, let batch, !isReadable {
                    answer =
                        batches.failed(
                            UnreadableBatchesTests.partition,
                            at: Offset(rawValue: self.tellsBase ? batch.base : position),
                            isBase: self.tellsBase,
                            reason: "torn",
                            end: self.tellsEnd ? Offset(rawValue: self.end) : nil
                        ).answer
                } else {
                    answer = batches.met(UnreadableBatchesTests.partition, Offset(rawValue: position))
                }
                switch answer {
                case .again: continue
                case .read(let from): position = from.rawValue
                case .lost(let range, let from):
                    lost.append(range.first.rawValue..<range.next.rawValue)
                    if let from { position = from.rawValue }
                case .fine: break
                }
                let isNext: Bool =
                    switch answer {
                    case .fine, .lost(_, readFrom: nil): isReadable || position >= self.end
                    case .again, .read, .lost: false
                    }
                guard isNext else { continue }
                guard position < self.end else { return (delivered, lost, answers) }
                delivered.append(position)
                position += 1
            }
            return (delivered, lost, .max)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 100, 1_000, 4_097] as [Int64])
    func onlyTheBatchIsLost(size: Int64) {
        let log = Log(batches: [(0, true), (5, false), (5 + size, true)], end: 5 + size + 3)
        let read = log.read()
        #expect(read.delivered == Array(0..<5) + Array((5 + size)..<(8 + size)))
        #expect(read.lost == [5..<(5 + size)])
        // Each costs half a second.
        let failures = read.answers - read.delivered.count
        #expect(failures <= 4 + 2 * (Int64.bitWidth - size.leadingZeroBitCount) + 2)
    }

    @Test(arguments: [true, false])
    func theLastBatchIsLostToTheEnd(tellsEnd: Bool) {
        let log = Log(batches: [(0, true), (5, false)], end: 12, tellsEnd: tellsEnd)
        #expect(log.read().delivered == Array(0..<5))
        #expect(log.read().lost == [5..<12])
    }

    @Test func twoInARowAreTwoLosses() {
        let log = Log(batches: [(0, true), (3, false), (6, false), (11, true)], end: 12)
        #expect(log.read().delivered == [0, 1, 2, 11])
        #expect(log.read().lost == [3..<6, 6..<11])
    }

    @Test func whatWasAcceptedOfItIsNotLost() {
        let log = Log(batches: [(0, false), (10, true)], end: 12)
        #expect(log.read(from: 7).delivered == [10, 11])
        #expect(log.read(from: 7).lost == [7..<10])
    }

    @Test func anErrorThatNamesOnlyThePositionIsSteppedOverAsWell() {
        let log = Log(batches: [(0, true), (2, false), (9, true)], end: 10, tellsBase: false)
        #expect(log.read().delivered == [0, 1, 9])
        #expect(log.read().lost == [2..<9])
    }

    /// After a fatal error of the producer everything is read again from the last commit.
    @Test func whatIsReadAgainFromEarlierIsLostFromTheBatchOn() {
        let log = Log(batches: [(0, true), (6, false), (9, true)], end: 20)
        var batches = UnreadableBatches()
        batches.begin(Self.partition, at: 0)
        // Stepped over, and read on to the end.
        #expect(log.read(with: &batches).lost == [6..<9])
        batches.begin(Self.partition, at: 3)
        let again = log.read(from: 3, with: &batches)
        #expect(again.lost == [6..<9])
        #expect(again.delivered == [3, 4, 5] + Array(9..<20))
    }

    @Test func whatCanBeReadAfterAllIsNoLoss() {
        var batches = UnreadableBatches()
        batches.begin(Self.partition, at: 4)
        let first = batches.failed(Self.partition, at: 4, isBase: true, reason: "cut", end: 9)
        #expect(first.answer == .again && first.isNew)
        let second = batches.failed(Self.partition, at: 4, isBase: true, reason: "cut", end: 9)
        #expect(second.answer == .again && !second.isNew)
        #expect(batches.met(Self.partition, 4) == .fine)
        #expect(batches.position(of: Self.partition) == nil)
    }

    @Test func whatLibrdkafkaPassesOverByItselfIsToldToo() {
        var batches = UnreadableBatches()
        batches.begin(Self.partition, at: 0)
        _ = batches.failed(Self.partition, at: 4, isBase: true, reason: "magic", end: 9)
        #expect(
            batches.met(Self.partition, 6) == .lost(LostRange(first: 4, next: 6, reason: "magic"), readFrom: nil)
        )
        #expect(batches.met(Self.partition, 7) == .fine)
    }

    /// librdkafka reads numbers from where they are none, once a batch's length is damaged.
    @Test func anOffsetBehindTheEndIsNotBelieved() {
        var batches = UnreadableBatches()
        batches.begin(Self.partition, at: 4)
        _ = batches.failed(Self.partition, at: 4, isBase: true, reason: "torn", end: 9)
        _ = batches.failed(Self.partition, at: 4_846_791_580_151_137_091, isBase: true, reason: "torn", end: 9)
        #expect(batches.position(of: Self.partition) == 4)
    }

    /// What is held back is dropped while the end of a batch behind it is looked for, and read again.
    @Test(arguments: [nil, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    func whatIsReadAgainDuringASearchIsNoProofOfAnEnd(droppedAfter failures: Int?) async throws {
        let loop = ConsumerLoop(
            properties: try KafkaProperties(bootstrapServers: "127.0.0.1:1"),
            settings: ConsumerSettings(groupID: "group"),
            observer: ClientObserver()
        )
        let log = Log(batches: [(0, true), (10, false), (30, true)], end: 40)
        loop.ledger.assign([Self.partition])
        loop.ledger.release([Self.partition])
        loop.unreadable.begin(Self.partition, at: 0)
        let isAtTheEnd = log.read(by: loop, droppingAfter: failures)
        #expect(isAtTheEnd)
        var (delivered, lost): ([Int64], [Range<Int64>]) = ([], [])
        while loop.inbox.firstOffset(of: Self.partition) != nil {
            guard case .records(let runs) = await loop.inbox.next() else { break }
            for record in runs.flatMap(\.records) {
                if let range = record.lost {
                    lost.append(range.first.rawValue..<range.next.rawValue)
                } else {
                    delivered.append(record.offset.rawValue)
                }
            }
        }
        #expect(delivered == Array(0..<10) + Array(30..<40))
        #expect(lost == [10..<30])
    }
}

extension UnreadableBatchesTests.Log {
    /// Has a consumer's loop read to the end, as librdkafka would.
    ///
    /// - Parameters:
    ///   - loop: The loop.
    ///   - failures: After how many errors what waits for the reader is dropped, once.
    /// - Returns: Whether the end was reached.
    fileprivate func read(by loop: ConsumerLoop, droppingAfter failures: Int?) -> Bool {
        let partition = UnreadableBatchesTests.partition
        var (position, failed): (Int64, Int) = (0, 0)
        for _ in 0..<1_000 {
            let batch = self.batches.last { $0.base <= position }
            if position < self.end, let batch, !batch.isReadable {
                failed += 1
                let error = KafkaError(RD_KAFKA_RESP_ERR__BAD_MSG, operation: "consume", message: "torn")
                let base = Offset(rawValue: batch.base)
                _ = loop.isNews(error, RD_KAFKA_RESP_ERR__BAD_MSG, partition, base, end: Offset(rawValue: self.end))
                if failed == failures { self.drop(loop) }
            } else if position < self.end {
                let offset = Offset(rawValue: position)
                if loop.ledger.arrived(partition, offset), loop.meets(partition, offset) {
                    loop.batch.append(ConsumedRecord(topicPartition: partition, offset: offset, value: nil))
                }
                position += 1
            } else {
                _ = loop.meets(partition, Offset(rawValue: position))
            }
            if let target = loop.ledger.pendingCommands.seek[partition] {
                position = target.rawValue
                loop.ledger.sought(partition)
            } else if position >= self.end {
                loop.deliverBatch()
                return true
            }
        }
        return false
    }

    /// The application pauses the partition while nothing may flow, and resumes it.
    private func drop(_ loop: ConsumerLoop) {
        loop.ledger.isFlowStopped = true
        loop.pause([UnreadableBatchesTests.partition])
        loop.ledger.isFlowStopped = false
        loop.resume([UnreadableBatchesTests.partition])
    }
}
