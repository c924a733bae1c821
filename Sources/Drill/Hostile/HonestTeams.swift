// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import SandboxPrograms
import Synchronization
import Values

/// The honest teams of a hostile drill: send their events, each at its time.
final class HonestTeams: Sendable {
    private let producer: Producer
    private let sent = Mutex<(events: [HostileObservations.Honest], failures: [String])>(([], []))

    /// - Throws: `KafkaError` if no client can be made.
    init(_ kafka: KafkaProperties) throws(KafkaError) { self.producer = try Producer(properties: kafka) }

    /// Sends everything.
    ///
    /// - Throws: `CancellationError`.
    func run(_ records: HostileRecords, from start: ContinuousClock.Instant) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for event in records.plan.honest {
                group.addTask {
                    try await Task.sleep(until: start + event.at, clock: .continuous)
                    await self.send(event, records)
                }
            }
        }
    }

    private func send(_ event: HostilePlan.HonestEvent, _ records: HostileRecords) async {
        let run = records.plan.runs[event.run]
        let sentAt = Timestamp.now()
        let record = EventEncoder.record(records.honest(event), topic: records.topics.events)
        do throws(KafkaError) {
            let metadata = try await self.producer.send(record)
            let honest = HostileObservations.Honest(
                run: run,
                place: .init(
                    topic: record.topic,
                    partition: Int64(metadata.partition.rawValue),
                    offset: metadata.offset.rawValue
                ),
                sentAt: sentAt,
                isCalm: event.isCalm
            )
            self.sent.withLock { $0.events.append(honest) }
        } catch {
            self.sent.withLock { $0.failures.append("the event for \(run.id) could not be sent: \(error)") }
        }
    }

    /// Puts what was sent among the observations.
    func note(in seen: inout HostileObservations) {
        let sent = self.sent.withLock { $0 }
        seen.honest = sent.events
        seen.unsent = sent.failures
    }

    /// Ends its client.
    func close() async { await self.producer.close() }
}
