// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Synchronization
package import Values

/// A member of a consumer group, on a thread of its own, with one reader.
///
/// Offsets are committed through a `TransactionalProducer`, never here. Partitions come paused and are handed over
/// only when the application lets go (`ConsumerEvent`). All calls may be made from any task.
package final class Consumer: Sendable {
    private let handle: ClientHandle
    private let loop: ConsumerLoop
    private let thread: ClientThread
    /// Runs what waits for brokers, so that the poll goes on meanwhile.
    private let queries: ClientThread

    /// Creates a consumer that is subscribed to nothing yet.
    ///
    /// - Parameters:
    ///   - properties: The user's librdkafka properties.
    ///   - settings: Group and bounds.
    ///   - observer: Takes log, errors and statistics.
    /// - Throws: `KafkaError` when librdkafka can't make the client.
    package init(
        properties: KafkaProperties,
        settings: ConsumerSettings,
        observer: ClientObserver = .silent
    ) throws(KafkaError) {
        let loop = ConsumerLoop(properties: properties, settings: settings, observer: observer)
        var defaults: [KafkaProperties.Property] = [
            // Prefetched bytes count once more before they reach the inbox; the default of 64 MiB is for bulk readers.
            .init("queued.max.messages.kbytes", "16384"),
            // A topic that the broker asked does not know yet, right after its creation, is looked for again that soon; the
            // default is five minutes, in which the member would have no partitions.
            .init("topic.metadata.refresh.interval.ms", "10000"),
        ]
        defaults += settings.defaults
        let handle = try loop.makeClient(
            RD_KAFKA_CONSUMER,
            defaults: defaults,
            fixed: settings.properties,
            rebalances: true
        )
        rd_kafka_poll_set_consumer(handle.pointer)
        let wake = QueueWaker(consumerQueueOf: handle)
        let queries = ClientThread(name: "kafka-queries")
        self.handle = handle
        self.loop = loop
        self.queries = queries
        self.thread = ClientThread(name: "kafka-consumer") {
            wake.wake()
        } poll: { jobs in
            loop.turn(handle.pointer, jobs)
        } finish: {
            queries.jobs.stop()
            queries.jobs.waitUntilEnded()
            wake.release()
            loop.finish(handle)
        }
    }

    deinit { self.thread.jobs.stop() }

    /// Joins the group for these topics, in place of any earlier ones.
    ///
    /// - Throws: `KafkaError` when a name can't be a topic's, or the consumer is closed.
    package func subscribe(_ topics: [String]) async throws(KafkaError) {
        let loop = self.loop
        try await self.onThread("subscribe") { client in
            loop.joining()
            let list = PartitionList(topics.map { TopicPartition($0, Partition(rawValue: RD_KAFKA_PARTITION_UA)) })
            let code = list.withPointer { rd_kafka_subscribe(client, $0) }
            return code == RD_KAFKA_RESP_ERR_NO_ERROR
                ? .success(()) : .failure(KafkaError(code, operation: "subscribe"))
        }
    }

    /// Leaves the group once what is held is let go, for a static member as well, and stays open.
    ///
    /// - Throws: `KafkaError` when the consumer is closed.
    package func unsubscribe() async throws(KafkaError) {
        try await self.onThread("unsubscribe") { client in
            let code = rd_kafka_unsubscribe(client)
            return code == RD_KAFKA_RESP_ERR_NO_ERROR
                ? .success(()) : .failure(KafkaError(code, operation: "unsubscribe"))
        }
    }

    /// Waits for the next event; `nil` when the consumer is closed or the calling task is cancelled.
    ///
    /// For one reader at a time.
    package func next() async -> ConsumerEvent? {
        let event = await self.loop.inbox.next()
        if case .records = event, self.loop.inbox.takeSpaceRequest() { self.thread.jobs.poke() }
        return event
    }

    /// When the consumer's thread began its newest poll; `nil` before the first.
    ///
    /// It polls once a second at least, unless
    /// it holds a revocation.
    package var lastPoll: ContinuousClock.Instant? { self.loop.lastTurn.withLock { $0 } }

    /// How far reading has come in a partition.
    package struct Reached: Hashable, Sendable {
        /// One past the last record delivered.
        package var delivered: Offset
        /// The newest end that was met; `nil` while records wait.
        ///
        /// It lies behind places that transactions take and nobody sees.
        package var end: Offset?

        /// Creates a place.
        package init(delivered: Offset, end: Offset? = nil) {
            self.delivered = delivered
            self.end = end
        }
    }

    /// How far reading has come in a partition; `nil` before anything of it has arrived.
    package func reached(_ partition: TopicPartition) -> Reached? {
        guard let reached = self.loop.reached.withLock({ $0[partition] }) else { return nil }
        // Kept back, or read faster than they are taken.
        return self.loop.inbox.firstOffset(of: partition).map { Reached(delivered: $0) } ?? reached
    }

    /// The partitions held now.
    package var assignment: Set<TopicPartition> { self.loop.assignment.withLock { $0 } }

    /// Stops reading partitions; once this returns, no event carries records of theirs until `resume`.
    ///
    /// What was read but not yet handed out comes after `resume`. Partitions not held are ignored.
    ///
    /// - Throws: `KafkaError` when the consumer is closed.
    package func pause(_ partitions: [TopicPartition]) async throws(KafkaError) {
        let loop = self.loop
        try await self.onThread("pause") { _ in .success(loop.pause(Set(partitions))) }
    }

    /// Reads on where it stopped, or where `seek` said; what the application had not paused is left alone.
    ///
    /// - Throws: `KafkaError` when the consumer is closed.
    package func resume(_ partitions: [TopicPartition]) async throws(KafkaError) {
        try await self.resume { partitions }
    }

    /// Reads on likewise with what is wanted when it is the resume's turn.
    ///
    /// So a partition that has been paused by somebody else, who changed first what `wanted` says, stays paused.
    ///
    /// - Parameter wanted: Asked on the consumer's thread; must be quick. Partitions not held are ignored.
    /// - Throws: `KafkaError` when the consumer is closed.
    package func resume(wanted: @escaping @Sendable () -> [TopicPartition]) async throws(KafkaError) {
        let loop = self.loop
        try await self.onThread("resume") { _ in .success(loop.resume(Set(wanted()))) }
    }

    /// Reads on at `offset`; once this returns, no event carries earlier fetched records of the partition.
    ///
    /// Takes effect as soon as librdkafka can take it, which right after an assignment is when something of the partition
    /// has arrived; a partition that is paused stays so.
    ///
    /// - Parameters:
    ///   - partition: A partition held.
    ///   - offset: Where to read on; outside the partition it ends at its beginning.
    ///   - mark: What the records of the partition carry from here on.
    /// - Throws: `KafkaError` when the partition is not held, or the consumer is closed.
    package func seek(_ partition: TopicPartition, to offset: Offset, mark: UInt64? = nil) async throws(KafkaError) {
        let loop = self.loop
        try await self.onThread("seek") { _ in loop.seek(partition, to: offset, mark: mark) }
    }

    /// Lets the group have the partitions of a revocation; one that is not held back any more is ignored.
    package func letGo(_ revocation: UInt64) { self.loop.letGo(revocation) }

    /// Returns the group's committed offsets; a partition without one is absent.
    ///
    /// Waits for open transactions that hold offsets of theirs.
    ///
    /// - Throws: `KafkaError` when the brokers can't say within `timeout`.
    package func committed(
        _ partitions: [TopicPartition],
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        let jobs = self.queries.jobs
        return try await self.query("read committed offsets") { handle in
            CommittedQuery.offsets(handle, partitions, timeout: timeout) { jobs.isStopping }
        }
    }

    /// Returns a group as brokers describe it; one that nobody knows has no members.
    ///
    /// - Throws: `KafkaError` when they can't say within `timeout`.
    package func group(
        _ groupID: String,
        timeout: Duration = .seconds(2)
    ) async throws(KafkaError) -> ConsumerGroup {
        try await self.query("describe group") { GroupQuery.group($0, of: groupID, timeout: timeout) }
    }

    /// Returns where partitions begin and end; the end lies before any open transaction.
    ///
    /// - Throws: `KafkaError` when the brokers can't say within `timeout`.
    package func watermarks(
        _ partitions: [TopicPartition],
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [TopicPartition: Watermarks] {
        let jobs = self.queries.jobs
        return try await self.query("query watermarks") { handle in
            let isStopping = { jobs.isStopping }
            let lows = OffsetQuery.offsets(handle, partitions, .beginning, timeout: timeout, isStopping: isStopping)
            return lows.flatMap { low in
                OffsetQuery.offsets(handle, partitions, .end, timeout: timeout, isStopping: isStopping).map { high in
                    let pairs = partitions.compactMap { partition in
                        low[partition].flatMap { low in
                            high[partition].map { (partition, Watermarks(low: low, high: max(low, $0))) }
                        }
                    }
                    return Dictionary(pairs) { _, newest in newest }
                }
            }
        }
    }

    /// Returns the first offset of each partition whose record is as new as a time; absent where none is.
    ///
    /// - Parameters:
    ///   - partitions: Any partitions, held or not.
    ///   - time: The time.
    ///   - timeout: The longest wait.
    /// - Returns: The offsets found.
    /// - Throws: `KafkaError` when the brokers can't say within `timeout`.
    package func offsets(
        of partitions: [TopicPartition],
        at time: Timestamp,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [TopicPartition: Offset] {
        let jobs = self.queries.jobs
        return try await self.query("query offsets by time") { handle in
            OffsetQuery.offsets(handle, partitions, .time(time), timeout: timeout) { jobs.isStopping }
        }
    }

    /// Leaves the group and ends everything, within `closeTimeout`.
    ///
    /// Revocations are not held any more: finish the work first. `next` returns `nil` from here on.
    package func close() async {
        await self.thread.close()
    }

    private func onThread<Success: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (OpaquePointer) -> Result<Success, KafkaError>
    ) async throws(KafkaError) -> Success {
        let handle = self.handle
        return try await self.thread.run(operation) { body(handle.pointer) }
    }

    private func query<Success: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (ClientHandle) -> Result<Success, KafkaError>
    ) async throws(KafkaError) -> Success {
        let handle = self.handle
        return try await self.queries.run(operation) { body(handle) }
    }
}
