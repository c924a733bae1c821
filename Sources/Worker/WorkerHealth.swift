// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
package import Values

/// What readiness is told from: each part of the worker notes its own condition, readers take a snapshot.
package final class WorkerHealth: Sendable {
    /// One condition of being ready.
    package struct Condition: Sendable, Equatable {
        /// Name, such as `workbench`.
        package var name: String
        /// Why it is not met; `nil` when it is.
        package var cause: String?
        /// Since when.
        package var since: Timestamp
    }

    private let conditions: Mutex<[String: Condition]>

    /// Creates the health of a worker that has not started.
    package init() {
        let now = Timestamp.now()
        let started = Condition(name: Name.partitions, cause: "starting", since: now)
        self.conditions = Mutex([Name.partitions: started])
    }

    /// The conditions by name, in a fixed order.
    package var snapshot: [Condition] {
        self.conditions.withLock { conditions in conditions.values.sorted { $0.name < $1.name } }
    }

    /// Whether every condition is met.
    package var isReady: Bool { self.snapshot.allSatisfy { $0.cause == nil } }

    private enum Name {
        static let partitions = "partitions"
        static let membership = "membership"
        static let consumer = "consumer"
        static let journal = "journal"
        static let intake = "intake"
        static let progress = "progress"
    }

    private func set(_ name: String, _ cause: String?) {
        let now = Timestamp.now()
        self.conditions.withLock { conditions in
            if let known = conditions[name], known.cause == cause { return }
            conditions[name] = Condition(name: name, cause: cause, since: now)
        }
    }

    func restoring(_ partitions: [Partition], obstacle: KafkaError? = nil) {
        let list = partitions.map(String.init).joined(separator: ", ")
        let reason = obstacle.map { ": \($0)" } ?? ""
        self.set(Name.partitions, partitions.isEmpty ? nil : "reading the journal of partitions \(list)\(reason)")
    }

    func stopping() { self.set(Name.partitions, "stopping") }

    func waitingForAssignment() { self.set(Name.partitions, "waiting for the consumer group to assign partitions") }

    func membershipMissing() { self.set(Name.membership, "waiting for the consumer group to rebalance") }

    func membershipBack() { self.set(Name.membership, nil) }

    func consumerFailed(_ error: KafkaError) { self.set(Name.consumer, error.description) }

    func consumerWorks() { self.set(Name.consumer, nil) }

    func journalFailed(_ error: KafkaError) { self.journalFailed(error.description) }

    func journalFailed(_ cause: String) { self.set(Name.journal, cause) }

    func journalSucceeded() {
        self.set(Name.journal, nil)
        // It has committed offsets for the group, which needs what the consumer needs.
        self.consumerWorks()
    }

    func progress(_ cause: String?) { self.set(Name.progress, cause) }

    func intakePaused(_ cause: String?) { self.set(Name.intake, cause) }

    func outage(_ component: Component, _ cause: Cause?) {
        self.set(component.rawValue, cause.map { "\($0.class.rawValue): \($0.message) \($0.class.nextStep)" })
    }
}
