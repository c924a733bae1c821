// SPDX-License-Identifier: Apache-2.0

package import Values

/// Reads partitions from given offsets without a consumer group.
///
/// Follows any number of partitions (`assign`, `poll`), scans single ones as fast as they come (`scan`), and knows where
/// they begin and end. Each isolation level in use has one client.
package final class PartitionReader: Sendable {
    /// The level that `assign` and `poll` read with.
    private let isolation: IsolationLevel
    private let thread: ClientThread
    private let workbench: ReaderClients

    /// Creates a reader; clients are made when they are first needed.
    ///
    /// - Parameters:
    ///   - properties: The user's librdkafka properties.
    ///   - isolation: Which records `poll` shows.
    ///   - endWait: How long brokers hold a request at a partition's end, before they say that it is the end; a reader
    ///     that stays there asks as often as that.
    ///   - stepsOver: Whether `poll` steps over batches that can't be read, and has in their place records that name what was
    ///     lost (`ConsumedRecord.lost`); else they are an error.
    ///   - observer: Takes log, errors and statistics.
    /// - Throws: `KafkaError` when librdkafka can't make a client of the properties.
    package init(
        properties: KafkaProperties,
        isolation: IsolationLevel = .committed,
        endWait: Duration = .milliseconds(100),
        stepsOver: Bool = false,
        observer: ClientObserver = .silent
    ) throws(KafkaError) {
        let workbench = ReaderClients(
            properties: properties,
            endWait: endWait,
            stepsOver: stepsOver,
            observer: observer
        )
        _ = try workbench.client(isolation).get()
        self.isolation = isolation
        self.workbench = workbench
        self.thread = ClientThread(name: "kafka-reader", finish: { workbench.close() })
    }

    deinit {
        self.workbench.stop()
        self.thread.jobs.stop()
    }

    /// Reads these partitions from these offsets, in place of any earlier ones.
    ///
    /// - Throws: `KafkaError` when a partition is named wrongly, or the reader is closed.
    package func assign(_ offsets: [TopicPartition: Offset]) async throws(KafkaError) {
        let (workbench, isolation) = (self.workbench, self.isolation)
        try await self.thread.run("assign partitions") { workbench.assign(offsets, isolation) }
    }

    /// Waits for records of the assigned partitions.
    ///
    /// - Parameters:
    ///   - maximum: The most records; 1 or more.
    ///   - timeout: The longest wait for the first record or end.
    /// - Returns: What there was; nothing when the time was up.
    /// - Throws: `KafkaError` for an error of a partition, or when the reader is closed.
    package func poll(maximum: Int = 500, timeout: Duration) async throws(KafkaError) -> ReadBatch {
        let workbench = self.workbench
        return try await self.thread.run("read partitions") { workbench.poll(maximum: maximum, timeout: timeout) }
    }

    /// Reads one partition to its end, on a thread of its own, lending each record to `body`.
    ///
    /// It is over when the partition's end is reported at or past `end`: the last places may be transaction markers, which
    /// nobody sees, and a `committed` reader first waits for an open transaction before them.
    ///
    /// - Parameters:
    ///   - partition: The partition; one scan or assignment of it at a time for each isolation level.
    ///   - start: The first offset; older than what is kept means the oldest kept.
    ///   - isolation: Which records are shown.
    ///   - end: Usually `endOffset` as an `uncommitted` reader sees it.
    ///   - stall: The longest time without any progress; `nil` waits for ever. Then it throws a timeout.
    ///   - heldBack: Told on that thread, about once a second, the offset at which an open transaction keeps this reader
    ///     from what is there before `end`; must not block.
    ///   - body: Takes each record, on that thread.
    /// - Returns: The end that was reported: `end` or later.
    /// - Throws: `KafkaError` when the partition can't be read, or the calling task is cancelled (`isInterrupted`).
    package func scan(
        _ partition: TopicPartition,
        from start: Offset,
        isolation: IsolationLevel = .committed,
        until end: Offset,
        stall: Duration? = nil,
        heldBack: @escaping @Sendable (Offset) -> Void = { _ in },
        body: @escaping @Sendable (borrowing RecordView) -> Void
    ) async throws(KafkaError) -> Offset {
        guard start < end else { return end }
        let isCancelled = Flag()
        let workbench = self.workbench
        let scan = PartitionScan(
            partition: partition,
            start: start,
            end: end,
            stall: stall,
            isCancelled: { isCancelled.isRaised || workbench.isStopping },
            heldBack: heldBack,
            body: body
        )
        return try await withTaskCancellationHandler {
            await workbench.run(scan.operation, isolation) { scan.run($0) }
        } onCancel: {
            isCancelled.raise()
        }.get()
    }

    /// Returns one past the newest record of a partition as a reader of that level sees it.
    ///
    /// - Throws: `KafkaError` when its leader can't say within `timeout`.
    package func endOffset(
        _ partition: TopicPartition,
        isolation: IsolationLevel = .uncommitted,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> Offset {
        try await self.offset(partition, isolation, .end, timeout)
    }

    /// Returns one past the newest record of each partition as a reader of that level sees it, all asked for at once.
    ///
    /// - Parameters:
    ///   - partitions: Any partitions.
    ///   - isolation: Whose view.
    ///   - timeout: The longest wait.
    /// - Returns: The ends; of a partition whose leader names none, nothing.
    /// - Throws: `KafkaError` when one of the leaders can't say within `timeout`.
    package func endOffsets(
        _ partitions: [TopicPartition],
        isolation: IsolationLevel = .uncommitted,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [TopicPartition: Offset] {
        try await self.offsets(partitions, isolation, .end, timeout)
    }

    /// Returns the oldest offset that a partition keeps.
    ///
    /// - Throws: `KafkaError` when its leader can't say within `timeout`.
    package func lowWatermark(
        _ partition: TopicPartition,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> Offset {
        try await self.offset(partition, .uncommitted, .beginning, timeout)
    }

    /// Returns the first offset of each partition whose record is as new as a time; absent where none is.
    ///
    /// - Parameters:
    ///   - partitions: Any partitions.
    ///   - time: The time.
    ///   - timeout: The longest wait.
    /// - Returns: The offsets found.
    /// - Throws: `KafkaError` when the leaders can't say within `timeout`.
    package func offsets(
        of partitions: [TopicPartition],
        at time: Timestamp,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [TopicPartition: Offset] {
        let (workbench, isolation) = (self.workbench, self.isolation)
        return try await self.thread.run("query offsets by time") {
            workbench.client(isolation).flatMap {
                OffsetQuery.offsets($0, partitions, .time(time), timeout: timeout) {
                    workbench.isStopping
                }
            }
        }
    }

    /// Ends scans and polls under way and all clients.
    package func close() async {
        self.workbench.stop()
        await self.thread.close()
    }

    private func offset(
        _ partition: TopicPartition,
        _ isolation: IsolationLevel,
        _ place: OffsetQuery.Place,
        _ timeout: Duration
    ) async throws(KafkaError) -> Offset {
        guard let offset = try await self.offsets([partition], isolation, place, timeout)[partition] else {
            throw .invalid(operation: "query offsets", message: "the leader of \(partition) named no offset")
        }
        return offset
    }

    private func offsets(
        _ partitions: [TopicPartition],
        _ isolation: IsolationLevel,
        _ place: OffsetQuery.Place,
        _ timeout: Duration
    ) async throws(KafkaError) -> [TopicPartition: Offset] {
        let (workbench, isCancelled) = (self.workbench, Flag())
        return try await withTaskCancellationHandler {
            await workbench.run("query offsets", isolation) { client in
                OffsetQuery.offsets(client, partitions, place, timeout: timeout) {
                    isCancelled.isRaised || workbench.isStopping
                }
            }
        } onCancel: {
            isCancelled.raise()
        }.get()
    }
}
