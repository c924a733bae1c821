// SPDX-License-Identifier: Apache-2.0

package import Values

/// Whose work a call is for, as far as calls are compared: a model's, or of a rollout that does not know its model yet.
package enum Subject: Sendable, Hashable {
    /// Of a model.
    case model(Lane.Key)
    /// Of one rollout alone.
    case rollout(RolloutID)
}

/// When one operation has last succeeded, for two different subjects.
///
/// Enough to say for any subject whether it has succeeded for another one since a time.
package struct Successes: Sendable, Equatable {
    private var newest: (subject: Subject, at: MonotonicTime)
    private var other: MonotonicTime?

    /// The first success.
    package init(_ subject: Subject, at time: MonotonicTime) {
        self.newest = (subject, time)
    }

    /// A further success.
    package mutating func note(_ subject: Subject, at time: MonotonicTime) {
        if subject != self.newest.subject { self.other = self.newest.at }
        self.newest = (subject, time)
    }

    /// Whether it has succeeded for another subject at a time or later.
    package func hasAnother(than subject: Subject, since time: MonotonicTime) -> Bool {
        let latest = self.newest.subject == subject ? self.other : self.newest.at
        return latest.map { $0 >= time } ?? false
    }

    package static func == (left: Successes, right: Successes) -> Bool {
        left.newest == right.newest && left.other == right.other
    }
}

/// An operation that fails for everybody who has tried it, though its component answers (rule 13).
///
/// One rollout goes on as canary, another model's each time; the rest wait. A success ends the stall.
package struct Stall: Sendable {
    /// Rollouts that wait; some may have ended, or gone on, since.
    package private(set) var waiting: [RolloutID] = []
    /// When the next canary may go at the latest.
    package private(set) var nextAt: MonotonicTime
    /// The model of the newest canary.
    private var tried: Subject?
    /// The newest canary, until it has failed.
    private var canary: RolloutID?
    /// Canaries so far.
    private var count = 0

    /// What must be up for the call.
    package let component: Component
    /// When the first failure was judged.
    let since: MonotonicTime

    /// Begins with a first failure.
    package init(of component: Component, since: MonotonicTime, until time: MonotonicTime) {
        self.component = component
        self.since = since
        self.nextAt = time
    }

    /// Failures so far, for the pause before the next canary.
    package var failures: Int { self.count + 1 }

    /// A rollout has failed; it waits here, or has something else to do first.
    package mutating func failed(_ id: RolloutID, _ subject: Subject, next: MonotonicTime, waits: Bool) {
        if waits { self.waiting.append(id) }
        if id == self.canary {
            self.canary = nil
            self.nextAt = next
        }
        self.tried = self.tried ?? subject
    }

    /// A rollout comes that has not tried yet.
    ///
    /// - Returns: Whether it may try at once: it is another model's than the newest canary, which is done.
    package mutating func arrived(_ id: RolloutID, _ subject: Subject, until time: MonotonicTime) -> Bool {
        guard self.canary == nil, subject != self.tried else {
            self.waiting.append(id)
            return false
        }
        self.send(id, subject, until: time)
        return true
    }

    /// Picks the next canary, another model's than the one before where there is one.
    ///
    /// - Parameters:
    ///   - time: When the next one may go if nothing is heard of this one.
    ///   - subject: The subject of a rollout that still waits; `nil` for one that does not.
    ///   - mayGo: Whether a rollout that waits may make a call.
    /// - Returns: The rollout; `nil` where nobody waits who may go.
    package mutating func nextCanary(
        until time: MonotonicTime,
        subject: (RolloutID) -> Subject?,
        mayGo: (RolloutID) -> Bool = { _ in true }
    ) -> RolloutID? {
        self.waiting.removeAll { subject($0) == nil }
        let index = self.waiting.firstIndex { mayGo($0) && subject($0) != self.tried }
        guard let index = index ?? self.waiting.firstIndex(where: mayGo), let next = subject(self.waiting[index]) else {
            return nil
        }
        let id = self.waiting.remove(at: index)
        self.send(id, next, until: time)
        return id
    }

    /// Puts the next canary off: none can be sent now.
    package mutating func postpone(until time: MonotonicTime) { self.nextAt = time }

    /// Forgets rollouts.
    package mutating func drop(where isDropped: (RolloutID) -> Bool) {
        self.waiting.removeAll(where: isDropped)
        self.giveUpCanary(where: isDropped)
    }

    /// The newest canary will not be heard of: another one goes at once.
    package mutating func giveUpCanary(where isGone: (RolloutID) -> Bool) {
        guard let canary = self.canary, isGone(canary) else { return }
        self.canary = nil
        self.nextAt = .zero
    }

    private mutating func send(_ id: RolloutID, _ subject: Subject, until time: MonotonicTime) {
        (self.canary, self.tried, self.nextAt) = (id, subject, time)
        self.count += 1
    }
}
