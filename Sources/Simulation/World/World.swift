// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Rollouts
import Values
import WorkbenchAPI
import WorkbenchSandbox

/// A plan that is run: workers, Kafka, workbench and proxy in one thread on a virtual clock.
package final class World {
    package let plan: Plan
    let clockwork: Clockwork
    let kafka: ModelledKafka
    let gateway: Gateway
    let topics: TopicNumbers
    let intake: Intake
    let ledger: Ledger
    let sabotage: Sabotage?
    private(set) var processes: [SimulatedProcess] = []
    /// The newest process of each worker.
    private(set) var current: [Int: Int] = [:]
    /// How often each worker has begun.
    private var incarnations: [Int: Int] = [:]
    /// How often each fault of the plan took effect.
    let counter: EffectCounter
    private(set) var lateCopies: [CommitFaults.LateCopy] = []
    var trace: Trace
    var quietPoints = 0
    /// Told what goes between machines and ports; `nil` for nobody.
    package var record: ((PortTrace.Line) -> Void)?
    /// When processes that stand still go on.
    var thaws: [(process: Int, at: MonotonicTime)] = []
    var isOver = false
    /// When everything must have come to an end.
    let lastCall: MonotonicTime
    /// Request numbers are told apart by process in the story.
    static let root = "http://workbench.example"
    static let key = "simulated-key"

    /// Sets a world up; nothing happens yet.
    ///
    /// - Parameters:
    ///   - plan: What happens in it.
    ///   - story: Told what happens, line by line; `nil` for nobody.
    ///   - covers: Whether it is noted which pairs of a state and an input are taken.
    ///   - sabotage: A guarantee that the ports don't keep.
    package init(_ plan: Plan, story: ((String) -> Void)? = nil, covers: Bool = false, sabotage: Sabotage? = nil) {
        self.plan = plan
        self.lastCall = WorldSettings.lastCall(plan)
        self.sabotage = sabotage
        self.trace = Trace(story: story)
        let dice = Dice(seed: plan.seed)
        let clockwork = Clockwork(dice: dice)
        self.clockwork = clockwork
        self.kafka = ModelledKafka()
        self.topics = World.makeTopics(plan.settings, self.kafka)
        self.intake = Intake(WorldSettings.intake(plan.settings))
        let effects = EffectCounter(count: plan.faults.count)
        self.counter = effects
        self.gateway = Gateway(
            sandbox: WorldSettings.sandbox(plan, at: clockwork.wall),
            clockwork: clockwork,
            key: World.key,
            root: World.root
        ) { effects.note($0) }
        self.ledger = Ledger(plan: plan)
        self.ledger.coverage.isOn = covers
        self.begin()
    }

    private static func makeTopics(_ settings: PlanSettings, _ kafka: ModelledKafka) -> TopicNumbers {
        let names = WorldSettings.topicNames(settings)
        let events = names.events.map { kafka.addTopic($0, partitions: settings.eventPartitions) }
        let bytes = settings.topicRecordBytes
        let inbox = kafka.addTopic(names.inbox, partitions: settings.inboxPartitions, maximumRecordBytes: bytes)
        let journal = kafka.addTopic(names.journal, partitions: settings.inboxPartitions, maximumRecordBytes: bytes)
        let commands = kafka.addTopic(names.commands, partitions: 1)
        let status = kafka.addTopic(names.status, partitions: 1, maximumRecordBytes: bytes)
        let dead = kafka.addTopic(names.dead, partitions: 1, maximumRecordBytes: 2_000_000)
        for group in 0..<settings.groups {
            _ = kafka.addGroup(
                WorldSettings.groupName(group),
                subscribing: events + [inbox],
                settings: ModelledGroup.Settings(sessionTimeout: .milliseconds(Int64(settings.sessionTimeout)))
            )
        }
        return TopicNumbers(
            events: events,
            inbox: inbox,
            journal: journal,
            commands: commands,
            status: status,
            dead: dead,
            names: names
        )
    }

    private func begin() {
        for worker in 0..<self.plan.settings.workers {
            let delay = Span.drawn(self.clockwork.dice, 0...900_000, "begin", worker, 0)
            self.clockwork.schedule(.restart(worker: worker), after: delay)
        }
        for (index, event) in self.plan.events.enumerated() {
            self.clockwork.schedule(.emit(event: index), after: .milliseconds(Int64(event.at)))
        }
        for (index, fault) in self.plan.faults.enumerated() {
            self.clockwork.schedule(.faultBegins(fault: index), after: .milliseconds(Int64(fault.at)))
            if fault.lasts > 0 {
                self.clockwork.schedule(.faultEnds(fault: index), after: .milliseconds(Int64(fault.end)))
            }
        }
        self.clockwork.schedule(.brokerTick, after: .seconds(1))
        self.clockwork.schedule(.look, after: .seconds(5))
    }

    // MARK: Running

    /// Lets everything happen until nothing is left to be done, or time is over.
    package func run() -> Verdict {
        while !self.isOver, let happening = self.clockwork.next() {
            if self.clockwork.now > self.lastCall {
                self.ledger.ranOutOfTime(self)
                break
            }
            self.happen(happening)
            for log in self.kafka.takeAdvanced() { self.advanced(log) }
        }
        self.ledger.judge(self)
        return Verdict(self)
    }

    private func advanced(_ log: LogID) {
        if log.topic == self.topics.commands {
            for process in self.processes where !process.isGone { process.parts.commands.mayRead() }
        }
        guard log.topic == self.topics.inbox || self.topics.events.contains(log.topic) else { return }
        for process in self.processes where !process.isGone { process.group.mayRead(log) }
    }

    private func happen(_ happening: Happening) {
        if let number = happening.process {
            let process = self.processes[number]
            switch process.state {
            case .running: self.happen(happening, in: process)
            case .frozen: process.held.append(happening)
            case .gone: break
            }
            return
        }
        switch happening {
        case .arrives(let process, let request): self.arrives(self.processes[process], request)
        case .lateApply(let number): self.gateway.applyLate(number)
        case .lateCopy(let number): self.applyLateCopy(number)
        case .emit(let event): self.emit(event)
        case .faultBegins(let fault): self.beginFault(fault)
        case .faultEnds(let fault): self.endFault(fault)
        case .restart(let worker): self.start(worker: worker)
        case .brokerTick: self.tick()
        case .look: self.look()
        case .turn, .wake, .heartbeat, .synced, .holdEnds, .poll, .lookedUp, .committing, .restoring, .commandsRead,
            .rebuilt,
            .handOver, .answered, .stop:
            preconditionFailure("what happens in a process, without one")
        }
    }

    private func happen(_ happening: Happening, in process: SimulatedProcess) {
        if let moment = process.atCall.first, process.parts.isCall(happening, moment) {
            process.atCall.removeFirst()
            self.counter.note(moment.fault)
            self.freeze(process, for: moment.lasts, moment.fault)
            process.held.append(happening)
            return
        }
        if process.parts.happen(happening) { return }
        switch happening {
        case .turn: self.turn(process)
        case .wake(_, let token):
            guard token == process.wakeToken else { return }
            process.wakeAt = nil
            process.context.mailbox.deliver(.woke)
        case .stop:
            guard !process.isStopping else { return }
            process.isStopping = true
            let by = self.clockwork.now + .milliseconds(Int64(self.plan.settings.stopTimeout))
            process.context.mailbox.deliver(.stop(by: by))
        case .heartbeat, .synced, .holdEnds, .poll, .lookedUp, .committing, .restoring, .commandsRead, .rebuilt,
            .handOver,
            .answered:
            preconditionFailure("what happens in a port, after the ports were asked")
        case .arrives, .lateApply, .lateCopy, .emit, .faultBegins, .faultEnds, .restart, .brokerTick, .look:
            preconditionFailure("what happens in the world, in a process")
        }
    }

    /// A request arrives, if it had left its process before that stood still or was killed.
    private func arrives(_ process: SimulatedProcess, _ request: Int) {
        guard let leavesAt = process.workbench.leavesAt(request) else { return }
        switch process.state {
        case .frozen(let since) where leavesAt > since:
            process.workbench.holdBack(request)
            process.held.append(.arrives(process: process.number, request: request))
        case .gone(let since) where leavesAt > since: return
        case .running, .frozen, .gone: process.workbench.arrives(request)
        }
    }

    private func tick() {
        let now = self.clockwork.now
        self.kafka.expireTransactions(now: now)
        for group in self.kafka.groups.indices { self.advanceGroup(group) }
        self.clockwork.schedule(.brokerTick, after: .seconds(1))
    }

    /// Lets a group's coordinator go on, and tells the members what it has decided.
    func advanceGroup(_ group: Int) {
        let now = self.clockwork.now
        for assignment in self.kafka.withGroup(group, { $0.advance(now: now) }) {
            for process in self.processes where process.context.group == group && !process.isGone {
                if process.group.member == assignment.member { process.group.assign(assignment) }
            }
        }
    }

    private func applyLateCopy(_ number: Int) {
        let copy = self.lateCopies[number]
        do throws(BrokerRefusal) {
            try self.kafka.endTransaction(copy.identity, committing: copy.committing)
        } catch {
            // Refused: a newer producer has taken over, which is what is to happen.
            self.trace.note(.lateCopyRefused, number)
        }
    }

    // MARK: Turns

    private func turn(_ process: SimulatedProcess) {
        let inputs = process.context.mailbox.take()
        process.turns += 1
        let moment = self.clockwork.now
        let now = Now(monotonic: moment, wall: process.context.wall)
        self.trace.turn(process.number, at: moment, inputs)
        self.ledger.cover(inputs, process.machine)
        if self.record != nil { for input in inputs { self.note(PortTrace.Event(input), of: process) } }
        let turn = process.machine.handle(inputs, now: now)
        let depth: InvariantDepth = (process.turns & 63) == 0 ? .everything : .touched
        process.machine.checkInvariants(depth)
        process.underWay = turn.underWay
        self.trace.actions(turn.actions)
        self.ledger.observe(turn.reports, of: process, at: moment, &self.trace)
        self.look(whetherRests: process, wake: turn.wakeAt, at: moment)
        self.setWake(turn.wakeAt, process)
        self.perform(turn.actions[...], process)
    }

    /// Looks whether a turn has done what was due: a loop that is woken for it again and again never rests.
    private func look(whetherRests process: SimulatedProcess, wake: MonotonicTime?, at moment: MonotonicTime) {
        defer { process.lastWake = wake }
        guard let wake, wake < moment, wake == process.lastWake, !process.isSpinning, !process.isStopping else {
            return
        }
        process.isSpinning = true
        let seconds = Double(wake.nanoseconds) / 1e9
        self.ledger.note(.spinning, "process \(process.number) still wants to be woken at \(seconds) s")
    }

    private func setWake(_ time: MonotonicTime?, _ process: SimulatedProcess) {
        guard process.wakeAt != time else { return }
        process.wakeToken += 1
        process.wakeAt = time
        guard let time else { return }
        self.clockwork.schedule(.wake(process: process.number, token: process.wakeToken), at: time)
    }

    /// Performs a turn's orders; a fault may come between any two of them.
    func perform(_ actions: ArraySlice<Action>, _ process: SimulatedProcess) {
        var actions = actions
        while !actions.isEmpty {
            guard let fault = process.atOrder.first else {
                self.end(process, self.hand(actions, to: process))
                return
            }
            guard fault.ordersLeft < actions.count else {
                process.atOrder[0].ordersLeft -= actions.count
                self.end(process, self.hand(actions, to: process))
                return
            }
            let before = actions.prefix(fault.ordersLeft)
            process.atOrder.removeFirst()
            self.counter.note(fault.fault)
            if let end = self.hand(before, to: process) {
                self.end(process, end)
                return
            }
            actions = actions.dropFirst(fault.ordersLeft)
            if fault.freezes {
                process.heldActions = Array(actions)
                self.freeze(process, for: fault.lasts, fault.fault)
            } else {
                self.kill(process, restartAfter: fault.lasts)
            }
            return
        }
    }

    /// Hands orders to the ports.
    private func hand(_ actions: ArraySlice<Action>, to process: SimulatedProcess) -> WorkerEnd? {
        if self.record != nil { for action in actions { self.note(PortTrace.Event(action), of: process) } }
        return process.ports.perform(Array(actions))
    }

    private func note(_ event: PortTrace.Event?, of process: SimulatedProcess) {
        guard let event, let record = self.record else { return }
        record(PortTrace.Line(process: "\(process.number)", at: self.clockwork.now.nanoseconds / 1_000, event: event))
    }

    private func end(_ process: SimulatedProcess, _ end: WorkerEnd?) {
        guard let end else { return }
        process.group.close()
        process.context.mailbox.isClosed = true
        process.state = .gone(since: self.clockwork.now)
        self.trace.note(.ended, process.number)
        if let pause = process.restartAfter ?? (end.failure == nil ? nil : .seconds(5)) {
            self.clockwork.schedule(.restart(worker: process.worker), after: pause)
        }
        if let failure = end.failure {
            self.ledger.endedByItself(process, failure)
        } else if !process.isStopping {
            self.ledger.note(.unexpectedEnd, "process \(process.number) ended though nobody told it to")
        }
    }

    // MARK: Processes

    func add(_ process: SimulatedProcess) {
        self.processes.append(process)
        self.current[process.worker] = process.number
    }

    func nextIncarnation(of worker: Int) -> Int {
        self.incarnations[worker, default: 0] += 1
        return self.incarnations[worker] ?? 1
    }

    func addLateCopy(_ copy: CommitFaults.LateCopy, after delay: Span) {
        self.lateCopies.append(copy)
        self.clockwork.schedule(.lateCopy(number: self.lateCopies.count - 1), after: delay)
    }

    /// The process of a worker that is running or stands still; `nil` for none.
    func process(of worker: Int) -> SimulatedProcess? {
        guard let number = self.current[worker], !self.processes[number].isGone else { return nil }
        return self.processes[number]
    }
}

/// Counts how often each fault of a plan took effect.
final class EffectCounter {
    private(set) var counts: [Int]

    init(count: Int) { self.counts = Array(repeating: 0, count: count) }

    func note(_ fault: Int) { self.counts[fault] += 1 }
}
