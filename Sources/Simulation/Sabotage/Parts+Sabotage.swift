// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Rollouts
import Values
import WorkbenchAPI

extension SimulatedProcess.Parts {
    /// The ports, without the guarantee that is to be missed.
    func ports(without sabotage: Sabotage?) -> Ports {
        var ports = Ports(
            group: self.group,
            journal: self.journal,
            commands: self.commands,
            workbench: self.workbench
        )
        switch sabotage {
        case nil: break
        case .unfenced: self.journal.habits.sendsOffsets = false
        case .earlyOffsets: self.journal.habits.writesFirst = false
        case .staleMembership: self.journal.habits.renewsMembership = false
        case .shortRestore: self.journal.habits.readsToTheEnd = false
        case .amnesia: self.journal.habits.restores = false
        case .eagerCommit: self.journal.habits.admitsUnknown = false
        case .blamelessRecords: self.journal.habits.blamesRecords = false
        case .unsuspicious: self.journal.habits.renewsSuspects = false
        case .lateStart: ports.workbench = LateStart(ports.workbench)
        case .noAdoption: self.workbench.findsNothing = true
        }
        return ports
    }
}

/// Sends requests however late they are.
final class LateStart: WorkbenchPort {
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
