// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

/// Processes that begin, stand still and end.
extension World {
    /// A worker's next process begins, unless one is there.
    func start(worker: Int) {
        guard self.process(of: worker) == nil else { return }
        let settings = self.plan.settings
        let number = self.processes.count
        let incarnation = self.nextIncarnation(of: worker)
        let group = settings.groups == 2 && worker % 2 == 1 ? 1 : 0
        let groupName = WorldSettings.groupName(group)
        let context = ClientContext(
            process: number,
            clockwork: self.clockwork,
            kafka: self.kafka,
            group: group,
            groupName: groupName,
            mailbox: Mailbox(process: number, clockwork: self.clockwork),
            topics: self.topics,
            clock: ProcessClock(clockwork: self.clockwork)
        )
        let simulatedGroup = self.makeGroup(context)
        let (journal, faults) = self.makeJournal(context, simulatedGroup, worker, incarnation)
        let parts = SimulatedProcess.Parts(
            group: simulatedGroup,
            journal: journal,
            commands: SimulatedCommands(context: context, intake: self.intake, limit: settings.pollLimit),
            workbench: SimulatedWorkbench(context: context, gateway: self.gateway)
        )
        let process = SimulatedProcess(
            worker: worker,
            context: context,
            machine: WorkerMachine(
                WorldSettings.machine(settings, group: groupName),
                seed: self.clockwork.dice.value("machine", worker, incarnation)
            ),
            parts: parts,
            commitFaults: faults,
            ports: parts.ports(without: self.sabotage)
        )
        self.add(process)
        self.trace.note(.began, number)
        simulatedGroup.begin()
        context.mailbox.deliver(.woke)
    }

    private func makeGroup(_ context: ClientContext) -> SimulatedGroup {
        let settings = self.plan.settings
        return SimulatedGroup(
            context: context,
            intake: self.intake,
            holdLimit: .milliseconds(Int64(settings.revocationTimeout)),
            pollLimit: settings.pollLimit
        )
    }

    private func makeJournal(
        _ context: ClientContext,
        _ simulatedGroup: SimulatedGroup,
        _ worker: Int,
        _ incarnation: Int
    ) -> (SimulatedJournal, CommitFaults) {
        let (settings, groupName) = (self.plan.settings, context.groupName)
        let name = "slipway-\(groupName)-\(worker)-\(incarnation)"
        let counter = self.counter
        let faults = CommitFaults(clockwork: self.clockwork) {
            counter.note($0)
        } addLateCopy: { [unowned self] in
            self.addLateCopy($0, after: $1)
        }
        let journal = SimulatedJournal(
            context: context,
            encoder: TransactionEncoder(
                topics: self.topics.names,
                process: name,
                source: "/slipway/\(groupName)",
                endpointURL: "http://models.example",
                limits: TransactionEncoder.Limits(
                    records: settings.maximumRecordBytes,
                    inbox: settings.maximumRecordBytes
                )
            ),
            group: simulatedGroup,
            transactionalID: name,
            transactionTimeout: .milliseconds(Int64(settings.transactionTimeout)),
            faults: faults
        )
        return (journal, faults)
    }

    /// Kills a process.
    func kill(_ process: SimulatedProcess, restartAfter span: Span) {
        guard !process.isGone else { return }
        process.state = .gone(since: self.clockwork.now)
        process.context.mailbox.isClosed = true
        self.trace.note(.killed, process.number)
        self.clockwork.schedule(.restart(worker: process.worker), after: span)
    }

    /// Lets a process stand still.
    func freeze(_ process: SimulatedProcess, for span: Span, _ fault: Int) {
        guard process.isRunning else { return }
        process.state = .frozen(since: self.clockwork.now)
        self.trace.note(.frozen, process.number)
        // `faultEnds` of the fault itself may come earlier: this one is counted from here.
        self.thaws.append((process.number, self.clockwork.now + span))
        self.clockwork.schedule(.faultEnds(fault: -self.thaws.count), after: span)
    }

    /// Lets a process go on: first what was left of its turn, then what waited, in its order.
    func thaw(_ process: SimulatedProcess) {
        guard case .frozen = process.state else { return }
        process.state = .running
        self.trace.note(.thawed, process.number)
        let (actions, held) = (process.heldActions, process.held)
        process.heldActions = []
        process.held = []
        for (index, happening) in held.enumerated() {
            var pause = Span(nanoseconds: 50_000 + Int64(index) * 3_000)
            // What the group says has to be asked for; answers from before wait in the process's sockets.
            if case .heartbeat = happening { pause = pause + process.context.latency(1_000...5_000, "thaw", index) }
            self.clockwork.schedule(happening, after: pause)
        }
        self.perform(actions[...], process)
    }
}
