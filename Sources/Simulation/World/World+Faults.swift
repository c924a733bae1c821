// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// Faults of processes, of Kafka and of connections; those of the workbench's answers are rules of the sandbox.
extension World {
    func beginFault(_ index: Int) {
        let fault = self.plan.faults[index]
        self.trace.note(.faultBegan, index)
        let lasts = Span.milliseconds(Int64(fault.lasts))
        switch fault.kind {
        case .crash:
            guard let process = self.process(of: fault.worker) else { return }
            self.counter.note(index)
            self.kill(process, restartAfter: lasts)
        case .crashLoop: self.crashLoop(fault, index)
        case .crashAtOrder, .freezeAtOrder, .freezeAtCall: self.arm(fault, index)
        case .freeze:
            guard let process = self.process(of: fault.worker), process.isRunning else { return }
            self.counter.note(index)
            self.freeze(process, for: lasts, index)
        case .stop:
            guard let process = self.process(of: fault.worker) else { return }
            self.counter.note(index)
            process.restartAfter = lasts
            self.clockwork.schedule(.stop(process: process.number), after: .zero)
        case .visitor:
            self.counter.note(index)
            self.start(worker: self.plan.settings.workers + index)
        case .clock:
            guard let process = self.process(of: fault.worker) else { return }
            self.counter.note(index)
            process.context.clock.offset = .milliseconds(Int64(fault.delay))
        case .abortedCommit, .unknownCommit, .lateCommit: self.beginCommitFault(fault, index)
        case .leaderless, .grownTopic, .lostOffsets, .strayRecord, .remadeJournal: self.beginKafkaFault(fault, index)
        case .unreachable:
            let now = self.clockwork.now
            self.gateway.closures.append(Gateway.Closure(from: now, until: now + lasts, fault: index))
        case .refusedModel:
            let text = Array("\"\(WorldSettings.modelName(fault.target))\"".utf8)
            self.gateway.refusals.append(
                Gateway.Refusal(text: text, status: fault.status == 0 ? 400 : fault.status, fault: index)
            )
            self.ledger.mayFail(model: fault.target)
        case .latency, .cutBefore, .cutAfter, .unavailable, .stall, .appliedLate, .rateLimit, .serverError, .shuffled,
            .sparse, .staleLists, .familyDown, .inBetween, .lateReads, .forgottenMarkers, .twins, .appliedTooLate:
            // Rules of the sandbox, with windows of their own.
            break
        }
    }

    /// Lets a process wait for the moment at which it is to die or to stand still.
    private func arm(_ fault: PlanFault, _ index: Int) {
        guard let process = self.process(of: fault.worker) else { return }
        let lasts = Span.milliseconds(Int64(fault.lasts))
        guard fault.kind != .freezeAtCall else {
            process.atCall.append(SimulatedProcess.AtCall(fault: index, isAnswered: fault.target == 0, lasts: lasts))
            return
        }
        process.atOrder.append(
            SimulatedProcess.AtOrder(
                ordersLeft: fault.target,
                fault: index,
                freezes: fault.kind == .freezeAtOrder,
                lasts: lasts
            )
        )
    }

    func endFault(_ index: Int) {
        guard index >= 0 else {
            let (number, _) = self.thaws[-index - 1]
            self.thaw(self.processes[number])
            return
        }
        let fault = self.plan.faults[index]
        switch fault.kind {
        case .visitor:
            guard let process = self.process(of: self.plan.settings.workers + index) else { return }
            self.clockwork.schedule(.stop(process: process.number), after: .zero)
        case .clock: self.process(of: fault.worker)?.context.clock.offset = .zero
        case .lostOffsets: self.deleteOffsets(fault, index)
        case .strayRecord: self.append(StrayRecord(fault, self.plan.settings), isTombstone: true)
        case .refusedModel:
            self.gateway.refusals.removeAll { $0.fault == index }
        case .crash, .crashAtOrder, .freeze, .freezeAtOrder, .freezeAtCall, .stop, .abortedCommit, .unknownCommit,
            .lateCommit,
            .leaderless, .grownTopic, .latency, .cutBefore, .cutAfter, .unavailable, .unreachable,
            .stall, .appliedLate, .rateLimit, .serverError, .shuffled, .sparse, .staleLists, .familyDown, .inBetween,
            .lateReads, .forgottenMarkers, .twins, .appliedTooLate, .remadeJournal, .crashLoop:
            break
        }
    }

    /// Kills a worker each `delay`, as an orchestrator lets a broken one do.
    private func crashLoop(_ fault: PlanFault, _ index: Int) {
        let pause = Span.milliseconds(Int64(max(fault.delay, 1_000)))
        guard self.clockwork.now < MonotonicTime(nanoseconds: 1_000_000_000) + .milliseconds(Int64(fault.end)) else {
            return
        }
        if let process = self.process(of: fault.worker) {
            self.counter.note(index)
            self.kill(process, restartAfter: .milliseconds(200))
        }
        self.clockwork.schedule(.faultBegins(fault: index), after: pause)
    }

    private func beginCommitFault(_ fault: PlanFault, _ index: Int) {
        guard let faults = self.process(of: fault.worker)?.commitFaults else { return }
        switch fault.kind {
        case .abortedCommit: faults.aborts.append((max(1, fault.count), index))
        case .lateCommit:
            for _ in 0..<max(1, fault.count) {
                faults.endings.append((.lateCopy(after: .milliseconds(Int64(fault.delay))), index))
            }
        default: faults.endings.append((fault.target == 0 ? .unknownApplied : .unknownNotApplied, index))
        }
    }

    /// Stops all workers: Kafka deletes no offsets of topics that a group is reading.
    private func stopAll(for index: Int) {
        let pause = Span.milliseconds(Int64(self.plan.settings.stopTimeout) + 2_000)
        for worker in 0..<self.plan.settings.workers {
            guard let process = self.process(of: worker) else { continue }
            process.restartAfter = pause + .milliseconds(500)
            self.clockwork.schedule(.stop(process: process.number), after: .zero)
        }
        self.clockwork.schedule(.faultEnds(fault: index), after: pause)
    }

    private func deleteOffsets(_ fault: PlanFault, _ index: Int) {
        guard self.kafka.groups[0].memberCount == 0 else { return }
        self.counter.note(index)
        let topic = self.topics.events[fault.target % self.topics.events.count]
        self.kafka.withGroup(0) { $0.forgetOffsets { $0.topic == topic } }
        self.ledger.mayRepeatDeadLetters = true
    }

    private func beginKafkaFault(_ fault: PlanFault, _ index: Int) {
        guard fault.kind != .lostOffsets else {
            self.stopAll(for: index)
            return
        }
        self.counter.note(index)
        let now = self.clockwork.now
        switch fault.kind {
        case .leaderless:
            let until = now + .milliseconds(Int64(fault.lasts))
            let partition = fault.target % self.plan.settings.inboxPartitions
            self.kafka.loseLeader(of: LogID(topic: self.topics.inbox, partition: partition), until: until)
            self.kafka.loseLeader(of: LogID(topic: self.topics.journal, partition: partition), until: until)
        case .grownTopic:
            let topic = self.topics.events[fault.target % self.topics.events.count]
            self.kafka.grow(topic, to: self.kafka.partitionCount(of: topic) + 1)
            for group in self.kafka.groups.indices { self.kafka.refreshMetadata(of: group, now: now) }
        case .strayRecord: self.append(StrayRecord(fault, self.plan.settings), isTombstone: false)
        default: self.kafka.remake(self.topics.journal)
        }
    }
}
