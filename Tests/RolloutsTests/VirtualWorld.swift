// SPDX-License-Identifier: Apache-2.0

import Values

@testable import Rollouts

/// Two workers, a broker and a workbench on one virtual clock; a seed decides everything that chance decides.
struct VirtualWorld {
    /// A worker's process; a crash makes a new one with an empty memory.
    final class Process {
        let number: Int
        var coordinator: Coordinator
        /// Partitions held, each with the number of its assignment.
        var held: [Partition: Int] = [:]
        var queue: [VirtualJournal.Item] = []
        var batch: [VirtualJournal.Item] = []
        var batchBegan: MonotonicTime?
        var wake: MonotonicTime?
        var crashed = false

        init(number: Int, policy: Coordinator.Policy, seed: UInt64) {
            self.number = number
            self.coordinator = Coordinator(policy: policy, plans: AcceptedPlans(), seed: seed)
        }
    }

    /// A call on its way.
    struct Flight {
        var process: Int
        var assignment: Int?
        var id: Coordinator.CallID
        var call: APICall
        var partition: Partition?
        var notAfter: MonotonicTime?
    }

    /// Something that happens at a time.
    enum Happening {
        case arrival(Partition)
        case send(Flight)
        case effect(Flight, answersAt: MonotonicTime?)
        case answer(Flight, Result<CallResult, CallFailure>)
        case commitEnd(process: Int)
        case wake(process: Int)
        case crash
        case move(Partition)
    }

    private struct Scheduled {
        var time: MonotonicTime
        var number: Int
        var happening: Happening
    }

    private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000)
    private(set) var steps = 0
    private var heap: [Scheduled] = []
    private var lastNumber = 0
    private(set) var processes: [Process] = []
    private var owners: [Partition: Int] = [:]
    var journal = VirtualJournal()
    var workbench: VirtualWorkbench
    var faults: VirtualFaults
    let policy: Coordinator.Policy
    /// The events of each partition, as the rollouts that they ask for.
    var events: [Partition: [RolloutState]] = [:]
    /// Broken promises, in words.
    private(set) var violations: [String] = []
    /// The step after which the process crashes.
    var crashAfter: Int?
    private var random: SeededGenerator
    private var lastAssignment = 0

    init(seed: UInt64, faults: VirtualFaults = VirtualFaults(), policy: Coordinator.Policy = Coordinator.Policy()) {
        self.random = SeededGenerator(seed: seed)
        self.workbench = VirtualWorkbench(seed: seed &+ 1)
        self.faults = faults
        self.policy = policy
    }

    // MARK: Running

    /// Starts two processes, which share the partitions; the events of each arrive from now on.
    mutating func start(partitions: [Partition]) throws {
        for _ in 0..<2 { self.newProcess() }
        for (index, partition) in partitions.enumerated() {
            try self.assign(partition, to: self.processes[index % 2].number)
            for index in (self.events[partition] ?? []).indices {
                self.schedule(.arrival(partition), in: Double(index) * Double.random(in: 0...30, using: &self.random))
            }
        }
    }

    private mutating func newProcess() {
        self.lastNumber += 1
        self.processes.append(Process(number: self.processes.count, policy: self.policy, seed: self.random.next()))
    }

    mutating func schedule(_ happening: Happening, in delay: Double) {
        self.schedule(happening, at: self.now + seconds(delay))
    }

    private mutating func schedule(_ happening: Happening, at time: MonotonicTime) {
        self.lastNumber += 1
        let entry = Scheduled(time: max(time, self.now), number: self.lastNumber, happening: happening)
        // Sorted with the next one last; the queue is short.
        var low = 0
        var high = self.heap.count
        while low < high {
            let middle = (low + high) / 2
            let other = self.heap[middle]
            if (other.time, other.number) > (entry.time, entry.number) { low = middle + 1 } else { high = middle }
        }
        self.heap.insert(entry, at: low)
    }

    /// Lets time pass until nothing is left to be done.
    ///
    /// - Returns: Whether that came to pass.
    mutating func run(stepLimit: Int = 60_000) throws -> Bool {
        while let next = self.heap.popLast() {
            self.now = next.time
            self.steps += 1
            guard self.steps < stepLimit else { return false }
            try self.happen(next.happening)
            if self.steps == self.crashAfter { try self.crash() }
            self.settle()
        }
        return self.isQuiet
    }

    private var isQuiet: Bool {
        self.processes.allSatisfy {
            $0.crashed
                || $0.coordinator.unfinishedCount == 0 && $0.coordinator.unsweptCount == 0 && $0.queue.isEmpty
        }
            && self.events.allSatisfy { (self.journal.positions[$0.key] ?? 0) == $0.value.count }
    }

    private var moment: Now {
        Now(monotonic: self.now, wall: wall(1_700_000_000_000 + self.now.nanoseconds / 1_000_000))
    }

    private mutating func happen(_ happening: Happening) throws {
        switch happening {
        case .arrival(let partition): self.takeEvents(partition)
        case .send(let flight): self.send(flight)
        case .effect(let flight, let answersAt):
            let result = self.workbench.answer(flight.call, now: self.now)
            if let answersAt { self.schedule(.answer(flight, result), at: answersAt) }
        case .answer(let flight, let result): self.answer(flight, result)
        case .commitEnd(let process): self.commitEnded(process)
        case .wake(let process):
            // One that was put forward since comes once, else each of them would call for another.
            guard let wake = self.processes[process].wake, wake <= self.now else { return }
            self.processes[process].wake = nil
            guard !self.processes[process].crashed else { return }
            self.processes[process].coordinator.advance(now: self.moment)
        case .crash: try self.crash()
        case .move(let partition): try self.move(partition)
        }
    }

    /// Performs what the processes have decided.
    private mutating func settle() {
        for number in self.processes.indices where !self.processes[number].crashed {
            for action in self.processes[number].coordinator.takeActions(now: self.moment) {
                self.perform(action, number)
            }
            self.beginCommit(number)
            if let wake = self.processes[number].coordinator.nextWake(now: self.now) {
                guard self.processes[number].wake.map({ wake < $0 }) ?? true else { continue }
                self.processes[number].wake = wake
                self.schedule(.wake(process: number), at: wake)
            }
        }
    }

    private mutating func perform(_ action: Coordinator.Action, _ number: Int) {
        switch action {
        case .call(let planned):
            let assignment = planned.partition.flatMap { self.processes[number].held[$0] }
            let flight = Flight(
                process: number,
                assignment: assignment,
                id: planned.id,
                call: planned.call,
                partition: planned.partition,
                notAfter: planned.startBefore
            )
            let isSlow = Double.random(in: 0..<1, using: &self.random) < self.faults.slowSends
            self.schedule(.send(flight), in: isSlow ? 6 : 0.001)
        case .record(let record):
            guard self.processes[number].held[record.partition] != nil else {
                self.violations.append("a record for partition \(record.partition), which is not held")
                return
            }
            self.processes[number].queue.append(
                VirtualJournal.Item(
                    partition: record.partition,
                    state: record.rollout,
                    lane: record.lane,
                    publishes: record.publishes,
                    ticket: record.ticket,
                    record: record
                )
            )
        case .move(let move): self.violations.append("rollout \(move.rollout.id) moves, though its model is certain")
        case .forget, .outage, .markers, .sweepGivenUp: break
        }
    }

    // MARK: Journal

    private mutating func takeEvents(_ partition: Partition) {
        guard let owner = self.owners[partition], let events = self.events[partition] else { return }
        let queued = self.processes[owner].queue + self.processes[owner].batch
        let pending = queued.last { $0.partition == partition && $0.next != nil }?.next
        let position = pending ?? self.journal.positions[partition] ?? 0
        guard position < events.count else { return }
        var state = events[position]
        state.acceptedAt = self.moment.wall
        var item = VirtualJournal.Item(partition: partition, publishes: true, next: position + 1)
        if !self.processes[owner].coordinator.isKnown(state.id, partition: partition) {
            self.processes[owner].coordinator.drawNonce(of: &state)
            item.state = state
            self.processes[owner].queue.append(item)
            self.processes[owner].coordinator.accept(state, now: self.moment)
        } else {
            self.processes[owner].queue.append(item)
        }
    }

    private mutating func beginCommit(_ number: Int) {
        guard self.processes[number].batchBegan == nil, !self.processes[number].queue.isEmpty else { return }
        self.processes[number].batch = self.processes[number].queue
        self.processes[number].queue = []
        self.processes[number].batchBegan = self.now
        let isSlow = Double.random(in: 0..<1, using: &self.random) < self.faults.slowCommits
        self.schedule(.commitEnd(process: number), in: isSlow ? 7 : 0.02)
    }

    private mutating func commitEnded(_ number: Int) {
        guard !self.processes[number].crashed, let began = self.processes[number].batchBegan else { return }
        let batch = self.processes[number].batch
        self.processes[number].batch = []
        self.processes[number].batchBegan = nil
        self.journal.commit(batch, began: began)
        for item in batch {
            guard let ticket = item.ticket else { continue }
            let intent = item.record.flatMap { CommittedIntent.sample(of: $0, began: began) }
            self.processes[number].coordinator.recorded(ticket, intent: intent, now: self.moment)
        }
    }

    // MARK: Calls

    private mutating func send(_ flight: Flight) {
        guard !self.processes[flight.process].crashed else { return }
        if flight.call.isCreating {
            let held = flight.partition.flatMap { self.processes[flight.process].held[$0] }
            guard held != nil, held == flight.assignment, let notAfter = flight.notAfter, self.now < notAfter else {
                self.schedule(.answer(flight, .failure(CallFailure(.withheld, message: "withheld"))), in: 0)
                return
            }
            self.checkIntent(flight)
        }
        let latency = Double.random(in: 0.02...0.3, using: &self.random)
        guard let fault = self.faults.next(now: self.now, using: &self.random) else {
            let answersAt = self.now + seconds(latency)
            self.schedule(.effect(flight, answersAt: answersAt), in: latency / 2)
            return
        }
        switch fault.effect {
        case .none: break
        case .atOnce: self.schedule(.effect(flight, answersAt: nil), in: latency / 2)
        case .late:
            guard flight.call.isCreating else { break }
            self.schedule(.effect(flight, answersAt: nil), in: Double.random(in: 1..<89, using: &self.random))
        }
        self.schedule(.answer(flight, .failure(fault.failure)), in: latency)
    }

    private mutating func answer(_ flight: Flight, _ result: Result<CallResult, CallFailure>) {
        guard !self.processes[flight.process].crashed else { return }
        switch result {
        case .success(let result):
            self.processes[flight.process].coordinator.callSucceeded(flight.id, result, now: self.moment)
        case .failure(let failure):
            self.processes[flight.process].coordinator.callFailed(flight.id, failure, now: self.moment)
        }
    }

    /// No creating call without an intent that is committed and fresh.
    private mutating func checkIntent(_ flight: Flight) {
        let marker: String? =
            switch flight.call {
            case .registerVersion(let request): request.marker
            case .createBuild(let request): request.comment
            case .createDeployment(let request): self.workbench.builds.first { $0.id == request.buildID }?.marker
            default: nil
            }
        let isCovered = self.journal.newest.values.contains { entry in
            guard let state = entry.state, state.intent == flight.call.creatingStep else { return false }
            let isMeant = marker.map { $0 == state.marker } ?? (state.partition == flight.partition)
            return isMeant && self.now - entry.began < self.policy.intentValidity
        }
        if !isCovered { self.violations.append("\(flight.call) without a fresh intent") }
    }

    // MARK: Crashes and moves

    private mutating func assign(_ partition: Partition, to number: Int) throws {
        self.lastAssignment += 1
        self.owners[partition] = number
        self.processes[number].held[partition] = self.lastAssignment
        let restored = try self.journal.restored(partition)
        self.processes[number].coordinator.restore(partition: partition, restored, now: self.moment)
        // What arrived meanwhile is consumed from the committed offset.
        let missing = (self.events[partition]?.count ?? 0) - (self.journal.positions[partition] ?? 0)
        for index in 0..<max(0, missing) { self.schedule(.arrival(partition), in: Double(index) * 3) }
    }

    private mutating func crash() throws {
        let living = self.processes.indices.filter { !self.processes[$0].crashed }
        guard let victim = living.randomElement(using: &self.random) else { return }
        let process = self.processes[victim]
        self.processes[victim].crashed = true
        // The broker may have the transaction that was under way, or not.
        if let began = process.batchBegan, Bool.random(using: &self.random) {
            self.journal.commit(process.batch, began: began)
        }
        self.newProcess()
        for partition in process.held.keys.sorted() { try self.assign(partition, to: self.processes.count - 1) }
    }

    private mutating func move(_ partition: Partition) throws {
        guard let owner = self.owners[partition] else { return }
        let others = self.processes.indices.filter { !self.processes[$0].crashed && $0 != owner }
        guard let other = others.randomElement(using: &self.random) else { return }
        self.processes[owner].coordinator.release(partition: partition)
        self.processes[owner].held[partition] = nil
        self.processes[owner].queue.removeAll { $0.partition == partition }
        self.processes[owner].batch.removeAll { $0.partition == partition }
        try self.assign(partition, to: other)
    }
}
