// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Synchronization
import Values

/// The commands' port over librdkafka: a plain reader of one partition, outside the group and its pauses.
///
/// It reads what is not committed, too: nobody writes commands in a transaction, and one that somebody leaves open must not
/// hide those behind it.
final class KafkaCommands: CommandsPort, Sendable {
    private struct Order: Sendable {
        var id: CommandsReadID
        var from: Offset
        var reaching: Offset
    }

    private struct Newest: Sendable {
        var id: CommandsReadID?
        var isClosed = false
    }

    /// How long nothing may come before the leader is asked whether there is anything.
    private static let silence = Duration.seconds(10)

    private let topics: TopicNames
    private let intake: Intake
    private let clock: WorkerClock
    private let inbox: LoopInbox
    private let makeReader: @Sendable () throws(KafkaError) -> PartitionReader
    private let newest = Mutex(Newest())
    private let orders: AsyncStream<Order>
    private let given: AsyncStream<Order>.Continuation

    init(
        topics: TopicNames,
        intake: Intake,
        clock: WorkerClock,
        inbox: LoopInbox,
        makeReader: @escaping @Sendable () throws(KafkaError) -> PartitionReader
    ) {
        self.topics = topics
        self.intake = intake
        self.clock = clock
        self.inbox = inbox
        self.makeReader = makeReader
        // Of two orders the newer one takes the older one's place.
        (self.orders, self.given) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func perform(_ order: CommandsOrder) {
        switch order {
        case .read(let id, let offset, let reaching):
            self.newest.withLock { $0.id = id }
            self.given.yield(Order(id: id, from: offset, reaching: reaching))
        }
    }

    /// Serves until it is closed.
    func run() async {
        var reader: PartitionReader?
        var next: Offset?
        var tellsEnd = false
        for await order in self.orders {
            do throws(KafkaError) {
                let current = try self.reader(&reader)
                if next != order.from {
                    try await self.begin(order, current)
                    next = order.from
                }
                guard let batch = try await self.batch(order, current, tellsEnd: tellsEnd) else { continue }
                next = batch.next
                // The leader was asked for the oldest command meanwhile.
                guard self.isWanted(order) else { continue }
                tellsEnd = false
                self.inbox.deliver(.commands(order.id, .success(batch)))
            } catch {
                await reader?.close()
                (reader, next) = (nil, nil)
                // That reading works again is news, though there may be nothing to read.
                tellsEnd = true
                guard self.isWanted(order) else { continue }
                self.inbox.deliver(.commands(order.id, .failure(PortFailure(error))))
            }
        }
        await reader?.close()
    }

    /// Takes no more orders; what is being read ends soon.
    func close() {
        self.newest.withLock { $0.isClosed = true }
        self.given.finish()
    }

    private func reader(_ reader: inout PartitionReader?) throws(KafkaError) -> PartitionReader {
        if let reader { return reader }
        let made = try self.makeReader()
        reader = made
        return made
    }

    private var place: TopicPartition { TopicPartition(topic: self.topics.commands, partition: Partition(rawValue: 0)) }

    private func isWanted(_ order: Order) -> Bool {
        self.newest.withLock { $0.id == order.id && !$0.isClosed }
    }

    private func begin(_ order: Order, _ reader: PartitionReader) async throws(KafkaError) {
        _ = try await self.lookAtEnd(order, reader)
        try await reader.assign([self.place: order.from])
    }

    /// Asks the leader where the topic ends: it answers, or its silence has a name.
    private func lookAtEnd(_ order: Order, _ reader: PartitionReader) async throws(KafkaError) -> Offset {
        let end = try await reader.endOffset(self.place, isolation: .uncommitted, timeout: .seconds(10))
        guard end < order.reaching else { return end }
        throw self.invalid(
            CommandsPosition.madeAnew(
                "'\(self.place.topic)' ends at \(end), and commands before \(order.reaching) are done already"
            )
        )
    }

    private func invalid(_ message: String) -> KafkaError { .invalid(operation: "read commands", message: message) }

    /// What the topic keeps no longer of what was asked for, where a batch begins behind that.
    private func oldest(
        _ order: Order,
        _ first: Offset,
        _ reader: PartitionReader
    ) async throws(KafkaError) -> Offset? {
        guard first > order.from else { return nil }
        let low = try await reader.lowWatermark(self.place)
        return low > order.from ? min(low, first) : nil
    }

    /// Waits for records, however long that takes; `nil` where a newer order has come, or none any more.
    ///
    /// - Parameters:
    ///   - order: What is asked for.
    ///   - reader: The reader, assigned.
    ///   - tellsEnd: An end that is met is an empty batch: only a fetch that was answered shows that one may read.
    /// - Returns: The records, if any.
    /// - Throws: `KafkaError` when the partition can't be read, or was made anew.
    private func batch(
        _ order: Order,
        _ reader: PartitionReader,
        tellsEnd: Bool
    ) async throws(KafkaError) -> CommandBatch? {
        var lastSign = ContinuousClock.now
        var reached = order.from
        var behind: Offset?
        while self.isWanted(order) {
            // Short, so that a newer order does not wait for long.
            let found = try await reader.poll(maximum: 500, timeout: .milliseconds(500))
            guard self.isWanted(order) else { return nil }
            if let first = found.records.first, let last = found.records.last {
                let oldest = try await self.oldest(order, first.offset, reader)
                let (names, now) = (self.topics.events, self.clock.now().wall)
                return CommandBatch(
                    entries: found.records.map { self.intake.command($0, eventTopics: names, now: now) },
                    next: last.next,
                    oldest: oldest
                )
            }
            if found.isSteppingOver { (lastSign, behind) = (.now, nil) }
            if let end = found.ends[self.place] {
                if tellsEnd { return CommandBatch(entries: [], next: order.from) }
                reached = max(reached, end)
            }
            guard ContinuousClock.now - lastSign > Self.silence else { continue }
            if let behind, reached < behind {
                throw self.invalid("commands stand up to \(behind), and none came from \(reached) in \(Self.silence)")
            }
            behind = try await self.lookAtEnd(order, reader)
            lastSign = .now
        }
        return nil
    }
}
