// SPDX-License-Identifier: Apache-2.0

package import Machine
import Synchronization
package import Values

/// What readiness is told from: the newest of each condition; readers take a snapshot.
package final class WorkerHealth: WorkerObserver {
    /// One condition of being ready.
    package struct Condition: Sendable, Equatable {
        /// Name, such as `workbench`.
        package var name: String
        /// Why it is not met; `nil` when it is.
        package var cause: String?
        /// Since when.
        package var since: Timestamp

        /// Whether the worker is not ready while it is unmet.
        package var isNeededToBeReady: Bool {
            Machine.Condition.Name(rawValue: self.name)?.isNeededToBeReady ?? true
        }
    }

    private let conditions: Mutex<[String: Condition]>
    private let told = Mutex<[String]>([])

    /// Creates the health of a worker that has not started.
    package init() {
        let partitions = Machine.Condition.Name.partitions.rawValue
        let started = Condition(name: partitions, cause: "starting", since: .now())
        self.conditions = Mutex([partitions: started])
    }

    /// The conditions by name, in a fixed order.
    package var snapshot: [Condition] {
        self.conditions.withLock { conditions in conditions.values.sorted { $0.name < $1.name } }
    }

    /// What works and is weak, as the start has found.
    package var warnings: [String] { self.told.withLock(\.self) }

    /// Whether every condition is met that the worker needs.
    package var isReady: Bool { self.snapshot.allSatisfy { $0.cause == nil || !$0.isNeededToBeReady } }

    package func note(_ reports: [Report]) {
        for case .conditions(let changes) in reports {
            for change in changes { self.set(change.name.rawValue, change.cause) }
        }
    }

    /// Says what the start waits for, before there is a machine that could.
    func waitsAtStart(for cause: String = "starting") { self.set(Machine.Condition.Name.partitions.rawValue, cause) }

    /// Says what works and is weak.
    func warns(_ warnings: [String]) { self.told.withLock { $0 = warnings } }

    /// Says what is wrong with the consumer group as brokers describe it; told by whoever looks at it, beside the loop.
    func group(_ cause: String?) {
        // Most groups are never in trouble, and need no line of their own.
        let isKnown = self.conditions.withLock { $0["group"] != nil }
        if cause != nil || isKnown { self.set("group", cause) }
    }

    /// Says whether the worker gets on; told by the watchdog, which must not need the loop.
    func progress(_ cause: String?) { self.set("progress", cause) }

    private func set(_ name: String, _ cause: String?) {
        self.conditions.withLock { conditions in
            if let known = conditions[name], known.cause == cause { return }
            conditions[name] = Condition(name: name, cause: cause, since: .now())
        }
    }
}
