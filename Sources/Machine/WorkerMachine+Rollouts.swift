// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Rollouts
import Values
import WorkbenchAPI

/// What the rollouts decide: records to be written, calls to be made, things to be told.
extension WorkerMachine {
    mutating func take(_ answer: WorkbenchAnswer, now: Now) {
        let began = self.calls.active[answer.id]?.began
        let end = self.calls.answered(answer, now: now, reports: &self.turn.reports)
        // Only the workbench's own answers say what its clock shows (rule 12).
        if case .response(let response) = answer.outcome, let began, end?.isSuccess != false {
            self.rollouts.workbenchClockShows({ response.date }, took: now.monotonic - began, now: now)
        }
        guard let end else { return }
        self.ended(end, now: now)
    }

    private mutating func ended(_ end: CallsUnderWay.End, now: Now) {
        switch end.result {
        case .success(let result): self.rollouts.callSucceeded(end.call, result, now: now)
        case .failure(let failure):
            // The key may have been changed where it is kept.
            if failure.kind == .unauthorized { self.turn.actions.append(.workbench(.reloadKey)) }
            self.rollouts.callFailed(end.call, failure, now: now)
        }
    }

    /// Hands on what the rollouts have decided, until nothing more follows from it.
    mutating func performRollouts(now: Now) {
        var requests: [PlannedRequest] = []
        while true {
            let actions = self.rollouts.takeActions(now: now)
            guard !actions.isEmpty else { break }
            for action in actions { self.perform(action, &requests, now: now) }
        }
        if !requests.isEmpty { self.turn.actions.append(.workbench(.start(requests))) }
    }

    private mutating func perform(_ action: Coordinator.Action, _ requests: inout [PlannedRequest], now: Now) {
        switch action {
        case .call(let call): self.begin(call, &requests, now: now)
        case .record(let record):
            if record.publishes { self.note(record.rollout) }
            if record.reportsOrphans { self.turn.reports.append(.orphans(record.rollout)) }
            self.append(.step(record), record.partition)
        case .move(let move): self.append(.movedOut(move), move.rollout.partition)
        case .forget(let forgetting): self.append(.forgotten(forgetting), forgetting.partition)
        case .outage(let component, let cause):
            self.health.outages[component] = cause
            self.turn.reports.append(.outage(component, cause))
        case .markers(let step, let areKept): self.turn.reports.append(.markers(step, areKept: areKept))
        case .sweepGivenUp(let state, let call, let cause):
            self.turn.reports.append(.cleanupGivenUp(state, call, cause))
        }
    }

    private mutating func append(_ content: TransactionEntry.Content, _ partition: Partition) {
        // Of a partition that is being discarded nothing may be written any more; its rollouts are released with it.
        guard let lease = self.ownership.writer(of: partition) else { return }
        self.planner.append(TransactionEntry(content, writer: lease))
    }

    private mutating func begin(_ call: Coordinator.PlannedCall, _ requests: inout [PlannedRequest], now: Now) {
        if let id = call.rollout {
            self.turn.reports += self.firstCalls.called(id, isCreating: call.call.isCreating, at: now.wall)
        }
        if case .probe = call.call { self.turn.actions.append(.workbench(.reloadKey)) }
        let lease = call.partition.flatMap { self.ownership.writer(of: $0) }
        if let end = self.calls.begin(
            call.id,
            call.call,
            lease: lease,
            startBefore: call.startBefore,
            now: now.monotonic,
            requests: &requests
        ) {
            self.ended(end, now: now)
        }
    }

    /// Tells what stands still now, where that has begun or ended.
    mutating func reportStandstills(now: Now) {
        let standstills = self.rollouts.standstills(now: now.monotonic)
        guard standstills != self.health.standstills else { return }
        for kind in Standstill.allCases where (standstills[kind] == nil) != (self.health.standstills[kind] == nil) {
            self.turn.reports.append(.standstill(kind, standstills[kind]))
        }
        self.health.standstills = standstills
    }

    /// Sends the further requests of calls under way, as the rate allows.
    mutating func proceedWithCalls(now: Now) {
        var requests: [PlannedRequest] = []
        while self.calls.isWaiting, self.rollouts.mayContinue(now: now.monotonic) {
            self.calls.sendNext(now: now.monotonic, requests: &requests)
        }
        if !requests.isEmpty { self.turn.actions.append(.workbench(.start(requests))) }
    }
}
