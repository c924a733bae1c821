// SPDX-License-Identifier: Apache-2.0

package import Rollouts
package import Values
package import WorkbenchAPI

/// What is to be done: an order to one of the ports.
package enum Action: Sendable {
    /// An order to the group's port.
    case group(GroupOrder)
    /// An order to the journal's port.
    case journal(JournalOrder)
    /// An order to the commands' port.
    case commands(CommandsOrder)
    /// An order to the workbench's port.
    case workbench(WorkbenchOrder)
    /// The worker is done: its clients may be closed.
    case end(WorkerFailure?)
}

/// What the group's port is asked to do; it answers by inputs.
package enum GroupOrder: Sendable, Equatable {
    /// Look up where a partition stands; with a time, the first offset as new as that, too.
    case locate(Lease, time: Timestamp?)
    /// Read the partition from there on, marking its records with the lease; not before `resume` where it is paused.
    case read(Lease, from: Offset, isPaused: Bool)
    /// Read no more records of these leases; those that are not told yet are read again after `resume`.
    case pause([Lease])
    /// Read on.
    case resume([Lease])
    /// Let the group have the partitions of a revocation.
    case letGo(RevocationID)
    /// Ask where partitions end.
    case askEnds([ReadPartition])
}

/// What the journal's port is asked to do; it answers by inputs.
package enum JournalOrder: Sendable {
    /// Read a journal partition to the end it has when the order is given, and look up its inbox partition.
    case restore(Lease)
    /// Stop reading for a lease that is over.
    case abandon(Lease)
    /// Read which event topics have had their first start.
    case readTopicStarts
    /// Commit a transaction; one at a time.
    case commit(Transaction)
    /// Put a new producer of the same transactional id in place of one that is of no use any more.
    case rebuildProducer
}

/// What the commands' port is asked to do; it answers by inputs.
package enum CommandsOrder: Sendable, Equatable {
    /// Read the next commands from there on, or from the oldest kept where that is newer; takes the place of an earlier order.
    ///
    /// A topic that ends before `reaching` is another one than that whose commands were done.
    case read(CommandsReadID, from: Offset, reaching: Offset)
}

/// What the workbench's port is asked to do; it answers by inputs.
package enum WorkbenchOrder: Sendable {
    /// Send requests.
    case start([PlannedRequest])
    /// Don't send what is not handed to a connection yet; its answers say so.
    case cancelUnstarted([RequestID])
    /// Read the API key again before the next request: it may have been changed.
    case reloadKey
}

/// One request to be sent.
package struct PlannedRequest: Sendable {
    /// Its name.
    package var id: RequestID
    /// What is sent, without the API key.
    package var send: PlannedSend
    /// The last moment at which it may be handed to its connection; `nil` for any.
    ///
    /// The one comparison of times that is made below the machine: only the thread that hands it over knows the moment.
    package var startBefore: MonotonicTime?

    /// Creates a request.
    package init(id: RequestID, send: PlannedSend, startBefore: MonotonicTime?) {
        self.id = id
        self.send = send
        self.startBefore = startBefore
    }
}
