// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values
import WorkbenchSandbox

/// Looks at the world as a whole, now and then.
extension World {
    func look() {
        self.ledger.lookForWaits(self)
        if self.isQuiet {
            self.quietPoints += 1
            self.trace.note(.quiet, self.quietPoints)
            for process in self.processes where !process.isGone {
                process.machine.checkInvariants(.everything)
            }
            self.ledger.judgeServing(self)
            let last = MonotonicTime(nanoseconds: 1_000_000_000) + .milliseconds(Int64(self.plan.lastMoment))
            if last < self.clockwork.now, self.isWhole { self.isOver = true }
        }
        self.clockwork.schedule(.look, after: .seconds(5))
    }

    /// Whether nothing is under way anywhere.
    private var isQuiet: Bool {
        var isSomebodyThere = false
        for process in self.processes where !process.isGone {
            guard process.isRunning, process.isIdle, process.group.isSettled, process.conditions.isEmpty,
                !process.isStopping
            else {
                return false
            }
            isSomebodyThere = true
        }
        guard isSomebodyThere, self.gateway.sandbox.lateCalls == 0, self.kafka.openTransactions == 0 else {
            return false
        }
        for group in self.kafka.groups {
            let living = self.processes.count { !$0.isGone && self.kafka.groups[$0.context.group].name == group.name }
            guard !group.isRebalancing, group.memberCount == living else { return false }
            for topic in self.topics.events + [self.topics.inbox] {
                for partition in 0..<self.kafka.partitionCount(of: topic) {
                    let log = LogID(topic: topic, partition: partition)
                    if self.kafka.hasRecords(log, from: group.settledOffset(of: log) ?? 0) { return false }
                }
            }
        }
        return true
    }

    /// Whether every worker is there.
    private var isWhole: Bool {
        (0..<self.plan.settings.workers).allSatisfy { self.process(of: $0) != nil }
    }
}
