// SPDX-License-Identifier: Apache-2.0

import Values

/// Something that happens at a moment of the simulated world.
///
/// Numbers alone, so that the heap of what is to come copies no references; what they name is kept by who schedules them.
enum Happening: Sendable {
    // Of one process: it waits while the process is frozen, and never comes once that is gone.

    /// The process takes what has arrived and decides.
    case turn(process: Int)
    /// The time that a turn asked for has come.
    case wake(process: Int, token: Int)
    /// The consumer says that it lives, and hears what the group wants.
    case heartbeat(process: Int)
    /// The group has told the consumer its share; the number names it.
    case synced(process: Int, number: Int)
    /// A revocation has been held for as long as may be.
    case holdEnds(process: Int, revocation: Int)
    /// The consumer hands on what it has fetched.
    case poll(process: Int)
    /// An order of the group's port is answered.
    case lookedUp(process: Int, order: Int)
    /// A transaction under way comes to its next request.
    case committing(process: Int, stage: CommitStage)
    /// A reading of the journal goes on.
    case restoring(process: Int, order: Int)
    /// A request for commands is answered.
    case commandsRead(process: Int)
    /// The producer has been replaced.
    case rebuilt(process: Int)
    /// A request is handed to its connection.
    case handOver(process: Int, request: Int)
    /// A request's answer is read.
    case answered(process: Int, request: Int)
    /// The process is told to stop in order.
    case stop(process: Int)

    // Of the world.

    /// A request arrives at the workbench, unless its process was frozen or killed before it had left.
    case arrives(process: Int, request: Int)
    /// A call that the workbench held back is applied.
    case lateApply(number: Int)
    /// A late copy of a coordinator request arrives.
    case lateCopy(number: Int)
    /// An event of the plan is sent.
    case emit(event: Int)
    /// A fault of the plan begins.
    case faultBegins(fault: Int)
    /// A fault of the plan ends.
    case faultEnds(fault: Int)
    /// A worker's next process begins.
    case restart(worker: Int)
    /// Brokers look at sessions and transactions.
    case brokerTick
    /// The checks look at what waits.
    case look

    /// The process whose own doing it is; `nil` for what happens without it.
    var process: Int? {
        switch self {
        case .turn(let process), .wake(let process, _), .heartbeat(let process), .synced(let process, _),
            .holdEnds(let process, _), .poll(let process), .lookedUp(let process, _), .committing(let process, _),
            .restoring(let process, _), .commandsRead(let process), .rebuilt(let process), .handOver(let process, _),
            .answered(let process, _),
            .stop(let process):
            process
        case .arrives, .lateApply, .lateCopy, .emit, .faultBegins, .faultEnds, .restart, .brokerTick, .look:
            nil
        }
    }
}

/// How far a transaction has come on its way to the brokers.
enum CommitStage: Int, Sendable {
    /// A new producer takes the place of a suspect one first.
    case renew
    /// Records are written.
    case produce
    /// Offsets are sent; here membership is checked.
    case offsets
    /// It is committed.
    case end
    /// The outcome is told.
    case told
}
