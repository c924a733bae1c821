// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

/// One process of a worker: the shipped machine, the shipped `Ports.perform`, and modelled ports.
final class SimulatedProcess {
    /// What becomes of a process.
    enum State: Equatable {
        case running
        /// Stands still since then.
        case frozen(since: MonotonicTime)
        /// Is gone since then; what had left it goes on.
        case gone(since: MonotonicTime)
    }

    /// Something that happens between two orders of a turn.
    struct AtOrder {
        var ordersLeft: Int
        let fault: Int
        let freezes: Bool
        let lasts: Span
    }

    /// A process stands still at a creating call.
    struct AtCall {
        let fault: Int
        /// Before it reads that the call's intent is committed; else before the call is sent.
        let isAnswered: Bool
        let lasts: Span
    }

    /// The ports as they are modelled.
    struct Parts {
        let group: SimulatedGroup
        let journal: SimulatedJournal
        let commands: SimulatedCommands
        let workbench: SimulatedWorkbench

        /// Lets something happen that is one of the ports' own.
        ///
        /// - Returns: Whether it was.
        func happen(_ happening: Happening) -> Bool {
            switch happening {
            case .heartbeat: self.group.heartbeat()
            case .synced(_, let number): self.group.synced(number)
            case .holdEnds(_, let revocation): self.group.holdEnds(revocation)
            case .poll: self.group.poll()
            case .lookedUp(_, let order): self.group.lookedUp(order)
            case .committing(_, let stage): self.journal.proceed(stage)
            case .restoring(_, let order): self.journal.goOn(order)
            case .commandsRead: self.commands.read()
            case .rebuilt: self.journal.rebuilt()
            case .handOver(_, let request): self.workbench.handOver(request)
            case .answered(_, let request): self.workbench.answered(request)
            case .turn, .wake, .stop, .arrives, .lateApply, .lateCopy, .emit, .faultBegins, .faultEnds, .restart,
                .brokerTick, .look:
                return false
            }
            return true
        }

        /// Whether something is about to happen at which a process is to stand still.
        func isCall(_ happening: Happening, _ moment: AtCall) -> Bool {
            switch happening {
            case .committing(_, .told): moment.isAnswered && self.journal.hasCommittedIntents
            case .handOver(_, let request): !moment.isAnswered && self.workbench.isWaitingWrite(request)
            default: false
            }
        }
    }

    let number: Int
    let worker: Int
    let context: ClientContext
    var machine: WorkerMachine
    let parts: Parts
    let commitFaults: CommitFaults
    let ports: Ports
    var state = State.running
    /// What was to happen while it stood still.
    var held: [Happening] = []
    /// What is left of a turn in the middle of which it stands still.
    var heldActions: [Action] = []
    var atOrder: [AtOrder] = []
    var atCall: [AtCall] = []
    var wakeToken = 0
    var wakeAt: MonotonicTime?
    var turns = 0
    /// When its newest turn wanted to be woken.
    var lastWake: MonotonicTime?
    /// Whether it was seen not to do what is due; told once.
    var isSpinning = false
    var isStopping = false
    /// After how long the worker begins again once this process has ended in order; `nil` for never.
    var restartAfter: Span?
    /// Why it is not ready, by condition, and since when.
    var conditions: [Condition.Name: (cause: String, since: MonotonicTime)] = [:]
    /// What was under way after the last turn.
    var underWay = UnderWay()

    init(
        worker: Int,
        context: ClientContext,
        machine: consuming WorkerMachine,
        parts: Parts,
        commitFaults: CommitFaults,
        ports: Ports
    ) {
        self.number = context.process
        self.worker = worker
        self.context = context
        self.machine = machine
        self.parts = parts
        self.commitFaults = commitFaults
        self.ports = ports
    }

    var group: SimulatedGroup { self.parts.group }
    var journal: SimulatedJournal { self.parts.journal }
    var workbench: SimulatedWorkbench { self.parts.workbench }

    var isRunning: Bool { self.state == .running }

    var isGone: Bool { if case .gone = self.state { true } else { false } }

    /// Whether nothing is to be done, and nothing stands in the way.
    var isIdle: Bool {
        self.machine.rollouts.unfinishedCount == 0 && self.machine.rollouts.unsweptCount == 0
            && self.machine.planner.isIdle && self.underWay.oldestCall == nil
    }
}
