// SPDX-License-Identifier: Apache-2.0

import Kafka
import SandboxPrograms
import Synchronization
import Values

/// The hostile tenant's clients, with the tenant's own rights.
final class Tenant: Sendable {
    fileprivate struct Tally: Sendable {
        var sent: [HostileObservations.Sent] = []
        var refused: [String: Int] = [:]
    }

    private let producer: Producer
    /// Compresses what it sends.
    private let packer: Producer
    private let tally = Mutex(Tally())

    /// - Parameter properties: How the tenant connects.
    /// - Throws: `KafkaError` or `KafkaPropertyError` if no client can be made.
    init(_ properties: [KafkaProperties.Property]) throws {
        let common = properties + [.init("message.timeout.ms", "20000")]
        self.producer = try Producer(properties: try KafkaProperties(common))
        self.packer = try Producer(
            properties: try KafkaProperties(
                common + [.init("compression.type", "gzip"), .init("message.max.bytes", "20000000")]
            )
        )
    }

    /// Tries to write where it must not.
    ///
    /// - Throws: `DrillFailure` if it can, or is kept from it by something else than access rules.
    func checkConfined(_ topics: DrillTopics) async throws {
        for topic in topics.trusted {
            do throws(KafkaError) {
                _ = try await self.producer.send(ProducerRecord(topic: topic, key: nil, value: nil))
            } catch {
                guard error.isAuthorization else {
                    throw DrillFailure("the tenant could not be tried on '\(topic)': \(error)")
                }
                continue
            }
            throw DrillFailure(
                "the tenant may write to '\(topic)': give its principal the right Write on topics that begin with "
                    + "'\(DrillTopics.tenantPrefix)', and no other; brokers need an authorizer"
            )
        }
    }

    /// Sends everything, each at its time, without waiting for what was sent before.
    ///
    /// - Throws: `CancellationError`.
    func run(_ records: HostileRecords, from start: ContinuousClock.Instant) async throws {
        var rest = records.plan.hostile[...]
        try await withThrowingDiscardingTaskGroup { group in
            while let first = rest.first {
                try await Task.sleep(until: start + first.at, clock: .continuous)
                let now = ContinuousClock.now
                let due = rest.prefix { start + $0.at <= now }.prefix(500)
                rest = rest.dropFirst(due.count)
                let events = Array(due)
                group.addTask { await self.send(events, records) }
            }
        }
    }

    private func send(_ events: [HostilePlan.HostileEvent], _ records: HostileRecords) async {
        for isPacked in [false, true] {
            let chosen = events.filter { ($0.attack == .bomb) == isPacked }
            guard !chosen.isEmpty else { continue }
            let client = isPacked ? self.packer : self.producer
            let results = await client.sendAll(chosen.map { records.hostile($0) })
            self.tally.withLock { tally in
                for (event, result) in zip(chosen, results) { tally.note(event, result, records) }
            }
        }
    }

    /// Puts what was sent among the observations.
    func note(in seen: inout HostileObservations) {
        let tally = self.tally.withLock { $0 }
        seen.tenant = tally.sent
        seen.refused = tally.refused
    }

    /// Ends both clients.
    func close() async {
        await self.producer.close()
        await self.packer.close()
    }
}

extension Tenant.Tally {
    fileprivate mutating func note(
        _ event: HostilePlan.HostileEvent,
        _ result: Result<RecordMetadata, KafkaError>,
        _ records: HostileRecords
    ) {
        switch result {
        case .failure(let error): self.refused[error.code, default: 0] += 1
        case .success(let metadata):
            // A copy of somebody's event is one event, however often it is sent.
            let isCopy = event.attack == .copiedRecord
            self.sent.append(
                HostileObservations.Sent(
                    place: .init(
                        topic: records.tenantTopic,
                        partition: Int64(metadata.partition.rawValue),
                        offset: metadata.offset.rawValue
                    ),
                    attack: event.attack,
                    identity: "\(event.attack.rawValue) \(isCopy ? event.victim : event.number)"
                )
            )
        }
    }
}
