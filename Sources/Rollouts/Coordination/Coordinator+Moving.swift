// SPDX-License-Identifier: Apache-2.0

package import Values

/// Rollouts whose model was not certain when they were accepted: once their run is known, they go on where its lane is.
extension Coordinator {
    /// Names the model of a resolved rollout, and passes the rollout on where another partition owns that model.
    ///
    /// - Returns: Whether it goes on here.
    mutating func namesModel(_ rollout: Rollout, _ run: ResolvedRun, now: Now) -> Bool {
        guard let place = rollout.runPlace else { preconditionFailure("a run is resolved before its place is known") }
        // A command is answered where its id belongs, whatever it says.
        let claimed = rollout.state.replay == nil ? rollout.found?.claimedModelName : nil
        do throws(NamingFailure) {
            try rollout.state.plan.nameModel(of: place.reference(runID: run.runID))
        } catch {
            self.finish(rollout.id, .failed, error.cause, now: now)
            return false
        }
        let name = rollout.state.plan.modelName
        // Where the event's own word was right, it came to the owner.
        guard name != claimed else { return true }
        let owner = Ownership.owner(of: name, count: self.policy.inboxPartitions)
        guard owner != rollout.state.partition else { return true }
        guard rollout.state.movedFrom == nil else {
            // It was moved to the owner of the name that the facts gave then.
            rollout.state.run = nil
            let cause = Cause(.contradiction, "run \(run.runID) gives its model another name than before: '\(name)'")
            self.finish(rollout.id, .failed, cause, now: now)
            return false
        }
        self.moveOut(rollout, run, to: owner)
        return false
    }

    /// Names the registered model of a resolved rollout.
    ///
    /// - Returns: Whether it goes on.
    mutating func namesRegistry(_ rollout: Rollout, _ run: ResolvedRun, now: Now) -> Bool {
        guard let place = rollout.runPlace else { preconditionFailure("a run is resolved before its place is known") }
        do throws(NamingFailure) {
            try rollout.state.plan.nameRegistry(of: place.reference(runID: run.runID))
            return true
        } catch {
            self.finish(rollout.id, .failed, error.cause, now: now)
            return false
        }
    }

    /// Passes a rollout on, with all that is known of it.
    private mutating func moveOut(_ rollout: Rollout, _ run: ResolvedRun, to owner: Partition) {
        let partition = rollout.state.partition
        rollout.activity = .moving
        var state = rollout.state
        state.movedFrom = partition
        // It reads the very run again there: "the newest" may be another one by then.
        state.plan.run.projectID = run.projectID
        state.plan.run.experimentID = run.experimentID
        state.plan.run.runID = run.runID
        state.run = nil
        let ticket = self.nextNumber()
        self.tickets[ticket] = TicketContext(id: state.id, partition: partition, purpose: .move)
        self.actions.append(.move(Move(ticket: ticket, rollout: state, to: owner)))
    }

    /// That a rollout goes on elsewhere is committed.
    mutating func moved(_ id: RolloutID, now: Now) {
        guard let rollout = self.rollouts[id], rollout.activity == .moving else { return }
        self.rollouts.remove(id)
        // Its hour goes with it: the partition that has it now counts it.
        self.hourCounts.forget(id)
        self.known[rollout.state.partition]?.end(id, at: now.wall)
    }

    /// Whether a rollout that moves to a partition of ours goes on there; else it is known there already.
    package func canMoveIn(_ state: RolloutState) -> Bool {
        guard let known = self.known[state.partition], !known.contains(state.id) else { return false }
        // What was passed on may be read before we hear that it is committed; the record itself says so.
        guard let here = self.rollouts[state.id] else { return true }
        return here.activity == .moving
    }

    /// Goes on with a rollout that has moved to a partition of ours; ask `canMoveIn` first.
    ///
    /// Its first record there is written by the caller, before anything that it writes itself.
    package mutating func moveIn(_ state: RolloutState, now: Now) {
        precondition(self.canMoveIn(state), "a rollout moves in twice: ask canMoveIn first")
        self.moved(state.id, now: now)
        _ = self.known[state.partition]?.insert(state.id)
        let rollout = Rollout(state)
        // An earlier owner has worked at it.
        rollout.markRestored()
        self.registeredRuns.note(rollout, isAlone: false)
        self.neighbourTexts.share(with: &rollout.state)
        rollout.startClock(at: now.monotonic)
        self.insert(rollout)
        self.move(state.id, now: now)
    }
}
