// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values
import WorkbenchSandbox

/// What is expected of a world, what was seen of it, and what of that is not as it must be.
final class Ledger {
    /// A rollout that must come of an event.
    struct Expected {
        let event: PlanEvent
        let at: MonotonicTime
        /// Ended by intake itself: skipped, or failed for what the event says.
        let endsAtIntake: Bool
    }

    /// Where an unfinished rollout stands, as told by its worker.
    struct Standing {
        var phase: Phase
        var since: MonotonicTime
        var process: Int
        var partition: Partition
    }

    let plan: Plan
    private(set) var violations: [Violation] = []
    private(set) var expected: [RolloutID: Expected] = [:]
    /// In the order in which they were sent.
    private(set) var expectedOrder: [RolloutID] = []
    /// How often each command was said.
    private(set) var expectedCommands: [String: Int] = [:]
    private(set) var expectedDead: [Origin] = []
    private(set) var modelsThatMayFail: Set<Int> = []
    private(set) var standings: [RolloutID: Standing] = [:]
    var output = Output()
    var objects = Objects()
    var coverage = Coverage()
    private(set) var isTimeOver = false
    /// Offsets were deleted: what can't be understood is read again, and nobody remembers it.
    var mayRepeatDeadLetters = false
    /// When some worker last had a reason to say.
    private var lastNamed = MonotonicTime.zero
    private var namedWaits: Set<String> = []
    private var lagSince: [LogID: (position: Int64, since: MonotonicTime)] = [:]

    init(plan: Plan) { self.plan = plan }

    func note(_ check: Check, _ text: @autoclosure () -> String, _ rollout: RolloutID? = nil) {
        // A world in which everything is wrong need not say so a thousand times.
        guard self.violations.count < 200 else { return }
        self.violations.append(Violation(check: check, text: text(), rollout: rollout?.description))
    }

    // MARK: What is expected

    func expect(_ entry: IntakeEntry, of event: PlanEvent, at time: MonotonicTime) {
        switch entry.decision {
        case .dead: self.expectedDead.append(entry.event.origin)
        case .rollout(let state):
            guard self.expected[state.id] == nil else { return }
            self.expected[state.id] = Expected(event: event, at: time, endsAtIntake: state.phase.isTerminal)
            self.expectedOrder.append(state.id)
        case .moved, .room, .barrier: preconditionFailure("an event topic holds nothing that workers alone write")
        }
    }

    /// A command that must be answered: once for each time that it was said, and done once.
    func expect(_ entry: CommandEntry, of event: PlanEvent, at time: MonotonicTime) {
        guard case .rollout(let state) = entry.decision else {
            preconditionFailure("the simulation's own command is refused")
        }
        let count = self.expectedCommands[entry.head.id, default: 0]
        self.expectedCommands[entry.head.id] = count + 1
        // What another command of the same id asks for must not be done: the first on the topic counts.
        guard event.kind != .namesake || count == 0, self.expected[state.id] == nil else { return }
        self.expected[state.id] = Expected(event: event, at: time, endsAtIntake: state.phase.isTerminal)
        self.expectedOrder.append(state.id)
    }

    func mayFail(model: Int) { self.modelsThatMayFail.insert(model) }

    func endedByItself(_ process: SimulatedProcess, _ failure: WorkerFailure) {
        self.note(.unexpectedEnd, "process \(process.number): \(failure)")
    }

    // MARK: What is seen

    func cover(_ inputs: [Input], _ machine: borrowing WorkerMachine) {
        if self.coverage.isOn { self.coverage.note(inputs, machine) }
    }

    func observe(_ reports: [Report], of process: SimulatedProcess, at time: MonotonicTime, _ trace: inout Trace) {
        for report in reports {
            switch report {
            case .phase(let state):
                trace.note(.phase, Int(truncatingIfNeeded: state.id.low))
                if state.phase.isTerminal {
                    self.standings[state.id] = nil
                } else {
                    self.standings[state.id] = Standing(
                        phase: state.phase,
                        since: time,
                        process: process.number,
                        partition: state.partition
                    )
                }
                trace.tell(
                    Story.line(time, process, "\(Story.name(state)) \(state.phase.rawValue)\(Story.cause(state))")
                )
            case .conditions(let changes):
                for change in changes {
                    process.conditions[change.name] = change.cause.map { cause in
                        (cause, process.conditions[change.name]?.since ?? time)
                    }
                    trace.tell(Story.line(time, process, "\(change.name.rawValue): \(change.cause ?? "fine")"))
                }
            case .assigned(let partitions): trace.tell(Story.line(time, process, "gains \(Story.list(partitions))"))
            case .revoked(let partitions):
                self.forget(partitions, of: process)
                trace.tell(Story.line(time, process, "gives back \(Story.list(partitions))"))
            case .lost(let partitions):
                self.forget(partitions, of: process)
                trace.tell(Story.line(time, process, "has lost \(Story.list(partitions))"))
            case .ready, .startedOver, .transaction, .request, .orphans, .cleanupGivenUp, .journalFindings, .renewing:
                self.tell(report, of: process, at: time, trace)
            case .letGoInTheMiddle, .notReady, .offsetOutOfRange, .consumerFailed, .lag, .standing, .intakePaused,
                .held,
                .unfinished, .letterRefused, .firstCall, .topicTakesNothing, .outage, .standstill, .markers, .unusable,
                .failedBefore, .authorityClaimed, .commandsLost:
                break
            }
        }
    }

    /// Tells what is only told.
    private func tell(_ report: Report, of process: SimulatedProcess, at time: MonotonicTime, _ trace: Trace) {
        switch report {
        case .ready(let ready):
            trace.tell(
                Story.line(
                    time,
                    process,
                    "\(ready.partition) is ready from \(ready.position), \(ready.unfinished) go on"
                )
            )
        case .startedOver(let failure): trace.tell(Story.line(time, process, "starts over: \(failure)"))
        case .journalFindings(let partition, let findings):
            for defect in findings.defects {
                trace.tell(Story.line(time, process, "journal partition \(partition): \(defect)"))
            }
        case .renewing(let partition): trace.tell(Story.line(time, process, "begins \(partition) anew"))
        case .transaction(let transaction): trace.tell(Story.line(time, process, Story.text(transaction)))
        case .request(let request):
            trace.tell(
                Story.line(time, process, "\(request.operation) \(request.status) (\(Story.seconds(request.took)))")
            )
        case .orphans(let state): trace.tell(Story.line(time, process, "tells orphans of \(Story.name(state))"))
        case .cleanupGivenUp(let state, _, _):
            trace.tell(Story.line(time, process, "gives the clean-up of \(Story.name(state)) up"))
        case .phase, .conditions, .assigned, .revoked, .lost, .letGoInTheMiddle, .notReady, .offsetOutOfRange,
            .letterRefused, .consumerFailed, .lag, .standing, .intakePaused, .held, .unfinished, .firstCall,
            .topicTakesNothing, .outage, .standstill, .markers, .unusable, .failedBefore, .authorityClaimed,
            .commandsLost:
            break
        }
    }

    /// What a process told of partitions that it holds no longer means nothing: it may never have been committed.
    private func forget(_ partitions: [ReadPartition], of process: SimulatedProcess) {
        for id in self.expectedOrder {
            guard let standing = self.standings[id], standing.process == process.number,
                partitions.contains(.inbox(standing.partition))
            else { continue }
            self.standings[id] = nil
        }
    }

    func ranOutOfTime(_ world: World) { self.isTimeOver = true }

    // MARK: What waits

    /// Looks for what has waited for longer than two minutes without a name.
    func lookForWaits(_ world: World) {
        let now = world.clockwork.now
        // A worker that is gone or stands still answers nobody who asks for its readiness, and that is an answer.
        let isNamed =
            world.processes.contains { !$0.isGone && !$0.conditions.isEmpty }
            || (0..<self.plan.settings.workers).contains { world.process(of: $0)?.isRunning != true }
        if isNamed { self.lastNamed = now }
        self.lookAtLag(world)
        guard !isNamed else { return }
        for id in self.expectedOrder {
            guard let standing = self.standings[id], standing.phase != .queued, standing.phase != .waiting,
                now - max(standing.since, self.lastNamed) > Ledger.patience(standing.phase, self.plan.settings),
                !self.hasEnded(id, world)
            else { continue }
            guard self.namedWaits.insert(id.description).inserted else { continue }
            self.note(
                .unnamedWait,
                "rollout \(id) is \(standing.phase.rawValue) for \(Story.seconds(now - standing.since))",
                id
            )
        }
    }

    /// Whether the status topic says so: a process that stopped just after it had read the event once more, and before it
    /// knew that it may not write, leaves a rollout behind that waits for nobody.
    private func hasEnded(_ id: RolloutID, _ world: World) -> Bool {
        self.output.read(world.kafka, world.topics)
        return self.output.statuses[id]?.ends.isEmpty == false
    }

    /// Two minutes, and as long as the workbench itself takes at the most.
    private static func patience(_ phase: Phase, _ settings: PlanSettings) -> Span {
        let own: Int =
            switch phase {
            case .registering: settings.registering
            case .building: settings.building
            case .deploying: settings.deploying
            case .accepted, .queued, .verifying, .waiting, .deployed, .failed, .skipped, .superseded: 0
            }
        return .seconds(120) + .milliseconds(Int64(own))
    }

    /// Records that nobody takes, while every worker says that it is ready.
    private func lookAtLag(_ world: World) {
        let now = world.clockwork.now
        for topic in world.topics.events + [world.topics.inbox] {
            for partition in 0..<world.kafka.partitionCount(of: topic) {
                let log = LogID(topic: topic, partition: partition)
                let position = world.kafka.groups[0].settledOffset(of: log) ?? 0
                let isBehind = world.kafka.hasRecords(log, from: position)
                guard isBehind, let known = self.lagSince[log], known.position == position else {
                    self.lagSince[log] = (position, now)
                    continue
                }
                guard now - max(known.since, self.lastNamed) > .seconds(120) else { continue }
                guard self.namedWaits.insert("\(topic)-\(partition)").inserted else { continue }
                self.note(
                    .unnamedWait,
                    "partition \(world.topics.topicPartition(of: log)) stands at \(position) for two minutes"
                )
            }
        }
    }
}
