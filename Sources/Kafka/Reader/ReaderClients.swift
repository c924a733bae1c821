// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Synchronization
import Threads
import Values

/// The clients of a `PartitionReader`, one for each isolation level in use, and who uses them.
///
/// `@unchecked Sendable`: `queue` and `reader` belong to the reader's thread; the rest is behind locks.
final class ReaderClients: @unchecked Sendable {
    private struct Clients: Sendable {
        var handles: [IsolationLevel: ClientHandle] = [:]
        /// Threads that use a client.
        var users = 0
        var isClosed = false
    }

    private let properties: KafkaProperties
    private let endWait: Duration
    private let observer: ClientObserver
    private let clients = Monitor(Clients())
    private let stopping = Flag()
    private var queue: ReadQueue?
    private var reader = MessageReader()
    /// The client that `queue` reads by.
    private var current: OpaquePointer?
    private let stepsOver: Bool
    private var unreadable = UnreadableBatches()
    /// Partitions whose position was moved while what one call has brought was looked at.
    private var moved: Set<TopicPartition> = []

    init(properties: KafkaProperties, endWait: Duration, stepsOver: Bool, observer: ClientObserver) {
        self.properties = properties
        self.endWait = endWait
        self.stepsOver = stepsOver
        self.observer = observer
    }

    /// Whether what is under way is to end.
    var isStopping: Bool { self.stopping.isRaised }

    /// Ends what is under way soon.
    func stop() { self.stopping.raise() }

    /// Returns the client of a level, made at the first call.
    func client(_ isolation: IsolationLevel) -> Result<ClientHandle, KafkaError> {
        self.clients.withLock { clients in
            if clients.isClosed { return .failure(.closed(operation: "read partitions")) }
            if let handle = clients.handles[isolation] { return .success(handle) }
            let context = ClientContext(properties: self.properties, observer: self.observer)
            do throws(KafkaError) {
                let handle = try context.makeClient(
                    RD_KAFKA_CONSUMER,
                    // As much as waits while the next portion comes; whoever is slower than the brokers has it full.
                    defaults: [
                        .init("queued.max.messages.kbytes", "65536"), .init("queued.min.messages", "1000000"),
                        .init("fetch.wait.max.ms", String(self.endWait.callMilliseconds)),
                    ] + FetchWaker.defaults,
                    fixed: [
                        .init("isolation.level", isolation.rawValue),
                        .init("enable.partition.eof", "true"),
                        .init("auto.offset.reset", "earliest"),
                        .init("enable.auto.commit", "false"),
                        .init("enable.auto.offset.store", "false"),
                    ]
                )
                clients.handles[isolation] = handle
                return .success(handle)
            } catch {
                return .failure(error)
            }
        }
    }

    func assign(_ offsets: [TopicPartition: Offset], _ isolation: IsolationLevel) -> Result<Void, KafkaError> {
        self.client(isolation).flatMap { handle in
            self.queue?.stop()
            let queue = ReadQueue(handle.pointer, portion: 1_000)
            self.queue = queue
            self.current = handle.pointer
            self.unreadable = UnreadableBatches()
            for (partition, offset) in offsets {
                self.unreadable.begin(partition, at: offset)
                if let error = queue.start(partition, at: offset) { return .failure(error) }
            }
            return .success(())
        }
    }

    func poll(maximum: Int, timeout: Duration) -> Result<ReadBatch, KafkaError> {
        guard let queue = self.queue else {
            return .failure(.invalid(operation: "read partitions", message: "no partition is assigned"))
        }
        let deadline = ContinuousClock.now + timeout
        var batch = ReadBatch()
        var failure: KafkaError?
        repeat {
            // Short waits, so that closing does not wait for a long poll.
            let wait = min(100, deadline.remainingMilliseconds)
            self.moved = []
            _ = queue.receive(timeoutMilliseconds: wait, maximum: maximum) { message in
                let partition = self.reader.topicPartition(message.pointee)
                // What was fetched before the position was moved is read again, or not wanted.
                guard !self.moved.contains(partition) else { return }
                failure = self.take(message, of: partition, queue, &batch) ?? failure
            }
        } while batch.records.isEmpty && batch.ends.isEmpty && failure == nil && deadline > .now && !self.isStopping
        self.serveErrors()
        if batch.records.isEmpty, let failure { return .failure(failure) }
        return .success(batch)
    }

    /// Takes one message.
    ///
    /// - Returns: An error that is to be told; `nil` for none.
    private func take(
        _ message: UnsafePointer<rd_kafka_message_t>,
        of partition: TopicPartition,
        _ queue: ReadQueue,
        _ batch: inout ReadBatch
    ) -> KafkaError? {
        let offset = Offset(rawValue: message.pointee.offset)
        let (code, isFine) = (message.pointee.err, message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR)
        if isFine || code == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            let isStopped = self.follow(self.unreadable.met(partition, offset), of: partition, queue, &batch)
            guard !self.moved.contains(partition) else { return isStopped }
            if isFine { batch.records.append(self.reader.record(message)) } else { batch.ends[partition] = offset }
            return isStopped
        }
        let error = PartitionScan.error(message, "read partitions")
        guard self.stepsOver, let place = BatchPlace(code), let client = self.current, !partition.topic.isEmpty,
            offset.rawValue >= 0
        else { return error }
        let (answer, _) = self.unreadable.failed(
            partition,
            at: offset,
            isBase: place == .base,
            reason: error.message,
            end: BatchPlace.knownEnd(of: partition, client)
        )
        batch.isSteppingOver = true
        return self.follow(answer, of: partition, queue, &batch)
    }

    /// Does what is to be done about a batch that can't be read.
    private func follow(
        _ answer: UnreadableBatches.Answer,
        of partition: TopicPartition,
        _ queue: ReadQueue,
        _ batch: inout ReadBatch
    ) -> KafkaError? {
        let position: Offset?
        switch answer {
        case .fine, .again: return nil
        case .read(let from):
            batch.isSteppingOver = true
            position = from
        case .lost(let lost, let from):
            batch.records.append(ConsumedRecord(topicPartition: partition, lost: lost))
            position = from
        }
        guard let position else { return nil }
        self.moved.insert(partition)
        return queue.seek(partition, to: position)
    }

    /// Runs what waits for brokers on a thread of its own, so that a partition without a leader holds up no other one.
    func run<Success: Sendable>(
        _ operation: String,
        _ isolation: IsolationLevel,
        _ body: @escaping @Sendable (ClientHandle) -> Result<Success, KafkaError>
    ) async -> Result<Success, KafkaError> {
        let isOpen = self.clients.withLock { clients -> Bool in
            clients.users += clients.isClosed ? 0 : 1
            return !clients.isClosed
        }
        guard isOpen else { return .failure(.closed(operation: operation)) }
        return await withCheckedContinuation { continuation in
            _ = DedicatedThread(name: "kafka-scan") {
                let result = self.client(isolation).flatMap(body)
                // Before the answer: whoever has it may close the reader.
                self.clients.signal { $0.users -= 1 }
                continuation.resume(returning: result)
            }
        }
    }

    /// Waits for who uses the clients and destroys them; the reader's thread's last act.
    func close() {
        self.stop()
        let handles = self.clients.wait { clients -> [ClientHandle]? in
            clients.isClosed = true
            guard clients.users == 0 else { return nil }
            defer { clients.handles = [:] }
            return Array(clients.handles.values)
        }
        self.queue?.stop()
        self.queue = nil
        for handle in handles ?? [] { handle.destroy(leavesGroup: false) }
    }

    /// Errors and statistics wait on each client's main queue, which reading does not serve.
    private func serveErrors() {
        for handle in self.clients.withLock({ Array($0.handles.values) }) { rd_kafka_poll(handle.pointer, 0) }
    }
}
