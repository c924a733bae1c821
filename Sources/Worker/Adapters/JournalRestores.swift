// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Threads
import Values

/// Reads journal partitions when they are taken over; its Kafka clients exist only while one is being read.
///
/// A reader costs two librdkafka clients with threads and buffers of their own, and a worker takes partitions over only when
/// the group changes. Two readers of one partition would take each other's records, so an earlier one ends first.
final class JournalRestores: Sendable {
    private enum Order: Sendable {
        case begin(Lease)
        case abandon(Lease)
        case readTopicStarts
        case ended
    }

    /// One reading of a partition.
    private struct Reading: Sendable {
        let lease: Lease
        /// It is of no use any more.
        let isOver = OneShotEvent()
        /// It has ended.
        let hasEnded = OneShotEvent()
    }

    private let topics: TopicNames
    /// Routes of which is kept what they have taken within the hour.
    private let hourlyRoutes: Set<String>
    private let group: KafkaGroup
    private let inbox: LoopInbox
    /// Ends what this worker's last transaction has left open, if it was that.
    private let settle: @Sendable (TopicPartition) -> Void
    private let makeReader: @Sendable () throws(KafkaError) -> PartitionReader
    private let orders: AsyncStream<Order>
    private let given: AsyncStream<Order>.Continuation

    init(
        topics: TopicNames,
        hourlyRoutes: Set<String>,
        group: KafkaGroup,
        inbox: LoopInbox,
        settle: @escaping @Sendable (TopicPartition) -> Void,
        makeReader: @escaping @Sendable () throws(KafkaError) -> PartitionReader
    ) {
        self.topics = topics
        self.hourlyRoutes = hourlyRoutes
        self.group = group
        self.inbox = inbox
        self.settle = settle
        self.makeReader = makeReader
        (self.orders, self.given) = AsyncStream.makeStream()
    }

    func begin(_ lease: Lease) { self.given.yield(.begin(lease)) }

    func abandon(_ lease: Lease) { self.given.yield(.abandon(lease)) }

    func readTopicStarts() { self.given.yield(.readTopicStarts) }

    /// Ends what is being read; nothing more is told.
    func close() { self.given.finish() }

    /// Serves until it is closed.
    func run() async {
        await withDiscardingTaskGroup { group in
            var readings: [Partition: Reading] = [:]
            // First starts stand in a journal partition like any other.
            var lastStarts: OneShotEvent?
            var (reader, users): (PartitionReader?, Int) = (nil, 0)
            for await order in self.orders {
                switch order {
                case .begin(let lease):
                    let (earlier, reading) = (readings[lease.partition], Reading(lease: lease))
                    readings[lease.partition] = reading
                    earlier?.isOver.complete()
                    users += 1
                    let shared = self.reader(&reader)
                    let others = [earlier?.hasEnded, lease.partition == Self.first ? lastStarts : nil]
                    group.addTask { await self.restore(reading, after: others, shared) }
                case .abandon(let lease):
                    if let reading = readings[lease.partition], reading.lease == lease { reading.isOver.complete() }
                case .readTopicStarts:
                    users += 1
                    let (others, hasEnded) = ([readings[Self.first]?.hasEnded, lastStarts], OneShotEvent())
                    lastStarts = hasEnded
                    let shared = self.reader(&reader)
                    group.addTask {
                        await self.readStarts(after: others, shared)
                        hasEnded.complete()
                    }
                case .ended:
                    users -= 1
                    guard users == 0, let idle = reader else { continue }
                    reader = nil
                    await idle.close()
                }
            }
            for reading in readings.values { reading.isOver.complete() }
            await reader?.close()
        }
    }

    private func reader(_ reader: inout PartitionReader?) -> Result<PartitionReader, KafkaError> {
        if let reader { return .success(reader) }
        return Result { () throws(KafkaError) in
            let made = try self.makeReader()
            reader = made
            return made
        }
    }

    private func restore(
        _ reading: Reading,
        after others: [OneShotEvent?],
        _ reader: Result<PartitionReader, KafkaError>
    ) async {
        for other in others { await other?.wait() }
        if let result = await self.result(of: reading, reader) {
            self.inbox.deliver(.journal(.restored(reading.lease, result)))
        }
        reading.hasEnded.complete()
        self.given.yield(.ended)
    }

    /// Reads a partition until it is read or of no use any more; `nil` for the latter.
    private func result(
        of reading: Reading,
        _ reader: Result<PartitionReader, KafkaError>
    ) async -> Result<RestoreFacts, PortFailure>? {
        await withTaskGroup(of: Result<RestoreFacts, PortFailure>?.self) { group in
            group.addTask {
                let result = await self.facts(reading.lease, reader)
                // Whoever waits for the other child, which no cancellation ends, goes on.
                reading.isOver.complete()
                return result
            }
            group.addTask {
                await reading.isOver.wait()
                return nil
            }
            var result: Result<RestoreFacts, PortFailure>?
            for await ended in group {
                if let ended { result = ended }
                group.cancelAll()
            }
            return result
        }
    }

    private func facts(
        _ lease: Lease,
        _ reader: Result<PartitionReader, KafkaError>
    ) async -> Result<RestoreFacts, PortFailure>? {
        do {
            let journal = TopicPartition(topic: self.topics.journal, partition: lease.partition)
            let snapshot = try await JournalScan.snapshot(
                of: journal,
                try reader.get(),
                hourlyRoutes: self.hourlyRoutes
            ) { offset in
                self.inbox.deliver(.journal(.heldBack(lease, offset)))
                self.settle(journal)
            }
            let (records, start, commands) = (snapshot.recordCount, snapshot.start, snapshot.commands)
            let done = snapshot.doneCommands
            let restored = snapshot.restored()
            let location = try await self.group.location(of: self.topics.topicPartition(lease.subject))
            return .success(
                RestoreFacts(
                    restored: restored,
                    start: start,
                    commands: commands,
                    doneCommands: done,
                    recordCount: records,
                    location: location
                )
            )
        } catch let failure as PortFailure {
            return failure.kind == .closed ? nil : .failure(failure)
        } catch let error as KafkaError {
            // A reading that was ended is told by nobody.
            return error.isInterrupted || error.isClosed ? nil : .failure(PortFailure(error))
        } catch {
            return .failure(PortFailure(.outage, String(describing: error)))
        }
    }

    /// The journal partition that holds the event topics' first starts.
    private static let first = Partition(rawValue: 0)

    private func readStarts(after others: [OneShotEvent?], _ reader: Result<PartitionReader, KafkaError>) async {
        for other in others { await other?.wait() }
        let first = TopicPartition(topic: self.topics.journal, partition: Self.first)
        let result: Result<[String: TopicStart], PortFailure>
        do throws(KafkaError) {
            let snapshot = try await JournalScan.snapshot(of: first, try reader.get()) { _ in self.settle(first) }
            result = .success(snapshot.start?.topics ?? [:])
        } catch {
            result = .failure(PortFailure(error))
        }
        self.inbox.deliver(.journal(.topicStarts(result)))
        self.given.yield(.ended)
    }
}
