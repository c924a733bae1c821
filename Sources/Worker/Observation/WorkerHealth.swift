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
    }

    private let conditions: Mutex<[String: Condition]>

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

    /// Whether every condition is met.
    package var isReady: Bool { self.snapshot.allSatisfy { $0.cause == nil } }

    package func note(_ reports: [Report]) {
        for case .conditions(let changes) in reports {
            for change in changes { self.set(change.name.rawValue, change.cause) }
        }
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
