// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Synchronization
import Threads
import Values

/// What runs on the consumer's thread: polls, rebalances, pausing and seeking.
///
/// `@unchecked Sendable`: the variables below `inbox` belong to the consumer's thread; librdkafka calls `rebalanced`
/// on it too, from within a poll.
final class ConsumerLoop: ClientContext, @unchecked Sendable {
    let inbox: ConsumerInbox
    let settings: ConsumerSettings
    /// What others see of `assigned`.
    let assignment = Mutex<Set<TopicPartition>>([])
    /// Where each partition's position was last told to be out of range; librdkafka meets the same one again after a seek.
    private let outOfRange = Mutex<[TopicPartition: Offset]>([:])
    /// The thread's jobs; set before the first poll.
    private let queue = Mutex<JobQueue?>(nil)

    /// How far reading has come in each partition.
    let reached = Mutex<[TopicPartition: Consumer.Reached]>([:])

    /// When a turn began last.
    let lastTurn = Mutex<ContinuousClock.Instant?>(nil)

    private let revocations = Revocations()
    private var reader = MessageReader()
    var batch: [ConsumedRecord] = []
    var ledger = AssignmentLedger()
    var unreadable = UnreadableBatches()
    /// The membership last told; none after a loss.
    private var lastReportedMembership: GroupMembership?
    /// Whether it asked to join the group, and has not had an assignment since it was made.
    private var isJoining = false

    init(properties: KafkaProperties, settings: ConsumerSettings, observer: ClientObserver) {
        self.inbox = ConsumerInbox(settings: settings)
        self.settings = settings
        super.init(properties: properties, observer: observer)
    }

    /// One turn of the thread: adjust the flow, then wait for records or a rebalance.
    func turn(_ client: OpaquePointer, _ jobs: JobQueue) {
        self.queue.withLock { $0 = jobs }
        self.lastTurn.withLock { $0 = .now }
        self.adjustFlow(jobs)
        let isSettled = self.settle(client)
        guard let first = rd_kafka_consumer_poll(client, isSettled ? 1_000 : 10) else { return }
        self.take(first, client)
        var count = 1
        while count < self.settings.batchRecords, let message = rd_kafka_consumer_poll(client, 0) {
            self.take(message, client)
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
        // Before 2.3.0 a client whose group has answered, but sent no assignment yet, aborts the process when it is destroyed
        // (librdkafka's pull request 4381).
        if self.isJoining, rd_kafka_version() < 0x0203_0000 {
            handle.abandon()
        } else {
            handle.destroy(leavesGroup: false)
        }
    }

    /// Notes that the group is about to be joined; on the consumer's thread.
    func joining() { self.isJoining = true }

    override func logged(level: Int32, facility: String, text: String) {
        super.logged(level: level, facility: facility, text: text)
        guard facility == "OFFSET", let (partition, offset) = OffsetResetLine.parse(text) else { return }
        let isNew = self.outOfRange.withLock { $0.updateValue(offset, forKey: partition) != offset }
        if isNew { self.inbox.post(.offsetOutOfRange(partition, offset)) }
    }

    override func rebalanced(
        _ client: OpaquePointer,
        _ code: rd_kafka_resp_err_t,
        _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {
        self.isJoining = false
        // What was read so far comes before the rebalance, and what is revoked must be found in the inbox.
        self.deliverBatch()
        let named = PartitionList.elements(of: partitions).map(\.topicPartition)
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: self.assign(client, partitions, named)
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS: self.revoke(client, partitions, named)
        default:
            self.forget(client, named)
            self.lastReportedMembership = nil
            self.inbox.post(.lost(named))
            self.inbox.post(.error(KafkaError(code, operation: "rebalance")))
            rd_kafka_assign(client, nil)
        }
    }
}

// MARK: - Records

extension ConsumerLoop {
    private func take(_ message: UnsafeMutablePointer<rd_kafka_message_t>, _ client: OpaquePointer) {
        defer { rd_kafka_message_destroy(message) }
        let offset = Offset(rawValue: message.pointee.offset)
        switch message.pointee.err {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            let partition = self.reader.topicPartition(message.pointee)
            guard self.ledger.arrived(partition, offset), self.meets(partition, offset) else { return }
            self.batch.append(self.reader.record(message))
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            let partition = self.reader.topicPartition(message.pointee)
            if self.ledger.arrived(partition, offset) { _ = self.meets(partition, offset) }
            self.reached.withLock { $0[partition, default: Consumer.Reached(delivered: offset)].end = offset }
        case let code:
            let text = String(cString: rd_kafka_message_errstr(message))
            // A fatal one, such as a static member whose name was taken, tells here only that it is fatal.
            let fatal = code == RD_KAFKA_RESP_ERR__FATAL ? KafkaError.fatal(client, operation: "consume") : nil
            let error = fatal ?? KafkaError(code, operation: "consume", message: text)
            let partition = self.reader.topicPartition(message.pointee)
            guard self.isNews(error, code, partition, offset, end: BatchPlace.knownEnd(of: partition, client)) else {
                return
            }
            self.inbox.post(.error(self.explained(error)))
        }
    }

    func deliverBatch() {
        for (index, record) in self.batch.enumerated() {
            // Of a run of one partition's records the last one tells.
            let next = index + 1 < self.batch.count ? self.batch[index + 1].topicPartition : nil
            guard next != record.topicPartition else { continue }
            let delivered = record.next
            self.reached.withLock {
                $0[record.topicPartition, default: .init(delivered: delivered)].delivered = delivered
            }
        }
        self.inbox.append(self.batch)
        self.batch.removeAll(keepingCapacity: true)
    }

    /// Stops the flow while the reader is behind.
    private func adjustFlow(_ jobs: JobQueue) {
        guard self.inbox.isFull, !self.ledger.isFlowStopped else {
            if self.ledger.isFlowStopped, self.inbox.hasRoom { self.ledger.isFlowStopped = false }
            return
        }
        // A pause throws prefetched records away, so a reader that is only a little behind gets a moment; rebalances
        // wait as long.
        guard !jobs.wait(timeout: .milliseconds(200), until: { self.inbox.hasRoom }) else { return }
        // What the application has paused for so long must not stand in the way of the rest.
        self.pauseHeld()
        self.ledger.isFlowStopped = !self.inbox.hasRoom
    }

    /// Gives librdkafka the ledger's pending commands.
    ///
    /// - Returns: Whether nothing is left to be told.
    private func settle(_ client: OpaquePointer) -> Bool {
        var commands = self.ledger.pendingCommands
        if !commands.pause.isEmpty {
            _ = PartitionList(commands.pause).withPointer { rd_kafka_pause_partitions(client, $0) }
            self.ledger.paused(commands.pause)
        }
        var isSettled = true
        for (partition, offset) in commands.seek {
            guard let error = self.seek(client, partition, to: offset) else {
                self.ledger.sought(partition)
                continue
            }
            // Busy with a start, a stop or another seek; the next turn tries again, and the partition stays as it is.
            isSettled = false
            commands.resume.remove(partition)
            let isBusy =
                error.isTimeout
                || error.isOne(
                    of: RD_KAFKA_RESP_ERR__STATE,
                    RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS,
                    RD_KAFKA_RESP_ERR__OUTDATED
                )
            if !isBusy { self.inbox.post(.error(error)) }
        }
        if !commands.resume.isEmpty {
            _ = PartitionList(commands.resume).withPointer { rd_kafka_resume_partitions(client, $0) }
            self.ledger.resumed(commands.resume)
        }
        return isSettled
    }

    private func seek(_ client: OpaquePointer, _ partition: TopicPartition, to offset: Offset) -> KafkaError? {
        let list = PartitionList([(key: partition, value: offset.rawValue)])
        // Answered by a thread of librdkafka, not by a broker. Before 2.1.0 it takes the number for microseconds.
        let timeoutMilliseconds: Int32 = rd_kafka_version() < 0x0201_0000 ? 5_000_000 : 5_000
        if let error = list.withPointer({ rd_kafka_seek_partitions(client, $0, timeoutMilliseconds) }) {
            return KafkaError(consuming: error, operation: "seek \(partition)", client: client)
        }
        return list.firstError(operation: "seek")
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
        self.ledger.assign(partitions)
        self.assignment.withLock { $0 = self.ledger.assigned }
        guard let membership = GroupMembership(capturedFrom: client) else {
            // The group gave us up meanwhile; the callback that says so follows.
            let text = "the group's membership ended during the assignment"
            self.inbox.post(.error(.invalid(operation: "assign", message: text)))
            return
        }
        self.lastReportedMembership = membership
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
            self.lastReportedMembership = nil
            self.inbox.post(.lost(partitions))
        } else {
            // A cooperative group is a generation further when it asks for partitions back; they go to nobody before
            // we give them up and join the next one. So this membership, not the last told, serves during the hold.
            self.tellMembership(client)
            self.hold(partitions)
        }
        self.forget(client, partitions)
        if let error = rd_kafka_incremental_unassign(client, list) {
            let failure = KafkaError(consuming: error, operation: "unassign", client: client)
            self.inbox.post(.error(self.explained(failure)))
        }
        if !isLost, !self.ledger.assigned.isEmpty { self.tellMembership(client) }
    }

    /// Tells the membership if it is another than the last one told.
    private func tellMembership(_ client: OpaquePointer) {
        guard let membership = GroupMembership(capturedFrom: client), membership != self.lastReportedMembership else {
            return
        }
        self.lastReportedMembership = membership
        self.inbox.post(.membershipChanged(membership))
    }

    /// Tells the application and waits, serving its calls, until it lets go, the time is up, or the consumer closes.
    private func hold(_ partitions: [TopicPartition]) {
        guard let jobs = self.queue.withLock({ $0 }), !jobs.isStopping, !partitions.isEmpty else { return }
        let number = self.revocations.begin()
        self.inbox.post(.revoked(partitions, revocation: number))
        let isInTime = jobs.wait(timeout: self.settings.revocationTimeout) { self.revocations.isOver(number) }
        self.revocations.end(number)
        if !isInTime, !jobs.isStopping { self.inbox.post(.error(.timedOut(operation: "hold revoked partitions"))) }
    }

    /// Lets a revocation go on; from any thread.
    func letGo(_ revocation: UInt64) {
        self.revocations.letGo(revocation)
        self.queue.withLock { $0 }?.poke()
    }

    private func forget(_ client: OpaquePointer, _ partitions: [TopicPartition]) {
        _ = self.inbox.drop(Set(partitions))
        self.inbox.release(Set(partitions))
        self.unreadable.forget(partitions)
        self.outOfRange.withLock { known in for partition in partitions { known[partition] = nil } }
        let paused = self.ledger.unassign(partitions)
        if !paused.isEmpty { _ = PartitionList(paused).withPointer { rd_kafka_resume_partitions(client, $0) } }
        self.assignment.withLock { $0 = self.ledger.assigned }
    }
}

// MARK: - The application's calls

extension ConsumerLoop {
    /// Keeps records of partitions back; librdkafka is told only once they fill the inbox.
    ///
    /// It throws away what it has fetched, thousands of records, and most pauses are over within one transaction.
    func pause(_ partitions: Set<TopicPartition>) {
        self.inbox.hold(partitions.intersection(self.ledger.assigned))
        // An inbox that is full already would not be looked at again.
        if self.ledger.isFlowStopped { self.pauseHeld() }
    }

    /// Has librdkafka pause what is kept back; the records are read again after `resume`.
    private func pauseHeld() {
        self.deliverBatch()
        let held = self.inbox.dropHeld()
        self.ledger.hold(held.partitions, dropped: held.first)
        // What comes again would be taken for what lies behind a batch whose end is looked for.
        for (partition, first) in held.first { self.unreadable.begin(partition, at: first) }
    }

    /// Resumes those of the partitions that the application had paused.
    func resume(_ partitions: Set<TopicPartition>) {
        self.inbox.release(partitions)
        self.ledger.release(partitions)
    }

    /// Moves the position; records of the partition that wait are dropped.
    func seek(_ partition: TopicPartition, to offset: Offset, mark: UInt64?) -> Result<Void, KafkaError> {
        self.deliverBatch()
        guard self.ledger.move(partition, to: offset, isSought: true) else {
            return .failure(KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, operation: "seek \(partition)"))
        }
        self.unreadable.begin(partition, at: offset)
        return .success(self.inbox.seek(partition, mark: mark))
    }
}
