// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values
import WorkbenchSandbox

@testable import Simulation

/// The modelled Kafka on a virtual clock, which moves while a test waits.
final class ModelledKafkaBench: KafkaBench {
    let topics: TopicNames
    let settings: BenchSettings
    let kafka = ModelledKafka()
    let clockwork = Clockwork(dice: Dice(seed: 1))
    private let numbers: TopicNumbers
    private let group: Int
    private let groupName = "group"
    private var members: [ModelledMember] = []

    init(_ settings: BenchSettings = BenchSettings()) {
        self.settings = settings
        self.topics = TopicNames()
        let (kafka, bytes) = (self.kafka, BenchSettings.topicRecordBytes)
        let count = BenchSettings.inboxPartitions
        self.numbers = TopicNumbers(
            events: [kafka.addTopic(self.topics.events[0], partitions: 1)],
            inbox: kafka.addTopic(self.topics.inbox, partitions: count, maximumRecordBytes: bytes),
            journal: kafka.addTopic(self.topics.journal, partitions: count, maximumRecordBytes: bytes),
            commands: kafka.addTopic(self.topics.commands, partitions: 1),
            status: kafka.addTopic(self.topics.status, partitions: 1),
            dead: kafka.addTopic(self.topics.dead, partitions: 1),
            names: self.topics
        )
        self.group = kafka.addGroup(
            self.groupName,
            subscribing: self.numbers.events + [self.numbers.inbox],
            settings: ModelledGroup.Settings(sessionTimeout: settings.sessionTimeout)
        )
        // What a client does with a topic that is missing, it does with a partition that has no leader.
        if !settings.hasDeadTopic { kafka.loseLeader(of: self.deadLog, until: Self.never) }
        self.clockwork.schedule(.brokerTick, after: .seconds(1))
    }

    private var deadLog: LogID { LogID(topic: self.numbers.dead, partition: 0) }

    private static let never = MonotonicTime(nanoseconds: .max)

    func emit(_ values: [String]) {
        for value in values {
            self.kafka.append(
                PartitionLog.Record(key: nil, value: Array(value.utf8), headers: [], timestamp: self.clockwork.wall),
                to: LogID(topic: self.numbers.events[0], partition: 0)
            )
        }
    }

    func command(_ ids: [String]) {
        for id in ids {
            self.kafka.append(
                PartitionLog.Record(
                    key: nil,
                    value: Array("{}".utf8),
                    headers: RecordHeader.command(id),
                    timestamp: self.clockwork.wall
                ),
                to: LogID(topic: self.numbers.commands, partition: 0)
            )
        }
    }

    func deleteCommands(before offset: Offset) {
        self.kafka.trim(LogID(topic: self.numbers.commands, partition: 0), to: offset.rawValue)
    }

    func join() -> any Member {
        let process = self.members.count
        let context = ClientContext(
            process: process,
            clockwork: self.clockwork,
            kafka: self.kafka,
            group: self.group,
            groupName: self.groupName,
            mailbox: Mailbox(process: process, clockwork: self.clockwork),
            topics: self.numbers,
            clock: ProcessClock(clockwork: self.clockwork)
        )
        let member = ModelledMember(self, context)
        self.members.append(member)
        member.parts.group.begin()
        return member
    }

    func expel(_ member: any Member, for other: any Member) async throws {
        let frozen = try #require(member as? ModelledMember)
        frozen.isFrozen = true
        _ = try await other.first { input in
            if case .group(.assigned(let partitions, _)) = input, partitions.count == 3 { true } else { nil }
        }
        frozen.isFrozen = false
        for happening in frozen.held { self.clockwork.schedule(happening, after: .zero) }
        frozen.held = []
    }

    func transact(
        _ id: String,
        _ records: [ProducerRecord],
        _ membership: GroupMembership,
        _ body: (any OpenTransaction) async throws -> Void
    ) async throws -> Bool {
        let identity = self.kafka.initProducer(id, timeout: self.settings.transactionTimeout, now: self.clockwork.now)
        try self.kafka.produce(records, by: identity, wall: self.clockwork.wall, now: self.clockwork.now)
        let open = ModelledTransactionBody { [self] in
            try self.kafka.sendOffsets(
                [(log: LogID(topic: self.numbers.inbox, partition: 0), offset: 0)],
                group: self.group,
                member: Int(membership.memberID.dropFirst("member-".count)),
                generation: membership.generation,
                by: identity,
                now: self.clockwork.now
            )
            try self.kafka.endTransaction(identity, committing: true)
        }
        try await body(open)
        if !open.isCommitted { try? self.kafka.endTransaction(identity, committing: false) }
        return open.isCommitted
    }

    func waitForRecord(in topic: String, _ partition: Partition) throws {
        let log = LogID(topic: self.kafka.topic(named: topic), partition: Int(partition.rawValue))
        let limit = self.clockwork.now + .seconds(60)
        while self.kafka[log].high == 0 { try self.step(until: limit) }
    }

    func makeDeadTopic() { self.kafka.loseLeader(of: self.deadLog, until: .zero) }

    func loseNextCommit(of member: any Member) throws {
        try #require(member as? ModelledMember).faults.endings.append((.unknownNotApplied, 0))
    }

    func refuseNextTransaction(of member: any Member) throws {
        try #require(member as? ModelledMember).faults.aborts.append((1, 0))
    }

    /// Lets the next thing happen.
    ///
    /// - Throws: `Silence` where what a test waits for has not come within two minutes.
    func step(until limit: MonotonicTime) throws {
        guard self.clockwork.now < limit, let happening = self.clockwork.next() else { throw Silence() }
        if let process = happening.process {
            self.members[process].happen(happening)
        } else if case .arrives(let process, let request) = happening {
            self.members[process].parts.workbench.arrives(request)
        } else if case .brokerTick = happening {
            self.tick()
        }
        for log in self.kafka.takeAdvanced() {
            let isCommands = log.topic == self.numbers.commands
            guard isCommands || log.topic == self.numbers.inbox || log.topic == self.numbers.events[0] else { continue }
            for member in self.members {
                if isCommands { member.parts.commands.mayRead() } else { member.parts.group.mayRead(log) }
            }
        }
    }

    private func tick() {
        let now = self.clockwork.now
        self.kafka.expireTransactions(now: now)
        for assignment in self.kafka.withGroup(self.group, { $0.advance(now: now) }) {
            for member in self.members where member.parts.group.member == assignment.member {
                member.parts.group.assign(assignment)
            }
        }
        self.clockwork.schedule(.brokerTick, after: .seconds(1))
    }
}

/// What a test waits for does not come.
struct Silence: Error {}

private final class ModelledTransactionBody: OpenTransaction {
    private let commit: () throws -> Void
    private(set) var isCommitted = false

    init(_ commit: @escaping () throws -> Void) { self.commit = commit }

    func letGo() throws {
        try self.commit()
        self.isCommitted = true
    }
}

/// A process whose ports are modelled.
final class ModelledMember: Member {
    let parts: SimulatedProcess.Parts
    let ports: Ports
    let faults: CommitFaults
    private(set) var heard: [Input] = []
    var isFrozen = false
    /// What was to happen while it stood still.
    var held: [Happening] = []
    private let bench: ModelledKafkaBench
    private let mailbox: Mailbox
    private var told = 0
    let gateway: Gateway

    init(_ bench: ModelledKafkaBench, _ context: ClientContext) {
        self.bench = bench
        self.mailbox = context.mailbox
        self.faults = CommitFaults(clockwork: context.clockwork, note: { _ in }, addLateCopy: { _, _ in })
        let intake = Intake(.init(routes: Routes([]), defaultProjectID: nil, workbench: "w", inboxPartitions: 2))
        let group = SimulatedGroup(
            context: context,
            intake: intake,
            holdLimit: bench.settings.holdLimit,
            pollLimit: 500
        )
        let journal = SimulatedJournal(
            context: context,
            encoder: .ofBench(bench.topics, "process-\(context.process)"),
            group: group,
            transactionalID: "process-\(context.process)",
            transactionTimeout: bench.settings.transactionTimeout,
            faults: self.faults
        )
        self.gateway = Gateway(
            sandbox: .init(apiKey: World.key, seed: 1),
            clockwork: context.clockwork,
            key: World.key,
            root: World.root,
            note: { _ in }
        )
        let workbench = SimulatedWorkbench(context: context, gateway: self.gateway)
        self.parts = SimulatedProcess.Parts(
            group: group,
            journal: journal,
            commands: SimulatedCommands(context: context, intake: intake, limit: 500),
            workbench: workbench
        )
        self.ports = self.parts.ports(without: bench.settings.sabotage)
    }

    var transactionalID: String { self.parts.journal.transactionalID }

    func happen(_ happening: Happening) {
        if self.isFrozen { return self.held.append(happening) }
        if case .turn = happening {
            self.heard += self.mailbox.take()
        } else {
            _ = self.parts.happen(happening)
        }
    }

    func leave() { self.parts.group.close() }

    func next() throws -> Input {
        let limit = self.bench.clockwork.now + .seconds(120)
        while self.told == self.heard.count { try self.bench.step(until: limit) }
        defer { self.told += 1 }
        return self.heard[self.told]
    }
}

extension TransactionEncoder {
    /// Writes down what a bench's process commits.
    static func ofBench(_ topics: TopicNames, _ process: String) -> TransactionEncoder {
        let bytes = BenchSettings.knownRecordBytes
        return TransactionEncoder(
            topics: topics,
            process: process,
            source: "/bench",
            endpointURL: "http://models.example",
            limits: Limits(records: bytes, inbox: bytes)
        )
    }
}
