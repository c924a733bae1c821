// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

/// Keeps from a worker that it holds some partitions of the inbox, as if another worker held them.
struct BlindTap: PortTap {
    let partitions: Set<ReadPartition>

    /// Keeps these partitions of the inbox from a worker; not partition 0, whose owner begins the event topics.
    init(inbox partitions: Partition...) { self.partitions = Set(partitions.map { .inbox($0) }) }

    func pass(_ facts: [Input]) -> [Input] {
        facts.map { fact in
            switch fact {
            case .group(.assigned(let assigned, let membership)):
                .group(.assigned(assigned.filter { !self.partitions.contains($0) }, membership))
            case .group(.revoking(let revoked, let id)):
                .group(.revoking(revoked.filter { !self.partitions.contains($0) }, id))
            case .group(.lost(let lost)): .group(.lost(lost.filter { !self.partitions.contains($0) }))
            case .group, .journal, .workbench, .commands, .woke, .stop: fact
            }
        }
    }
}
