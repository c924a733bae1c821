// SPDX-License-Identifier: Apache-2.0

import Kafka
import Synchronization
import Telemetry
import Values

/// Looks who else is in the group, and whether the group comes to rest.
///
/// A member that is no worker takes partitions, and deploys nothing. Members are told apart by the `client.id`, which all workers
/// of a group share. One that dies again and again holds all others up: they keep what they have, and get nothing new, while
/// the coordinator waits for it.
final class GroupWatch: Sendable {
    private let groupID: String
    private let clientID: String
    private let sessionTimeout: Duration
    private let consumer: Consumer
    private let logger: Logger
    private let tellHealth: @Sendable (String?) -> Void
    private let signal = WakeSignal()
    private let pause = Mutex(pauses.calm)

    /// Between two looks where nothing happens; the second while the group is not at rest.
    private static let pauses = (calm: Duration.seconds(15), restless: Duration.seconds(5))
    /// A rebalance in which everybody answers is over by then.
    private static let patience = Duration.seconds(10)

    /// Creates one.
    ///
    /// - Parameters:
    ///   - settings: Of the worker.
    ///   - consumer: Asks; not an admin client, which may hang.
    ///   - logger: Takes what is told once.
    ///   - tellHealth: Takes what is wrong with the group; `nil` for nothing.
    init(
        _ settings: WorkerSettings,
        consumer: Consumer,
        logger: Logger,
        tellHealth: @escaping @Sendable (String?) -> Void
    ) {
        self.groupID = settings.groupID
        self.clientID = settings.kafka["client.id"] ?? ConsumerSettings.clientID
        self.sessionTimeout = settings.sessionTimeout
        self.consumer = consumer
        self.logger = logger
        self.tellHealth = tellHealth
    }

    /// The group has gone through a rebalance.
    func rebalanced() { self.signal.send() }

    /// Ends it.
    func close() { self.signal.finish() }

    /// Serves until it is closed.
    func run() async {
        var told: Set<ConsumerGroup.Member> = []
        var restlessSince: ContinuousClock.Instant?
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    do { try await Task.sleep(for: self.pause.withLock { $0 }) } catch { return }
                    self.signal.send()
                }
            }
            for await _ in self.signal.signals {
                // A rebalance is several events, and its outcome is known in the end.
                do { try await Task.sleep(for: .seconds(1)) } catch { break }
                guard let found = await self.group() else { continue }
                let foreign = found.members.filter { $0.clientID != self.clientID }
                for member in foreign where !told.contains(member) { self.tell(member) }
                told = Set(foreign)
                restlessSince = found.isRestless ? restlessSince ?? .now : nil
                self.pause.withLock { $0 = found.isRestless ? Self.pauses.restless : Self.pauses.calm }
                let isStuck = restlessSince.map { .now - $0 >= Self.patience } ?? false
                self.tellHealth(isStuck ? self.restlessness : foreign.first.map(Self.words))
            }
            group.cancelAll()
        }
    }

    /// The same text for as long as it lasts: since when, readiness says itself.
    private var restlessness: String {
        """
        the consumer group does not come to rest: a member that has gone, or does not answer, holds the others up for as long \
        as kafka.session.timeout.ms (\(Span(self.sessionTimeout).milliseconds)) each time; look for a worker that restarts \
        again and again, and make workers static members (kafka.group.instance.id)
        """
    }

    /// The group as brokers describe it; `nil` where nobody says.
    private func group() async -> ConsumerGroup? {
        do throws(KafkaError) {
            return try await self.consumer.group(self.groupID)
        } catch {
            // Everything else tells that Kafka is away; the next look asks again.
            self.logger.debug("the group can't be described", ["error": .error(error)])
            return nil
        }
    }

    private static func words(_ member: ConsumerGroup.Member) -> String {
        let partitions = member.assignment.sorted().map(\.description).joined(separator: ", ")
        return """
            member '\(member.clientID)' of the group, at \(member.host), is no worker, and what it holds (\(partitions)) is \
            deployed by nobody; give that consumer a group.id of its own
            """
    }

    private func tell(_ member: ConsumerGroup.Member) {
        let partitions = member.assignment.sorted().map(\.description)
        self.logger.error(
            "a member of the group is no worker: events that it takes are deployed by nobody",
            [
                "client": .string(member.clientID), "host": .string(member.host),
                "partitions": .string(partitions.joined(separator: ",")),
                "nextStep": .string("give that consumer a group.id of its own; workers read again what it took"),
            ]
        )
    }
}

extension ConsumerGroup {
    /// Whether a rebalance is under way.
    fileprivate var isRestless: Bool { self.state.hasSuffix("Rebalance") }
}
