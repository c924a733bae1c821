// SPDX-License-Identifier: Apache-2.0

import Values

/// How much `checkInvariants` looks at.
package enum InvariantDepth: Sendable {
    /// What the newest inputs can have changed: calls under way and the counts that go with them.
    case touched
    /// Every rollout, lane and queue.
    case everything
}

extension Coordinator {
    /// Checks what must hold between any two inputs; traps where it does not.
    ///
    /// - Slots of the budget in use are calls under way, and every rollout that is calling has one.
    /// - Permits of the budget are rollouts whose intents are being committed or are fresh.
    /// - A rollout is in exactly one of: ready, committing, ready to send, calling, waiting, parked, queued, lane parked, moving, ending; and
    ///   the queue that goes with it holds it.
    /// - The head of a lane is a rollout that is known, of that lane, and says so itself; nobody waits in a lane without a head.
    /// - What is counted by topic, route and open route is what is there.
    /// - What is at work, by the quotas of routes, is a rollout that is known.
    /// - A rollout belongs to a partition that is held, and is known there.
    package func checkInvariants(_ depth: InvariantDepth) {
        precondition(self.budget.inUse == self.calls.count, "slots in use are not the calls under way")
        guard depth == .everything else { return }
        self.checkRollouts()
        self.checkLanes()
        self.rollouts.checkCounts()
        for id in self.atWork.all { precondition(self.rollouts[id] != nil, "work of a rollout that is not known") }
    }

    private func checkRollouts() {
        var (permits, calling): (Int, Int) = (0, 0)
        let ready = Set(self.ready)
        let toSend = Set(self.cleared)
        for rollout in self.rollouts.all {
            precondition(
                self.known[rollout.state.partition]?.contains(rollout.id) == true,
                "a rollout that is not known"
            )
            switch rollout.activity {
            case .ready:
                // What was taken back while its partition is held back is released with it.
                let isHeldBack = self.isHeldBack(rollout.state.partition)
                precondition(isHeldBack || ready.contains(rollout.id), "a ready rollout that nobody will call for")
            case .committing: permits += 1
            case .cleared:
                permits += 1
                precondition(toSend.contains(rollout.id), "a committed intent that nobody will act on")
            case .calling: calling += 1
            case .parked(let component):
                precondition(
                    self.parked[component]?.contains(rollout.id) == true,
                    "a parked rollout that nobody will wake"
                )
            case .stalled(let name):
                precondition(
                    self.stalls[name]?.waiting.contains(rollout.id) == true,
                    "a stalled rollout that nobody will wake"
                )
            case .queued:
                let lane = rollout.laneKey.flatMap { self.lanes[rollout.state.partition]?[$0] }
                precondition(lane?.waiting.contains { $0.id == rollout.id } == true, "a queued rollout without a lane")
            case .laneParked:
                let isParked = rollout.laneKey.map { self.parkedLanes[rollout.state.partition]?[$0] != nil }
                precondition(isParked == true, "a rollout that waits for a lane which is not parked")
            case .waiting, .moving, .ending: break
            }
        }
        precondition(permits == self.budget.reserved, "permits are not the intents that are committed or fresh")
        let owned = self.calls.values.count { context in
            guard let id = context.id, case .calling? = self.rollouts[id]?.activity else { return false }
            return true
        }
        precondition(calling == owned, "a rollout that waits for a call which nobody makes")
    }

    private func checkLanes() {
        for (partition, lanes) in self.lanes {
            for (key, lane) in lanes {
                guard let head = lane.head else {
                    precondition(lane.waiting.isEmpty, "a lane in which all wait and nobody has the turn")
                    continue
                }
                let rollout = self.rollouts[head]
                precondition(rollout?.laneKey == key, "the head of a lane is not of that lane")
                precondition(rollout?.state.partition == partition, "the head of a lane is of another partition")
            }
        }
    }
}
