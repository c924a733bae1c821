// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Rollouts
import Values
import WorkbenchAPI

extension World {
    /// The ports, without the guarantee that is to be missed.
    func sabotaged(_ ports: Ports, _ process: SimulatedProcess.Parts) -> Ports {
        guard let sabotage = self.sabotage else { return ports }
        var ports = ports
        switch sabotage {
        case .unfenced: process.journal.habits.sendsOffsets = false
        case .staleMembership: process.journal.habits.renewsMembership = false
        case .shortRestore: process.journal.habits.readsToTheEnd = false
        case .amnesia: process.journal.habits.restores = false
        case .eagerCommit: process.journal.habits.admitsUnknown = false
        case .blamelessRecords: process.journal.habits.blamesRecords = false
        case .unsuspicious: process.journal.habits.renewsSuspects = false
        case .lateStart: ports.workbench = LateStart(ports.workbench)
        case .noAdoption: process.workbench.findsNothing = true
        }
        return ports
    }
}

/// Sends requests however late they are.
private final class LateStart: WorkbenchPort {
    private let inner: any WorkbenchPort

    init(_ inner: any WorkbenchPort) { self.inner = inner }

    func perform(_ order: WorkbenchOrder) {
        switch order {
        case .start(let requests):
            self.inner.perform(.start(requests.map { PlannedRequest(id: $0.id, send: $0.send, startBefore: nil) }))
        // What was taken back is sent all the same.
        case .cancelUnstarted: break
        case .reloadKey: self.inner.perform(order)
        }
    }
}
