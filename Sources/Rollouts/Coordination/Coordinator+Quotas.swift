// SPDX-License-Identifier: Apache-2.0

package import Values

/// How much of a route may be under way (guarantee 9).
///
/// Each worker counts what it owns, and has of each quota the parts of the partitions that it holds. Intake holds events back
/// whose route has no room; what is accepted all the same, because others have passed it on, waits for its turn to begin.
extension Coordinator {
    /// How long a rollout waits for room before it looks by itself, beside being woken.
    private static let roomPause = Span.seconds(30)

    /// How much of a quota falls to the partitions held: at least one, since nothing must wait for ever.
    ///
    /// The parts of all partitions add up to the quota. So all workers together exceed it by one each at most, and a worker that
    /// holds all partitions not at all.
    package func share(of quota: Int) -> Int {
        let count = self.policy.inboxPartitions
        let parts = self.known.keys.reduce(0) { $0 + Self.part(of: quota, partition: Int($1.rawValue), count: count) }
        return max(1, parts)
    }

    /// A partition's part of a quota: whole, and as even as can be.
    static func part(of quota: Int, partition: Int, count: Int) -> Int {
        (partition + 1) * quota / count - partition * quota / count
    }

    /// Whether no further event of a route may be accepted here now: what may turn out to be the route's counts as well, so that
    /// no choice of words passes by a quota.
    ///
    /// - Parameters:
    ///   - route: The route.
    ///   - now: The time.
    /// - Returns: Whether it has to wait.
    package mutating func isFull(route: String, now: Timestamp) -> Bool {
        guard let quota = self.quotas[route] else { return false }
        // First, whatever else the route lacks: it forgets what is older than an hour, for which nobody needs to be woken.
        let accepted = quota.acceptedPerHour == nil ? 0 : self.hourCounts.count(ofRoute: route, now: now)
        let open = self.rollouts.count(openFor: route)
        if let most = quota.underWay, self.rollouts.count(ofRoute: route) + open >= self.share(of: most) {
            return true
        }
        guard let most = quota.acceptedPerHour else { return false }
        return accepted + open >= self.share(of: most)
    }

    /// Whether a route has no room only because of events that may turn out to be of another one.
    package mutating func isFullOfOpenEvents(route: String, now: Timestamp) -> Bool {
        guard let quota = self.quotas[route] else { return false }
        if let most = quota.underWay, self.rollouts.count(ofRoute: route) >= self.share(of: most) { return false }
        guard let most = quota.acceptedPerHour else { return true }
        return self.hourCounts.count(ofRoute: route, now: now) < self.share(of: most)
    }

    /// Takes a rollout in; where facts are to decide on its route, it counts for each that it may be of.
    mutating func insert(_ rollout: Rollout) {
        let isOpen = !self.quotas.isEmpty && rollout.state.plan.route.isEmpty
        self.rollouts.insert(rollout, openFor: isOpen ? self.plans.bounded(for: rollout.state) : [])
    }

    /// Routes of which no further event may be accepted here now, in a fixed order.
    package mutating func fullRoutes(now: Timestamp) -> [String] {
        var full: [String] = []
        for route in self.quotas.keys.sorted() where self.isFull(route: route, now: now) { full.append(route) }
        return full
    }

    /// When the next route may have room for no other reason than that its hour has gone by; `nil` for none.
    package var nextHourEnd: Timestamp? {
        var next: Timestamp?
        for (route, quota) in self.quotas where quota.acceptedPerHour != nil {
            guard let end = self.hourCounts.oldestEnds(inRoute: route) else { continue }
            next = min(next ?? end, end)
        }
        return next
    }

    /// A rollout was accepted, now or before an earlier owner gave its partition up.
    ///
    /// - Parameters:
    ///   - state: The rollout.
    ///   - route: The route that facts have chosen for it; `nil` for its own.
    ///   - now: The time.
    mutating func countAcceptance(of state: RolloutState, route: String? = nil, now: Timestamp) {
        let route = route ?? state.plan.route
        guard self.quotas[route]?.acceptedPerHour != nil else { return }
        self.hourCounts.note(state.id, of: state.partition, route: route, at: min(state.acceptedAt, now))
    }

    /// What had ended before its partition was taken over counts as well: restarts give nobody a second hour.
    ///
    /// What a clock that was ahead has written counts from now on, and for an hour: rollouts are dated behind it until it is
    /// reached, and would count for as long.
    mutating func countAcceptances(of restored: Restored, in partition: Partition, now: Timestamp) {
        let counted = restored.acceptedLately + restored.unswept.filter { $0.previousPhase != nil }.map { .init($0) }
        self.hourCounts.note(counted.filter { self.quotas[$0.route]?.acceptedPerHour != nil }, of: partition, now: now)
    }

    /// Lets a rollout whose turn it is begin, or wait until its route has room.
    ///
    /// - Returns: Whether it waits, or another one has its turn.
    mutating func waitsForRoom(_ rollout: Rollout, now: Now) -> Bool {
        guard let quota = self.quotas[rollout.state.plan.route], !self.atWork.contains(rollout) else { return false }
        guard !self.isAwaitedByOperator(rollout), let lack = self.lackOfRoom(quota, rollout, now: now) else {
            guard !self.letsOthersGoBefore(rollout, now: now) else { return true }
            self.atWork.begin(rollout)
            self.countBeginning(of: rollout, at: now.wall, now: now)
            return false
        }
        // Read again when it goes on, when they may have changed; nobody keeps them meanwhile.
        rollout.facts = nil
        rollout.deployedFacts = nil
        // The wait is no time of the step's.
        rollout.startClock(at: now.monotonic)
        self.tellWaiting(rollout.id, lack.cause, now: now)
        if lack.until == nil { self.atWork.wait(rollout) }
        self.wait(rollout, until: lack.until ?? now.monotonic + Self.roomPause)
        return true
    }

    /// Whether an operator has asked for a rollout, or for one that stands behind it in its lane: that is never held back.
    private func isAwaitedByOperator(_ rollout: Rollout) -> Bool {
        guard rollout.state.replay == nil, let key = rollout.laneKey else { return true }
        return self.lanes[rollout.state.partition]?[key]?.isAwaitedByOperator ?? false
    }

    /// Lets the rollout begin that waits for room and whose turn it is, where an operator has asked for one behind it.
    mutating func hurryHead(before rollout: Rollout, now: Now) {
        guard let key = rollout.laneKey, let head = self.lanes[rollout.state.partition]?[key]?.head,
            let first = self.rollouts[head], first.waitsForRoom, first.activity == .waiting
        else { return }
        first.startClock(at: now.monotonic)
        self.move(head, now: now)
    }

    private mutating func countBeginning(of rollout: Rollout, at time: Timestamp, now: Now) {
        let partition = rollout.state.partition
        guard let most = self.quotas[rollout.state.plan.route]?.perModelPerHour, let key = rollout.laneKey,
            self.lanes[partition] != nil
        else { return }
        self.lanes[partition, default: [:]][key, default: Lane()].begins(at: time, atMost: most)
        let until = now.monotonic + Span(HourCounts.window)
        self.countedBeginnings.append(CountedBeginning(partition: partition, lane: key, at: time, until: until))
    }

    /// A rollout that had begun goes on here, and counts as having begun: by when its phase did, which no restart moves.
    mutating func beginAgain(_ rollout: Rollout, now: Now) {
        self.atWork.begin(rollout)
        // What is known of its lane has counted it since its deployment was up.
        guard rollout.state.step != .verify else { return }
        self.countBeginning(of: rollout, at: min(rollout.state.phaseAt, now.wall), now: now)
    }

    /// Lets go what counts no more, and lanes of which nothing else is known: models by the thousand may all have failed.
    mutating func forgetBeginnings(now: Now) {
        while let oldest = self.countedBeginnings.first, oldest.until <= now.monotonic {
            _ = self.countedBeginnings.popFirst()
            self.lanes[oldest.partition]?[oldest.lane]?.forgetBeginnings(until: oldest.at)
            if self.lanes[oldest.partition]?[oldest.lane]?.isEmpty == true {
                self.lanes[oldest.partition]?[oldest.lane] = nil
            }
        }
    }

    /// Why a rollout can't begin, and until when where that is known; `nil` where it can.
    private func lackOfRoom(
        _ quota: Route.Quota,
        _ rollout: Rollout,
        now: Now
    ) -> (cause: Cause, until: MonotonicTime?)? {
        let route = rollout.state.plan.route
        if let most = quota.perModelPerHour, let key = rollout.laneKey,
            let until = self.lanes[rollout.state.partition]?[key]?.nextBeginning(atMost: most, now: now.wall)
        {
            let words = "\(most) of the model have begun in an hour, as route '\(route)' allows (perModelPerHour)"
            let wait = Span.milliseconds(max(1, until.milliseconds(since: now.wall)))
            return (Cause(.quota, "\(words); it goes on at \(until)"), now.monotonic + wait)
        }
        guard let most = quota.underWay, self.atWork.count(ofRoute: route) >= self.share(of: most) else { return nil }
        let words = "route '\(route)' has as many rollouts at work as its quota allows (underWay: \(most))"
        return (Cause(.quota, "\(words); it goes on as one of them ends"), nil)
    }

    /// Gives the turn back where a better one has come while it waited for room.
    private mutating func letsOthersGoBefore(_ rollout: Rollout, now: Now) -> Bool {
        let partition = rollout.state.partition
        guard rollout.state.cause?.class == .quota, let key = rollout.laneKey, let waiting = rollout.waiting,
            self.lanes[partition]?[key]?.isOvertaken(waiting) == true,
            let entry = self.lanes[partition]?[key]?.yield(waiting)
        else { return false }
        rollout.isHead = false
        self.entered(rollout, entry, now: now)
        self.giveTurn(to: self.lanes[partition]?[key]?.takeTurn() ?? nil, now: now)
        return true
    }

    /// Wakes as many as there is room for, of each route in which somebody has ended.
    mutating func goOnWithRoom(now: Now) {
        guard !self.isStopping else { return }
        for route in self.atWork.takeFreed() {
            guard let most = self.quotas[route]?.underWay else { continue }
            while self.atWork.count(ofRoute: route) < self.share(of: most), let id = self.atWork.popWaiting(route) {
                guard let rollout = self.rollouts[id], rollout.activity == .waiting, rollout.state.step == .lane,
                    rollout.isHead
                else { continue }
                rollout.startClock(at: now.monotonic)
                self.move(id, now: now)
            }
        }
    }
}

/// A rollout that has begun its work where a quota counts that by the model.
struct CountedBeginning: Sendable {
    var partition: Partition
    var lane: Lane.Key
    /// When it began.
    var at: Timestamp
    /// How long it counts.
    var until: MonotonicTime
}

extension Rollout {
    /// Whether it has its turn, and its route no room for it.
    var waitsForRoom: Bool {
        self.state.step == .lane && self.state.phase == .waiting && self.state.cause?.class == .quota
    }
}
