// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What is read and not accepted yet, because its topic or route has no room: others go on (guarantee 9).
///
/// Judged where an event is read from its topic, before it is accepted or passed on. Records of the inbox are never held back.
extension WorkerMachine {
    /// Why a record has to wait; `nil` where it need not.
    mutating func hold(on entry: borrowing IntakeEntry, _ lease: Lease, now: Now) -> IntakeHold? {
        guard self.hasBounds, case .events(let index) = lease.subject.topic,
            self.shares.topics.indices.contains(index),
            case .rollout(let state) = entry.decision, !state.phase.isTerminal
        else { return nil }
        let topic = self.shares.topics[index]
        guard self.ownership.owner(of: state.partition) != nil else {
            return self.hold(passing: state, topic, now: now)
        }
        let hold: IntakeHold
        if self.isFull(topic: index) || self.isFullElsewhere(topic, state) {
            hold = .topicShare(topic: topic)
        } else if let route = self.fullRoute(of: state, now: now) {
            let isOpen = self.rollouts.isFullOfOpenEvents(route: route, now: now.wall)
            hold = isOpen ? .openEvents(route: route, topic: topic) : .routeQuota(route: route, topic: topic)
        } else {
            return nil
        }
        // What repeats an event that is known needs no room.
        return self.rollouts.isKnown(state.id, partition: state.partition) ? nil : hold
    }

    /// Why an event that belongs to another owner is not passed on now.
    private mutating func hold(passing state: RolloutState, _ topic: String, now: Now) -> IntakeHold? {
        let owner = state.plan.certainModelName == nil ? nil : state.partition
        if self.shares.isInForce {
            if self.room.isFull(topic: topic, in: owner) { return .topicShare(topic: topic) }
            if let hold = self.hold(passing: topic, of: self.shares.share, to: state, topic, now: now) { return hold }
        }
        for route in self.routes(of: state) {
            guard let quota = self.rollouts.quotas[route], quota.holdsIntake else { continue }
            if self.room.isFull(route: route, in: owner) { return .routeQuota(route: route, topic: topic) }
            let most = quota.mostAtIntake
            if let hold = self.hold(passing: "route \(route)", of: most, to: state, topic, now: now) { return hold }
        }
        return nil
    }

    /// Why nothing more of a topic or route is passed on to a partition now, of so many that may be under way.
    private mutating func hold(
        passing name: String,
        of bound: Int,
        to state: RolloutState,
        _ topic: String,
        now: Now
    ) -> IntakeHold? {
        let isAllowed = self.pace.allows(name, limit: PassingPace.limit(of: bound), now: now.monotonic)
        guard isAllowed else { return .pace(topic: topic) }
        // Nothing is read there until its journal is healed, and what is behind it in its topic must not wait for that.
        guard !self.ownership.isParked(state.partition) else { return nil }
        guard self.room.awaitsAnswer(name, of: state.partition, limit: self.unheardLimit(of: bound)) else { return nil }
        guard self.room.isSilent(state.partition, now: now.monotonic) else { return .pace(topic: topic) }
        return .silence(topic: topic, partition: state.partition)
    }

    /// How much is passed on to a partition before its owner answers: of all partitions together no more than in a second.
    private func unheardLimit(of bound: Int) -> Int {
        max(1, PassingPace.limit(of: bound) / max(1, self.settings.policy.inboxPartitions))
    }

    /// How much of others is read before they are answered at once: so that whoever waits for it goes on.
    private var answersAfter: Int {
        let quotas = self.rollouts.quotas.values.lazy.filter(\.holdsIntake).map(\.mostAtIntake)
        let least = min(quotas.min() ?? .max, self.shares.isInForce ? self.shares.share : .max)
        return max(1, self.unheardLimit(of: least) / 4)
    }

    /// An event was read that another worker has passed on.
    mutating func received(_ state: RolloutState, by lease: Lease, now: Now) {
        guard self.hasBounds, lease.subject.isInbox, !state.phase.isTerminal else { return }
        self.room.received(now: now.monotonic)
    }

    /// The route of an event; each with a quota that it may be of where facts are to decide.
    private func routes(of state: RolloutState) -> [String] {
        guard state.plan.route.isEmpty else { return [state.plan.route] }
        return self.settings.routes.bounded(for: state)
    }

    private mutating func fullRoute(of state: RolloutState, now: Now) -> String? {
        self.routes(of: state).first { route in
            self.rollouts.isFull(route: route, now: now.wall)
                || (state.plan.certainModelName == nil && self.room.isFull(route: route, in: nil))
        }
    }

    /// An event that begins a rollout was passed on.
    mutating func passedOn(_ state: RolloutState, from lease: Lease, now: Now) {
        guard self.hasBounds, !lease.subject.isInbox, !state.phase.isTerminal else { return }
        // What owners answer is read from an inbox partition.
        let hears = self.ownership.held.contains(where: \.subject.isInbox)
        for name in [state.origin.topic] + self.routes(of: state).map({ "route \($0)" }) {
            self.pace.passed(name)
            if hears { self.room.passed(name, to: state.partition, now: now.monotonic) }
        }
    }

    /// Whether anything is bounded for topics or routes.
    private var hasBounds: Bool { self.shares.isInForce || !self.rollouts.quotas.isEmpty }

    private mutating func isFull(topic index: Int) -> Bool {
        guard self.shares.isInForce else { return false }
        return self.shares.isFull(index, unfinished: self.rollouts.unfinishedCount(ofTopic: self.shares.topics[index]))
    }

    /// Of a model that is not certain yet nobody knows who will have it: it comes to rest where there is room for all.
    private func isFullElsewhere(_ topic: String, _ state: RolloutState) -> Bool {
        state.plan.certainModelName == nil && self.shares.isInForce && self.room.isFull(topic: topic, in: nil)
    }

    // MARK: Telling

    /// Tells other workers for whom there is no room here.
    mutating func tellRoom(now: Now) {
        guard self.hasBounds else { return }
        let (held, parked) = (self.ownership.held, self.ownership.parked)
        let inbox = held.filter(\.subject.isInbox)
        if inbox.isEmpty { self.room.hearNobody() }
        // That a partition is parked is told by any other one: others would wait for its answer.
        guard let writer = inbox.first ?? (parked.isEmpty ? nil : held.first) else { return }
        for index in self.shares.topics.indices { _ = self.isFull(topic: index) }
        let notice = RoomNotice(
            partitions: (inbox.map(\.partition) + parked).map(\.rawValue),
            topics: self.shares.fullTopics,
            routes: self.rollouts.fullRoutes(now: now.wall),
            parked: parked.map(\.rawValue)
        )
        guard self.room.tells(notice, answeringAfter: self.answersAfter, now: now.monotonic) else { return }
        let own = Set(notice.partitions)
        let others = (0..<Int32(clamping: self.settings.policy.inboxPartitions)).filter { !own.contains($0) }
        guard !others.isEmpty else { return }
        let targets = others.map { Partition(rawValue: $0) }
        self.planner.append(TransactionEntry(.room(notice, to: targets), writer: writer))
    }

    /// When more of what waits may go on, or others are to be told; `nil` where nothing of that is to come.
    func nextRoomWake(now: Now) -> MonotonicTime? {
        guard self.hasBounds else { return nil }
        var times = [self.room.nextWake]
        // While intake is paused nothing of what waits is looked at.
        let holds = self.isIntakePaused ? [] : self.gate.holds
        if holds.contains(where: { !$0.isTold }) { times.append(self.pace.ends) }
        if holds.contains(where: { !$0.route.isEmpty }), let end = self.rollouts.nextHourEnd {
            times.append(now.monotonic + .milliseconds(max(1, end.milliseconds(since: now.wall))))
        }
        return times.lazy.compactMap(\.self).min()
    }

    /// Tells which topics are held back, and for whom, where that has changed.
    mutating func reportHolds() {
        let holds = self.gate.holds.filter(\.isTold)
        guard holds != self.toldHolds else { return }
        for hold in holds.subtracting(self.toldHolds).sorted() { self.turn.reports.append(.held(hold, isHeld: true)) }
        // People see a topic and a route: these go on once nothing holds them any more, whatever held them first.
        var held = Set(holds.map(\.label))
        for hold in self.toldHolds.subtracting(holds).sorted() where held.insert(hold.label).inserted {
            self.turn.reports.append(.held(hold, isHeld: false))
        }
        self.toldHolds = holds
        self.health.holds = holds.map(\.cause).sorted()
    }
}
