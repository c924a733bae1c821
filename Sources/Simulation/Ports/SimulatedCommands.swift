// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

/// The commands' port over the modelled Kafka: a plain reader of one partition.
final class SimulatedCommands: CommandsPort {
    private let context: ClientContext
    private let intake: Intake
    /// Records in one batch at the most.
    private let limit: Int
    /// What was last asked for and is not answered.
    private var order: (id: CommandsReadID, from: Int64, reaching: Int64)?
    private var reads = 0
    private var isReadDue = false

    init(context: ClientContext, intake: Intake, limit: Int) {
        self.context = context
        self.intake = intake
        self.limit = limit
    }

    private var log: LogID { LogID(topic: self.context.topics.commands, partition: 0) }

    func perform(_ order: CommandsOrder) {
        switch order {
        case .read(let id, let offset, let reaching):
            self.order = (id, offset.rawValue, reaching.rawValue)
            self.schedule()
        }
    }

    /// The topic has more records.
    func mayRead() { self.schedule() }

    private func schedule() {
        guard self.order != nil, !self.isReadDue else { return }
        self.isReadDue = true
        self.reads += 1
        let latency = self.context.latency(500...30_000, "commands", self.reads)
        self.context.clockwork.schedule(.commandsRead(process: self.context.process), after: latency)
    }

    /// The answer to a request for commands comes; none while there are none.
    func read() {
        self.isReadDue = false
        guard let order = self.order else { return }
        let kafka = self.context.kafka
        guard kafka.hasLeader(self.log, now: self.context.clockwork.now) else {
            self.answer(order.id, .failure(PortFailure(.outage, "read commands: NOT_LEADER_FOR_PARTITION")))
            return
        }
        let (low, high) = (kafka[self.log].low, kafka[self.log].high)
        guard high >= order.reaching else {
            self.answer(order.id, .failure(PortFailure(.outage, CommandsPosition.madeAnew("it ends at \(high)"))))
            return
        }
        let names = self.context.topics.names
        let place = TopicPartition(topic: names.commands, partition: Partition(rawValue: 0))
        var entries: [CommandEntry] = []
        let next = kafka.read(self.log, from: max(order.from, low), to: .max, limit: self.limit) {
            let record = ConsumedRecord(
                topicPartition: place,
                offset: Offset(rawValue: $0),
                timestamp: $1.timestamp,
                key: $1.key,
                value: $1.value,
                headers: $1.headers
            )
            entries.append(self.intake.command(record, eventTopics: names.events, now: self.context.wall))
        }
        guard !entries.isEmpty else { return }
        self.answer(
            order.id,
            .success(
                CommandBatch(
                    entries: entries,
                    next: Offset(rawValue: next),
                    oldest: low > order.from ? Offset(rawValue: low) : nil
                )
            )
        )
    }

    private func answer(_ id: CommandsReadID, _ result: Result<CommandBatch, PortFailure>) {
        self.order = nil
        self.context.mailbox.deliver(.commands(id, result))
    }
}
