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
        var scans = 0
        var isClosed = false
    }

    private let properties: KafkaProperties
    private let endWait: Duration
    private let observer: ClientObserver
    private let clients = Monitor(Clients())
    private let stopping = Flag()
    private var queue: ReadQueue?
    private var reader = MessageReader()

    init(properties: KafkaProperties, endWait: Duration, observer: ClientObserver) {
        self.properties = properties
        self.endWait = endWait
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
            for (partition, offset) in offsets {
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
            _ = queue.receive(timeoutMilliseconds: wait, maximum: maximum) { message in
                switch message.pointee.err {
                case RD_KAFKA_RESP_ERR_NO_ERROR: batch.records.append(self.reader.record(message))
                case RD_KAFKA_RESP_ERR__PARTITION_EOF:
                    let partition = self.reader.topicPartition(message.pointee)
                    batch.ends[partition] = Offset(rawValue: message.pointee.offset)
                default: failure = failure ?? PartitionScan.error(message, "read partitions")
                }
            }
        } while batch.records.isEmpty && batch.ends.isEmpty && failure == nil && deadline > .now && !self.isStopping
        self.serveErrors()
        if batch.records.isEmpty, let failure { return .failure(failure) }
        return .success(batch)
    }

    /// Runs a scan on a thread of its own.
    func run(_ scan: PartitionScan, _ isolation: IsolationLevel) async -> Result<Offset, KafkaError> {
        let isOpen = self.clients.withLock { clients -> Bool in
            clients.scans += clients.isClosed ? 0 : 1
            return !clients.isClosed
        }
        guard isOpen else { return .failure(.closed(operation: scan.operation)) }
        return await withCheckedContinuation { continuation in
            _ = DedicatedThread(name: "kafka-scan") {
                let result = self.client(isolation).flatMap { scan.run($0) }
                // Before the answer: whoever has it may close the reader.
                self.clients.signal { $0.scans -= 1 }
                continuation.resume(returning: result)
            }
        }
    }

    /// Waits for the scans under way and destroys the clients; the reader's thread's last act.
    func close() {
        self.stop()
        let handles = self.clients.wait { clients -> [ClientHandle]? in
            clients.isClosed = true
            guard clients.scans == 0 else { return nil }
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
