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
        /// What the brokers let pass that only their rules can keep out.
        var warnings: [String] = []
    }

    let settings: WorkerSettings
    let observer: ClientObserver
    let logger: Logger
    /// Is told what the check waits for.
    let waits: @Sendable (String) -> Void

    /// librdkafka's own default of `message.max.bytes`, which is a little below that of the brokers.
    static let defaultMaximumRecordBytes = 1_000_000

    /// Between attempts while Kafka is away.
    private static let backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))

    /// Checks, however long Kafka is away.
    ///
    /// - Throws: `WorkerFailure` that names the topic, what is wrong and what to do.
    func run() async throws -> Result {
        let reason = UnreachableKafka(observer: self.observer, waits: self.waits)
        let admin = try Admin(properties: self.settings.kafka, observer: reason.observing)
        do {
            let result = try await self.check(admin, reason)
            await admin.close()
            return result
        } catch {
            await admin.close()
            throw error
        }
    }

    private func check(_ admin: Admin, _ reason: UnreachableKafka) async throws -> Result {
        let topics = self.settings.topics
        let counts = try await self.partitionCounts(admin, reason)
        let began = ContinuousClock.now
        let described = try await admin.topics(timeout: .seconds(10))
        // The mock cluster never says its topics' settings; a broker that is slow to name topics is given longer for them.
        let patience = min(.seconds(30), max(.seconds(2), (ContinuousClock.now - began) * 20))
        guard let inbox = counts[topics.inbox], let journal = counts[topics.journal] else {
            throw WorkerFailure(.topics, "topics were described without their partitions")
        }
        if let problem = counts[topics.commands].flatMap({
            TopicRules.commandsProblem(topics.commands, partitionCount: $0)
        }) {
            throw WorkerFailure(.topics, "topic '\(topics.commands)': \(problem.message); \(problem.nextStep)")
        }
        let count = try await self.partitionCount(inbox: inbox, journal: journal)
        let limits = try await self.recordLimits(admin, described, patience)
        return Result(
            partitionCount: count,
            maximumRecordBytes: limits.records,
            maximumDeadBytes: limits.dead,
            maximumInboxBytes: limits.inbox,
            warnings: limits.areKnown ? await self.openDoors(admin, patience) : []
        )
    }

    /// Only the right to write there makes an operator: says so where brokers ask nobody for rights.
    private func openDoors(_ admin: Admin, _ timeout: Duration) async -> [String] {
        do throws(KafkaError) {
            guard try await !admin.checksRights(timeout: timeout) else { return [] }
            return ["the brokers check no rights: whoever reaches them may write events, commands and the journal"]
        } catch {
            self.logger.notice("whether the brokers check rights is not known", ["error": .error(error)])
            return []
        }
    }

    private func partitionCounts(_ admin: Admin, _ reason: UnreachableKafka) async throws -> [String: Int] {
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
                reason.tell(error)
                self.logger.warning("Kafka can't be reached, trying again", ["error": .error(error)])
                try await Task.sleep(for: Self.backoff.delay(afterFailures: failures).duration)
            }
        }
        reason.reached()
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
        /// Whether the brokers tell their settings at all; the mock cluster doesn't.
        var areKnown = true
    }

    /// Reads the settings that matter: the worker does not start on what breaks a promise for certain.
    private func recordLimits(
        _ admin: Admin,
        _ described: [String: Topic],
        _ patience: Duration
    ) async throws -> Limits {
        let topics = self.settings.topics
        let brokers = try await admin.brokerCount()
        var limits = Limits()
        for topic in topics.all {
            let settings: [String: TopicSetting]
            do throws(KafkaError) {
                settings = try await self.settings(of: topic, admin, patience)
            } catch {
                // A group may lack the right for one topic: what can't be checked is said, not guessed.
                self.logger.notice("topic settings not checkable", ["topic": .string(topic), "error": .error(error)])
                // The mock cluster never answers.
                guard !error.isTimeout else {
                    limits.areKnown = false
                    return limits
                }
                continue
            }
            let values = settings.compactMapValues(\.value)
            try self.judge(
                DescribedTopic(
                    role: topics.role(of: topic),
                    name: topic,
                    replicationFactor: described[topic]?.replicationFactor ?? 0,
                    settings: values
                ),
                brokers
            )
            guard let bytes = values["max.message.bytes"].flatMap({ Int($0) }) else { continue }
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

    /// Refuses a topic that breaks a promise, and names what may break one.
    private func judge(_ topic: DescribedTopic, _ brokers: Int) throws(WorkerFailure) {
        let horizon = self.settings.policy.dedupeHorizon?.milliseconds
        let problems = TopicRules.problems(of: topic, brokers: brokers, horizonMilliseconds: horizon)
        if let refused = problems.first(where: { $0.gravity == .refused }) {
            throw WorkerFailure(.topics, "topic '\(topic.name)': \(refused.message); \(refused.nextStep)")
        }
        for problem in problems {
            self.logger.log(
                problem.gravity == .advice ? .notice : .warning,
                "topic is not as the guarantees need it",
                [
                    "topic": .string(topic.name), "problem": .string(problem.message),
                    "nextStep": .string(problem.nextStep),
                ]
            )
        }
    }
}

extension TopicNames {
    fileprivate func role(of topic: String) -> TopicRole {
        switch topic {
        case self.inbox: .inbox
        case self.journal: .journal
        case self.commands: .commands
        case self.status: .status
        case self.dead: .dead
        default: .events
        }
    }
}
