// SPDX-License-Identifier: Apache-2.0

package import Values

/// Getting a partition ready: the answers to its orders, and what follows from them.
extension PartitionOwnership {
    /// What a restore means for the rest of the worker.
    package enum RestoreVerdict: Sendable {
        /// It was of a lease that is over.
        case stale
        /// It failed and is tried again later, or is asked for once more at once.
        case again([Order])
        /// Work goes on: with what the journal says, from that position, and with a start record to be written where the
        /// journal has none, or lacks a topic.
        case begin(Lease, RestoreFacts, position: Offset, start: StartRecord?)
        /// The journal is not this worker's; one line says why and what to do.
        case refused(String)
        /// Its journal has a record that can't be read and names no lane: it waits until that is healed.
        case parked(PortFailure)
        /// What stood in the way of a lane has been healed: the partition is being given up, to begin anew.
        case renewing(Lease)
    }

    /// A partition's journal was read, or could not be.
    package mutating func restored(
        _ lease: Lease,
        _ result: Result<RestoreFacts, PortFailure>,
        now: Now
    ) -> RestoreVerdict {
        let (failures, isSecond): (Int, Bool)
        switch self.partitions[lease.subject] {
        case .preparing(lease, .restoring(let count)): (failures, isSecond) = (count, false)
        case .preparing(lease, .rereading(let count)): (failures, isSecond) = (count, true)
        case .held(lease, _): return self.lookedAgain(lease, result, now: now.monotonic)
        default: return .stale
        }
        switch result {
        case .failure(let failure):
            self.retry(lease, .restore, failure, failures: failures, now: now.monotonic)
            return .again([])
        case .success(let facts):
            if let defect = facts.restored.findings.parksPartition, !facts.isOfAnotherWorld(than: self.settings.world) {
                let news = self.park(lease, defect, facts.restored.findings, now: now.monotonic)
                return news.map { .parked($0) } ?? .again([])
            }
            if facts.isMissingItsStart, !isSecond {
                // A worker that stood still after it had read an empty journal finds what another has committed since.
                self.partitions[lease.subject] = .preparing(lease, .rereading(failures: failures))
                return .again([.restore(lease)])
            }
            if let problem = self.problem(of: facts, lease.partition) { return .refused(problem) }
            let position = facts.location.nextOrOldest
            self.partitions[lease.subject] = .held(lease, position: position)
            self.obstacles[lease.subject] = nil
            self.inspect(lease, facts.restored.findings, now: now.monotonic)
            if let start = facts.start { self.learn(start.topics) }
            return .begin(lease, facts, position: position, start: self.startToWrite(lease.partition, facts.start, now))
        }
    }

    private func problem(of facts: RestoreFacts, _ partition: Partition) -> String? {
        if let start = facts.start { return start.contradiction(to: self.settings.world, partition: partition) }
        guard facts.isMissingItsStart else { return nil }
        return
            "journal partition \(partition.rawValue) has no start record, though the group has worked with it: it was "
            + "deleted or cut short, and what it knew of unfinished rollouts is lost; restore the topic, or see what is not "
            + "known any more and let it go on with: slipway journal begin --accept-loss"
    }

    /// The start record that a journal partition lacks; `nil` where it lacks nothing.
    private func startToWrite(_ partition: Partition, _ found: StartRecord?, _ now: Now) -> StartRecord? {
        var start = found ?? self.settings.world
        if found == nil { start.commandsSince = now.wall.advanced(by: .zero - StartRecord.commandsLeeway) }
        if partition == Partition(rawValue: 0) {
            for topic in self.settings.eventTopics where start.topics[topic] == nil {
                start.topics[topic] = self.settings.startFrom ?? .time(now.wall)
            }
        }
        return start == found ? nil : start
    }

    /// A start record of ours is committed: what waited for it may begin.
    package mutating func startRecorded(_ start: StartRecord, now: Now) -> [Order] {
        self.learn(start.topics)
        return self.begin(now: now)
    }

    private mutating func learn(_ starts: [String: TopicStart]) {
        self.knownStarts.merge(starts) { _, newest in newest }
    }

    /// Journal partition 0 was asked for first starts.
    package mutating func foundStarts(
        _ result: Result<[String: TopicStart], PortFailure>,
        now: Now
    ) -> [Order] {
        self.isReadingStarts = false
        var failure: PortFailure?
        switch result {
        case .success(let starts): self.learn(starts)
        case .failure(let problem): failure = problem
        }
        let orders = self.begin(now: now)
        for (lease, failures) in self.awaitingFirstStart {
            // Its owner writes it as soon as it holds partition 0; nobody but the first start of a topic waits here.
            self.retry(lease, .firstStart, failure, failures: failures, now: now.monotonic)
        }
        return orders
    }

    private var awaitingFirstStart: [(Lease, failures: Int)] {
        self.partitions.values.compactMap {
            guard case .preparing(let lease, .awaitingFirstStart(let failures)) = $0 else { return nil }
            return (lease, failures)
        }.sorted { $0.0.subject < $1.0.subject }
    }

    /// Lets partitions begin whose topics' first starts are known now.
    private mutating func begin(now: Now) -> [Order] {
        var orders: [Order] = []
        for (partition, state) in self.partitions.sorted(by: { $0.key < $1.key }) {
            switch state {
            case .preparing(let lease, .awaitingFirstStart), .preparing(let lease, .waiting(.firstStart, _, _)):
                guard self.start(of: partition) != nil else { continue }
                orders += self.locateStart(lease, failures: 0, now: now)
            case .preparing, .held, .revoking, .discarded: continue
            }
        }
        return orders
    }

    private func start(of partition: ReadPartition) -> TopicStart? {
        guard case .events(let index) = partition.topic, self.settings.eventTopics.indices.contains(index) else {
            return nil
        }
        return self.knownStarts[self.settings.eventTopics[index]]
    }

    private mutating func locateStart(_ lease: Lease, failures: Int, now: Now) -> [Order] {
        self.partitions[lease.subject] = .preparing(lease, .locatingStart(failures: failures))
        guard case .time(let start)? = self.start(of: lease.subject) else { return [.locate(lease, time: nil)] }
        // What is older than the horizon may have been forgotten, and would be deployed a second time.
        let oldest = self.settings.horizon.map { now.wall.advanced(by: .zero - $0.duration) } ?? start
        return [.locate(lease, time: max(start, oldest))]
    }

    /// What locating a partition means.
    package enum LocateVerdict: Sendable, Equatable {
        /// It was of a lease that is over, or is tried again.
        case nothing
        /// More has to be asked first.
        case ask([Order])
        /// It is read from there on; `isNew` where no offset was committed, so that this one is to be.
        case begin(Lease, position: Offset, isNew: Bool)
    }

    /// A partition's place was looked up, or could not be.
    package mutating func located(
        _ lease: Lease,
        _ result: Result<Location, PortFailure>,
        now: Now
    ) -> LocateVerdict {
        let next: PartitionState.Preparation.Next
        let count: Int
        switch self.partitions[lease.subject] {
        case .preparing(lease, .locating(let failures)): (next, count) = (.locate, failures)
        case .preparing(lease, .locatingStart(let failures)): (next, count) = (.start, failures)
        case .preparing, .held, .revoking, .discarded, nil: return .nothing
        }
        switch result {
        case .failure(let failure):
            self.retry(lease, next, failure, failures: count, now: now.monotonic)
            return .nothing
        case .success(.committed(let offset)): return self.hold(lease, at: offset, isNew: false)
        case .success(.uncommitted(let ends, let atTime)):
            guard next == .start else { return .ask(self.awaitStart(lease, now: now)) }
            switch self.start(of: lease.subject) {
            case .time?: return self.hold(lease, at: atTime ?? ends.high, isNew: true)
            case .beginning?, nil: return self.hold(lease, at: ends.low, isNew: true)
            }
        }
    }

    /// Notes that an open transaction keeps the lease's journal partition from being read on.
    ///
    /// - Parameters:
    ///   - lease: A lease; one that is over, or needs no journal any more, is left alone.
    ///   - offset: Where the transaction begins.
    package mutating func heldBack(_ lease: Lease, at offset: Offset) {
        guard self.isPreparing(lease) else { return }
        let text =
            "an open transaction begins at offset \(offset) of journal partition \(lease.partition), and nothing behind it "
            + "can be read before it ends. \(Self.endOfTransactions)"
        self.obstacles[lease.subject] = PortFailure(.outage, text)
    }

    private static let endOfTransactions =
        "That of a worker that has died ends within half a minute. One that stays was forgotten by Kafka: "
        + "kafka-transactions.sh names it (describe-producers) and ends it (abort) once all workers are stopped."

    private mutating func hold(_ lease: Lease, at position: Offset, isNew: Bool) -> LocateVerdict {
        self.obstacles[lease.subject] = nil
        self.partitions[lease.subject] = .held(lease, position: position)
        return .begin(lease, position: position, isNew: isNew)
    }

    private mutating func awaitStart(_ lease: Lease, now: Now) -> [Order] {
        guard self.start(of: lease.subject) == nil else { return self.locateStart(lease, failures: 0, now: now) }
        self.partitions[lease.subject] = .preparing(lease, .awaitingFirstStart(failures: 0))
        return self.readStarts()
    }

    private mutating func readStarts() -> [Order] {
        guard !self.isReadingStarts else { return [] }
        self.isReadingStarts = true
        return [.readTopicStarts]
    }

    private mutating func retry(
        _ lease: Lease,
        _ next: PartitionState.Preparation.Next,
        _ failure: PortFailure?,
        failures: Int,
        now: MonotonicTime
    ) {
        let pause = self.settings.backoff.delay(afterFailures: failures + 1)
        self.obstacles[lease.subject] = failure
        self.partitions[lease.subject] = .preparing(lease, .waiting(next, at: now + pause, failures: failures + 1))
    }

    /// The next moment at which `timePassed` has something to do; `nil` for none.
    package var nextWake: MonotonicTime? {
        var next: MonotonicTime?
        for case .preparing(_, .waiting(_, let at, _)) in self.partitions.values { next.comeForward(to: at) }
        for inspection in self.inspections.values { next.comeForward(to: inspection.nextLook) }
        return next
    }

    /// Time passed: what failed is tried again.
    package mutating func timePassed(now: Now) -> [Order] {
        // Nearly always nothing waits, and nothing has to be put in order.
        guard let next = self.nextWake, next <= now.monotonic else { return [] }
        var orders = self.lookAgain(now: now.monotonic)
        for (partition, state) in self.partitions.sorted(by: { $0.key < $1.key }) {
            guard case .preparing(let lease, .waiting(let next, let at, let failures)) = state, at <= now.monotonic
            else {
                continue
            }
            switch next {
            case .restore:
                self.partitions[partition] = .preparing(lease, .restoring(failures: failures))
                orders.append(.restore(lease))
            case .locate:
                self.partitions[partition] = .preparing(lease, .locating(failures: failures))
                orders.append(.locate(lease, time: nil))
            case .start:
                orders += self.locateStart(lease, failures: failures, now: now)
            case .firstStart:
                self.partitions[partition] = .preparing(lease, .awaitingFirstStart(failures: failures))
                orders += self.readStarts()
            }
        }
        return orders
    }
}

extension RestoreFacts {
    /// Whether the journal says that it is not this worker's.
    fileprivate func isOfAnotherWorld(than world: StartRecord) -> Bool {
        self.start?.contradiction(to: world, partition: 0) != nil
    }

    /// Whether the group has worked with the journal partition, which does not say so.
    fileprivate var isMissingItsStart: Bool {
        self.start == nil && (self.location.committed != nil || self.restored.saysAnything)
    }
}
