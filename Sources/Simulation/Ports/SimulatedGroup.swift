// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

/// The group's port over the modelled Kafka: what librdkafka's consumer does, and its adapter.
final class SimulatedGroup: GroupPort {
    /// A partition that is read.
    struct Reader {
        var lease: Lease
        var position: Int64
        var isPaused: Bool
        var delivered: Int64?
        var met: Int64?
    }

    enum Lookup {
        case locate(Lease, Timestamp?)
        case ends([ReadPartition])
    }

    struct Hold {
        let id: Int
        var partitions: [LogID]
        var gained: [LogID]
        var membership: GroupMembership
    }

    let context: ClientContext
    let intake: Intake
    /// How long a revocation is held at the most.
    let holdLimit: Span
    /// Records in one poll at the most.
    let pollLimit: Int
    private(set) var member: Int?
    private(set) var owned: [LogID] = []
    private(set) var readers: [ReadPartition: Reader] = [:]
    private var order: [ReadPartition] = []
    private var lookups: [Int: Lookup] = [:]
    private var lookupCount = 0
    private var assignments: [Int: ModelledGroup.Assignment] = [:]
    private var assignmentCount = 0
    private var hold: Hold?
    private var lastRevocation = 0
    private var beats = 0
    private var polls = 0
    private var isPollDue = false
    private(set) var isClosed = false

    init(context: ClientContext, intake: Intake, holdLimit: Span, pollLimit: Int) {
        self.context = context
        self.intake = intake
        self.holdLimit = holdLimit
        self.pollLimit = pollLimit
    }

    private var kafka: ModelledKafka { self.context.kafka }
    private var now: MonotonicTime { self.context.clockwork.now }

    /// Whether the client has heard and done all that the group has decided.
    var isSettled: Bool { self.hold == nil && self.assignments.isEmpty && !self.owned.isEmpty }

    // MARK: Membership

    /// Joins the group for the first time.
    func begin() {
        self.join()
        self.scheduleHeartbeat()
    }

    private func join() {
        let (member, owned, now) = (self.member, self.owned, self.now)
        self.member = self.kafka.withGroup(self.context.group) { $0.join(member, owned: owned, now: now) }
    }

    private func scheduleHeartbeat() {
        self.beats += 1
        let pause = self.context.latency(2_700_000...3_000_000, "heartbeat", self.beats)
        self.context.clockwork.schedule(.heartbeat(process: self.context.process), after: pause)
    }

    /// Says that the process lives, and does what the group wants.
    func heartbeat() {
        guard !self.isClosed else { return }
        self.scheduleHeartbeat()
        guard let member = self.member else { return }
        let now = self.now
        switch self.kafka.withGroup(self.context.group, { $0.heartbeat(member, now: now) }) {
        case .fine: break
        case .rebalancing:
            // While a revocation is held the client can't join: that is what holding it means.
            if self.hold == nil, self.assignments.isEmpty { self.join() }
        case .unknownMember: self.loseAll()
        }
    }

    /// The group has gone on without us: others may have our partitions already.
    private func loseAll() {
        let lost = self.owned.map { self.context.topics.readPartition(of: $0) }
        self.owned = []
        self.hold = nil
        self.assignments = [:]
        self.dropReaders { _ in true }
        if !lost.isEmpty { self.deliver(.lost(lost)) }
        self.member = nil
        self.join()
    }

    /// Keeps what the group says until the client hears it.
    func assign(_ assignment: ModelledGroup.Assignment) {
        self.assignmentCount += 1
        self.assignments[self.assignmentCount] = assignment
        let latency = self.context.latency(500...8_000, "sync", self.assignmentCount)
        self.context.clockwork.schedule(
            .synced(process: self.context.process, number: self.assignmentCount),
            after: latency
        )
    }

    /// The client hears what its share is.
    func synced(_ number: Int) {
        guard !self.isClosed, let assignment = self.assignments.removeValue(forKey: number),
            assignment.member == self.member,
            let membership = GroupMembership(
                groupID: self.context.groupName,
                generation: assignment.generation,
                memberID: "member-\(assignment.member)"
            )
        else { return }
        precondition(self.hold == nil, "a share is told while a revocation is held")
        let revoked = self.owned.filter { !assignment.logs.contains($0) }
        let gained = assignment.logs.filter { !self.owned.contains($0) }
        guard !revoked.isEmpty else {
            self.gain(gained, membership)
            return
        }
        self.lastRevocation += 1
        self.hold = Hold(id: self.lastRevocation, partitions: revoked, gained: gained, membership: membership)
        self.deliver(.membershipChanged(membership))
        let partitions = revoked.map { self.context.topics.readPartition(of: $0) }
        for partition in partitions { self.readers[partition]?.isPaused = true }
        self.deliver(.revoking(partitions, RevocationID(number: UInt64(self.lastRevocation))))
        self.context.clockwork.schedule(
            .holdEnds(process: self.context.process, revocation: self.lastRevocation),
            after: self.holdLimit
        )
    }

    private func gain(_ gained: [LogID], _ membership: GroupMembership) {
        self.owned = (self.owned + gained).sorted()
        let partitions = gained.map { self.context.topics.readPartition(of: $0) }
        self.deliver(partitions.isEmpty ? .membershipChanged(membership) : .assigned(partitions, membership))
    }

    /// A revocation was held for as long as may be.
    func holdEnds(_ id: Int) {
        guard let hold = self.hold, hold.id == id, !self.isClosed else { return }
        self.deliver(.failed(PortFailure(.outage, "hold revoked partitions: timed out")))
        self.endHold(id)
    }

    /// A revocation is over, because the machine let it go or it was held for long enough.
    private func endHold(_ id: Int) {
        guard let hold = self.hold, hold.id == id, !self.isClosed else { return }
        self.hold = nil
        self.owned.removeAll { hold.partitions.contains($0) }
        let gone = hold.partitions.map { self.context.topics.readPartition(of: $0) }
        self.dropReaders { gone.contains($0) }
        if !hold.gained.isEmpty { self.gain(hold.gained, hold.membership) }
        self.join()
    }

    /// Leaves the group in order.
    func close() {
        guard !self.isClosed else { return }
        self.isClosed = true
        guard let member = self.member else { return }
        let now = self.now
        self.kafka.withGroup(self.context.group) { $0.leave(member, now: now) }
    }

    private func deliver(_ fact: GroupFact) { self.context.mailbox.deliver(.group(fact)) }

    // MARK: Orders

    func perform(_ order: GroupOrder) {
        switch order {
        case .locate(let lease, let time): self.lookUp(.locate(lease, time))
        case .askEnds(let partitions): self.lookUp(.ends(partitions))
        case .read(let lease, let offset, let isPaused):
            guard self.owned.contains(self.context.topics.log(of: lease.subject)) else { return }
            if self.readers[lease.subject] == nil { self.insert(lease.subject) }
            self.readers[lease.subject] = Reader(lease: lease, position: offset.rawValue, isPaused: isPaused)
            self.wantPoll()
        case .pause(let leases):
            for lease in leases { self.readers[lease.subject]?.isPaused = true }
        case .resume(let leases):
            for lease in leases { self.readers[lease.subject]?.isPaused = false }
            self.wantPoll()
        case .letGo(let id): self.endHold(Int(id.number))
        }
    }

    private func insert(_ partition: ReadPartition) {
        self.order.append(partition)
        self.order.sort()
    }

    private func dropReaders(_ isMeant: (ReadPartition) -> Bool) {
        self.order.removeAll(where: isMeant)
        for partition in self.readers.keys where isMeant(partition) { self.readers[partition] = nil }
    }

    // MARK: Looking up

    private func lookUp(_ lookup: Lookup) {
        self.lookupCount += 1
        self.lookups[self.lookupCount] = lookup
        self.lookAgain(self.lookupCount, 500...4_000)
    }

    private func lookAgain(_ number: Int, _ microseconds: ClosedRange<Int64>) {
        let latency = self.context.latency(microseconds, "lookup", number)
        self.context.clockwork.schedule(.lookedUp(process: self.context.process, order: number), after: latency)
    }

    /// An order is answered.
    func lookedUp(_ number: Int) {
        guard !self.isClosed, let lookup = self.lookups[number] else { return }
        switch lookup {
        case .locate(let lease, let time):
            do throws(BrokerRefusal) {
                let location = try self.location(lease.subject, time)
                self.deliver(.located(lease, .success(location)))
            } catch {
                guard error != .unstableOffset else {
                    // The client asks again by itself.
                    self.lookAgain(number, 40_000...120_000)
                    return
                }
                let failure = PortFailure(.outage, "query offsets: \(error)")
                self.deliver(.located(lease, .failure(failure)))
            }
        case .ends(let partitions):
            var ends: [ReadPartition: ReadProgress] = [:]
            for partition in partitions {
                let log = self.context.topics.log(of: partition)
                guard self.kafka.hasLeader(log, now: self.now) else { continue }
                let reader = self.readers[partition]
                ends[partition] = ReadProgress(
                    end: Offset(rawValue: self.kafka[log].high),
                    delivered: reader?.delivered.map { Offset(rawValue: $0) },
                    met: reader?.met.map { Offset(rawValue: $0) }
                )
            }
            self.deliver(.ends(ends))
        }
        self.lookups[number] = nil
    }

    /// Looks up where a partition stands; the journal's port asks, too.
    func location(_ partition: ReadPartition, _ time: Timestamp?) throws(BrokerRefusal) -> Location {
        let log = self.context.topics.log(of: partition)
        guard self.kafka.hasLeader(log, now: self.now) else { throw .noLeader }
        let committed = try self.kafka.groups[self.context.group].committedOffset(of: log)
        let ends = Watermarks(
            low: Offset(rawValue: self.kafka[log].low),
            high: Offset(rawValue: self.kafka[log].high)
        )
        guard committed == nil, let time else {
            return Location(committed: committed.map { Offset(rawValue: $0) }, ends: ends)
        }
        let atTime = self.kafka[log].offset(at: time).map { Offset(rawValue: $0) }
        return Location(committed: nil, ends: ends, atTime: atTime)
    }

    // MARK: Reading

    /// Whether more of a partition may be read now.
    func mayRead(_ log: LogID) {
        guard !self.isPollDue, let reader = self.readers[self.context.topics.readPartition(of: log)], !reader.isPaused
        else { return }
        self.wantPoll()
    }

    private func wantPoll(_ microseconds: ClosedRange<Int64> = 300...5_000) {
        guard !self.isPollDue, !self.isClosed else { return }
        self.isPollDue = true
        self.polls += 1
        let latency = self.context.latency(microseconds, "poll", self.polls)
        self.context.clockwork.schedule(.poll(process: self.context.process), after: latency)
    }

    /// Hands on what was fetched.
    func poll() {
        self.isPollDue = false
        guard !self.isClosed else { return }
        var (isMore, isLeaderless) = (false, false)
        for partition in self.order {
            guard var reader = self.readers[partition], !reader.isPaused else { continue }
            let log = self.context.topics.log(of: partition)
            guard self.kafka.hasLeader(log, now: self.now) else {
                isLeaderless = true
                continue
            }
            if reader.position < self.kafka[log].low || reader.position > self.kafka[log].high {
                self.deliver(.offsetOutOfRange(partition, Offset(rawValue: reader.position)))
                reader.position = self.kafka[log].low
            }
            self.read(partition, log, &reader)
            if reader.position < self.kafka[log].lastStable { isMore = true }
            self.readers[partition] = reader
        }
        if isMore { self.wantPoll() } else if isLeaderless { self.wantPoll(100_000...300_000) }
    }

    private func read(_ partition: ReadPartition, _ log: LogID, _ reader: inout Reader) {
        let before = reader.position
        let end = self.kafka[log].lastStable
        guard before < end else { return }
        let place = self.context.topics.topicPartition(of: log)
        let wall = self.context.wall
        var entries: [IntakeEntry] = []
        reader.position = self.kafka.read(log, from: before, to: end, limit: self.pollLimit) { offset, record in
            let consumed = ConsumedRecord(
                topicPartition: place,
                offset: Offset(rawValue: offset),
                timestamp: record.timestamp,
                key: record.key,
                value: record.value,
                headers: record.headers
            )
            entries.append(self.intake.entry(consumed, from: partition, now: wall))
        }
        if reader.position == end { reader.met = end }
        guard let last = entries.last else { return }
        reader.delivered = last.next.rawValue
        self.deliver(.records(reader.lease, entries))
    }
}
