// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Synchronization
import Threads

/// What runs on the consumer's thread: polls, rebalances, pausing and seeking.
///
/// `@unchecked Sendable`: the variables below `inbox` belong to the consumer's thread; librdkafka calls `rebalanced`
/// on it too, from within a poll.
final class ConsumerLoop: ClientContext, @unchecked Sendable {
    let inbox: ConsumerInbox
    let settings: ConsumerSettings
    /// What others see of `assigned`.
    let assignment = Mutex<Set<TopicPartition>>([])
    /// The thread's jobs; set before the first poll.
    private let queue = Mutex<JobQueue?>(nil)

    private var reader = MessageReader()
    private var batch: [ConsumedRecord] = []
    private var pauses = PauseLedger()
    /// Where to read on after a pause that dropped records, as long as librdkafka did not take the seek.
    private var rewinds: [TopicPartition: Offset] = [:]

    init(properties: KafkaProperties, settings: ConsumerSettings, observer: ClientObserver) {
        self.inbox = ConsumerInbox(settings: settings)
        self.settings = settings
        super.init(properties: properties, observer: observer)
    }

    /// One turn of the thread: adjust the flow, then wait for records or a rebalance.
    func turn(_ client: OpaquePointer, _ jobs: JobQueue) {
        self.queue.withLock { $0 = jobs }
        self.adjustFlow(client, jobs)
        guard let first = rd_kafka_consumer_poll(client, 1_000) else { return }
        self.take(first)
        var count = 1
        while count < self.settings.batchRecords, let message = rd_kafka_consumer_poll(client, 0) {
            self.take(message)
            count += 1
        }
        self.deliverBatch()
    }

    /// Leaves the group within the time given and destroys the client; the thread's last act.
    func finish(_ handle: ClientHandle) {
        self.inbox.close()
        let client = handle.pointer
        let deadline = ContinuousClock.now + self.settings.closeTimeout
        let queue = rd_kafka_queue_new(client)
        if let error = rd_kafka_consumer_close_queue(client, queue) {
            self.observer.error(KafkaError(consuming: error, operation: "close consumer", client: client))
        } else {
            while rd_kafka_consumer_closed(client) == 0, deadline > .now {
                if let message = rd_kafka_consume_queue(queue, 50) { rd_kafka_message_destroy(message) }
            }
        }
        let isClosed = rd_kafka_consumer_closed(client) != 0
        if !isClosed { self.observer.error(.timedOut(operation: "leave consumer group")) }
        rd_kafka_queue_destroy(queue)
        handle.destroy(leavesGroup: false)
    }

    override func logged(level: Int32, facility: String, text: String) {
        super.logged(level: level, facility: facility, text: text)
        if facility == "OFFSET", let (partition, offset) = OffsetResetLine.parse(text) {
            self.inbox.post(.offsetOutOfRange(partition, offset))
        }
    }

    override func rebalanced(
        _ client: OpaquePointer,
        _ code: rd_kafka_resp_err_t,
        _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {
        // What was read so far comes before the rebalance, and what is revoked must be found in the inbox.
        self.deliverBatch()
        let named = PartitionList.elements(of: partitions).map(\.topicPartition)
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: self.assign(client, partitions, named)
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS: self.revoke(client, partitions, named)
        default:
            self.forget(Set(named))
            self.inbox.post(.lost(named))
            self.inbox.post(.error(KafkaError(code, operation: "rebalance")))
            rd_kafka_assign(client, nil)
        }
    }
}

// MARK: - Records

extension ConsumerLoop {
    private func take(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        defer { rd_kafka_message_destroy(message) }
        switch message.pointee.err {
        case RD_KAFKA_RESP_ERR_NO_ERROR: self.batch.append(self.reader.record(message))
        case RD_KAFKA_RESP_ERR__PARTITION_EOF: break
        case let code:
            let text = String(cString: rd_kafka_message_errstr(message))
            let error = KafkaError(code, operation: "consume", message: text)
            self.inbox.post(.error(self.explained(error)))
        }
    }

    private func deliverBatch() {
        self.inbox.append(self.batch)
        self.batch.removeAll(keepingCapacity: true)
    }

    /// Pauses what is read while the reader is behind, and later resumes exactly that.
    private func adjustFlow(_ client: OpaquePointer, _ jobs: JobQueue) {
        if self.inbox.isFull, !self.pauses.isFlowStopped {
            // A pause throws prefetched records away, so a reader that is only a little behind gets a moment; rebalances
            // wait as long.
            guard !jobs.wait(timeout: .milliseconds(200), until: { self.inbox.hasRoom }) else { return }
            self.apply(self.pauses.stopFlow(), client, rd_kafka_pause_partitions)
        } else if self.pauses.isFlowStopped, self.inbox.hasRoom {
            self.apply(self.pauses.startFlow(), client, rd_kafka_resume_partitions)
        }
    }

    private func apply(
        _ partitions: Set<TopicPartition>,
        _ client: OpaquePointer,
        _ function: (OpaquePointer?, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> rd_kafka_resp_err_t
    ) {
        guard !partitions.isEmpty else { return }
        let list = PartitionList(partitions)
        _ = function(client, list.pointer)
        if let error = list.firstError(operation: "pause or resume") { self.inbox.post(.error(error)) }
    }
}

// MARK: - Rebalances

extension ConsumerLoop {
    private var isStopping: Bool { self.queue.withLock { $0?.isStopping } ?? false }

    private func assign(
        _ client: OpaquePointer,
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>,
        _ partitions: [TopicPartition]
    ) {
        if let error = rd_kafka_incremental_assign(client, list) {
            let failure = KafkaError(consuming: error, operation: "assign", client: client)
            self.inbox.post(.error(self.explained(failure)))
            return
        }
        if !partitions.isEmpty { _ = rd_kafka_pause_partitions(client, list) }
        self.pauses.assign(Set(partitions))
        self.assignment.withLock { $0 = self.pauses.assigned }
        guard let membership = GroupMembership(capturedFrom: client) else {
            // The group gave us up meanwhile; the callback that says so follows.
            let text = "the group's membership ended during the assignment"
            self.inbox.post(.error(.invalid(operation: "assign", message: text)))
            return
        }
        self.inbox.post(
            partitions.isEmpty ? .membershipChanged(membership) : .assigned(partitions, membership: membership)
        )
    }

    private func revoke(
        _ client: OpaquePointer,
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>,
        _ partitions: [TopicPartition]
    ) {
        let isLost = rd_kafka_assignment_lost(client) != 0
        _ = self.inbox.drop(Set(partitions))
        if isLost {
            self.inbox.post(.lost(partitions))
        } else {
            self.hold(partitions)
        }
        self.forget(Set(partitions))
        if let error = rd_kafka_incremental_unassign(client, list) {
            let failure = KafkaError(consuming: error, operation: "unassign", client: client)
            self.inbox.post(.error(self.explained(failure)))
        }
        if !isLost, !self.pauses.assigned.isEmpty, let membership = GroupMembership(capturedFrom: client) {
            self.inbox.post(.membershipChanged(membership))
        }
    }

    /// Tells the application and waits, serving its calls, until it lets go, the time is up, or the consumer closes.
    private func hold(_ partitions: [TopicPartition]) {
        guard let jobs = self.queue.withLock({ $0 }), !jobs.isStopping, !partitions.isEmpty else { return }
        let isReleased = Flag()
        let hold = RevocationHold {
            isReleased.raise()
            jobs.poke()
        }
        self.inbox.post(.revoked(partitions, hold: hold))
        let isInTime = jobs.wait(timeout: self.settings.revocationTimeout) { isReleased.isRaised }
        if !isInTime, !jobs.isStopping { self.inbox.post(.error(.timedOut(operation: "hold revoked partitions"))) }
    }

    private func forget(_ partitions: Set<TopicPartition>) {
        _ = self.inbox.drop(partitions)
        self.pauses.unassign(partitions)
        for partition in partitions { self.rewinds[partition] = nil }
        self.assignment.withLock { $0 = self.pauses.assigned }
    }
}

// MARK: - The application's calls

extension ConsumerLoop {
    /// Pauses partitions; records of theirs that wait are dropped and read again after `resume`.
    func pause(_ client: OpaquePointer, _ partitions: Set<TopicPartition>) -> Result<Void, KafkaError> {
        self.deliverBatch()
        self.apply(self.pauses.pause(partitions), client, rd_kafka_pause_partitions)
        for (partition, offset) in self.inbox.drop(partitions) where self.pauses.assigned.contains(partition) {
            if case .failure = self.move(client, partition, to: offset) { self.rewinds[partition] = offset }
        }
        return .success(())
    }

    /// Resumes those of the partitions that the application had paused.
    func resume(_ client: OpaquePointer, _ partitions: Set<TopicPartition>) -> Result<Void, KafkaError> {
        for (partition, offset) in self.rewinds where partitions.contains(partition) {
            if case .failure(let error) = self.move(client, partition, to: offset) { return .failure(error) }
            self.rewinds[partition] = nil
        }
        self.apply(self.pauses.resume(partitions), client, rd_kafka_resume_partitions)
        return .success(())
    }

    /// Moves the position; records of the partition that wait are dropped.
    func seek(_ client: OpaquePointer, _ partition: TopicPartition, _ offset: Offset) -> Result<Void, KafkaError> {
        self.deliverBatch()
        guard self.pauses.assigned.contains(partition) else {
            return .failure(KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, operation: "seek \(partition)"))
        }
        _ = self.inbox.drop([partition])
        let result = self.move(client, partition, to: offset)
        if case .success = result { self.rewinds[partition] = nil }
        return result
    }

    private func move(
        _ client: OpaquePointer,
        _ partition: TopicPartition,
        to offset: Offset
    ) -> Result<Void, KafkaError> {
        let list = PartitionList([(key: partition, value: offset.rawValue)])
        // Answered by a thread of librdkafka, not by a broker. Before 2.1.0 it takes the number for microseconds.
        let timeoutMilliseconds: Int32 = rd_kafka_version() < 0x0201_0000 ? 5_000_000 : 5_000
        if let error = rd_kafka_seek_partitions(client, list.pointer, timeoutMilliseconds) {
            return .failure(KafkaError(consuming: error, operation: "seek \(partition)", client: client))
        }
        return list.firstError(operation: "seek").map { .failure($0) } ?? .success(())
    }
}
