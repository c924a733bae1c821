// SPDX-License-Identifier: Apache-2.0

package import Machine

/// Is told what the machine reports; decides nothing, and does nothing to the worker.
package protocol WorkerObserver: Sendable {
    /// Takes one turn's reports, in order; called by the loop, so it must not block.
    func note(_ reports: [Report])
}

/// Hands reports to several observers.
package struct WorkerObservers: WorkerObserver {
    private let observers: [any WorkerObserver]

    /// Puts observers together.
    package init(_ observers: [any WorkerObserver]) { self.observers = observers }

    package func note(_ reports: [Report]) {
        guard !reports.isEmpty else { return }
        for observer in self.observers { observer.note(reports) }
    }
}
