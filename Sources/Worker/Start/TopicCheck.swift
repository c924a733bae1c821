// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Telemetry
import Values

/// Looks at the topics before work starts: what does not fit is refused, not worked around.
struct TopicCheck: Sendable {
    /// What the worker needs to know of its topics.
    struct Result: Sendable, Equatable {
        /// Partitions of inbox and journal alike.
        var partitionCount: Int
        /// The largest record that journal and status take.
        var maximumRecordBytes: Int
        /// The largest record that the dead-letter topic takes.
        var maximumDeadBytes: Int
        /// The largest record that the inbox takes.
        var maximumInboxBytes = TopicCheck.defaultMaximumRecordBytes
    }

    let settings: WorkerSettings
    let observer: ClientObserver
    let logger: Logger

    /// librdkafka's own default of `message.max.bytes`, which is a little below that of the brokers.
    static let defaultMaximumRecordBytes = 1_000_000

    /// Between attempts while Kafka is away.
    private static let backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))

    /// Checks, however long Kafka is away.
    ///
    /// - Throws: `WorkerFailure` that names the topic, what is wrong and what to do.
    func run() async throws -> Result {
        let admin = try Admin(properties: self.settings.kafka, observer: self.observer)
        do {
            let result = try await self.check(admin)
            await admin.close()
            return result
        } catch {
            await admin.close()
            throw error
        }
    }

    private func check(_ admin: Admin) async throws -> Result {
        let topics = self.settings.topics
        let counts = try await self.partitionCounts(admin)
        let began = ContinuousClock.now
        _ = try await admin.topics(timeout: .seconds(10))
        // The mock cluster never says its topics' settings; a broker that is slow to name topics is given longer for them.
        let patience = min(.seconds(30), max(.seconds(2), (ContinuousClock.now - began) * 20))
        guard let inbox = counts[topics.inbox], let journal = counts[topics.journal] else {
            throw WorkerFailure(.topics, "topics were described without their partitions")
        }
        guard inbox == journal else {
            throw WorkerFailure(
                .topics,
                "topic '\(topics.inbox)' has \(inbox) partitions and '\(topics.journal)' \(journal): both need the same "
                    + "number, which is chosen once, because it decides which partition owns a model (slipway topics check)"
            )
        }
        let limits = try await self.recordLimits(admin, patience)
        return Result(
            partitionCount: inbox,
            maximumRecordBytes: limits.records,
            maximumDeadBytes: limits.dead,
            maximumInboxBytes: limits.inbox
        )
    }

    private func partitionCounts(_ admin: Admin) async throws -> [String: Int] {
        let topics = self.settings.topics
        let wanted = topics.all
        var failures = 0
        var found: [String: Topic] = [:]
        // Topics that were just made are not known to every broker at once.
        let patience = ContinuousClock.now + .seconds(5)
        while true {
            do throws(KafkaError) {
                found = try await admin.topics(timeout: .seconds(10))
                guard wanted.contains(where: { found[$0] == nil }), ContinuousClock.now < patience else { break }
                try? await Task.sleep(for: .milliseconds(100))
                continue
            } catch {
                guard !error.isAuthentication, !error.isAuthorization else {
                    let hint = self.settings.kafka.limitation.map { "; \($0)" } ?? ""
                    throw WorkerFailure(.kafka, error.description + hint)
                }
                failures += 1
                self.logger.warning("Kafka can't be reached, trying again", ["error": .error(error)])
                try await Task.sleep(for: Self.backoff.delay(afterFailures: failures).duration)
            }
        }
        let missing = wanted.filter { found[$0] == nil }
        guard missing.isEmpty else {
            let names = missing.map { "'\($0)'" }.joined(separator: ", ")
            throw WorkerFailure(.topics, "no such topic, or no right to see it: \(names) (slipway topics ensure)")
        }
        return found.mapValues(\.partitionCount)
    }

    private struct Limits {
        var records = TopicCheck.defaultMaximumRecordBytes
        var dead = TopicCheck.defaultMaximumRecordBytes
        var inbox = TopicCheck.defaultMaximumRecordBytes
    }

    /// Reads the settings that matter: the journal must be compacted and never deleted from (rule 11).
    private func recordLimits(_ admin: Admin, _ patience: Duration) async throws -> Limits {
        let topics = self.settings.topics
        var limits = Limits()
        for topic in topics.all {
            let settings: [String: TopicSetting]
            do throws(KafkaError) {
                settings = try await self.settings(of: topic, admin, patience)
            } catch {
                // The mock cluster never answers, and a group may lack the right: what can't be checked is said, not guessed.
                self.logger.notice("topic settings not checkable", ["topic": .string(topic), "error": .error(error)])
                return limits
            }
            if topic == topics.journal { try self.checkJournal(topic, policy: settings["cleanup.policy"]?.value) }
            if topics.events.contains(topic) || topic == topics.inbox { try self.checkHorizon(topic, settings) }
            guard let bytes = settings["max.message.bytes"]?.value.flatMap({ Int($0) }) else { continue }
            guard bytes >= TopicRules.leastRecordBytes else {
                throw WorkerFailure(
                    .topics,
                    "topic '\(topic)' takes records of \(bytes) bytes only: raise its max.message.bytes to "
                        + "\(TopicRules.leastRecordBytes) or more"
                )
            }
            switch topic {
            case topics.dead: limits.dead = bytes
            case topics.inbox: limits.inbox = bytes
            case topics.journal, topics.status: limits.records = min(limits.records, bytes)
            default: break
            }
        }
        // The producer itself refuses what is larger than its own limit.
        let own = self.settings.kafka.effectiveValue(of: "message.max.bytes").flatMap { Int($0) } ?? limits.dead
        return Limits(
            records: min(limits.records, own),
            dead: min(limits.dead, own),
            inbox: min(limits.inbox, own)
        )
    }

    /// A topic that was just made is not known to every broker at once: asks again for a while.
    private func settings(
        of topic: String,
        _ admin: Admin,
        _ timeout: Duration
    ) async throws(KafkaError) -> [String: TopicSetting] {
        let patience = ContinuousClock.now + .seconds(5)
        while true {
            do throws(KafkaError) {
                return try await admin.settings(ofTopic: topic, timeout: timeout)
            } catch {
                guard error.isUnknownTopic, ContinuousClock.now < patience, !Task.isCancelled else { throw error }
                // Ends early with the task; then the loop ends, too.
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func checkJournal(_ topic: String, policy: String?) throws(WorkerFailure) {
        guard let policy, policy != "compact" else { return }
        throw WorkerFailure(
            .topics,
            "topic '\(topic)' has cleanup.policy '\(policy)': a journal must be 'compact' only, or unfinished work would be "
                + "deleted in a long outage (slipway topics ensure --alter)"
        )
    }

    private func checkHorizon(_ topic: String, _ settings: [String: TopicSetting]) throws(WorkerFailure) {
        guard let horizon = self.settings.policy.dedupeHorizon,
            let retention = settings["retention.ms"]?.value.flatMap({ Int64($0) })
        else { return }
        let needed = TopicRules.leastHorizonMilliseconds(retentionMilliseconds: retention)
        guard horizon.milliseconds < needed else { return }
        throw WorkerFailure(
            .topics,
            "topic '\(topic)' keeps events for \(retention) ms (retention.ms), longer than ended rollouts are known: one that "
                + "is read again would be deployed again; set journal.dedupeHorizon to \(needed) ms or more, or lower the "
                + "topic's retention"
        )
    }
}
