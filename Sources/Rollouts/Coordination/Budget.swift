// SPDX-License-Identifier: Apache-2.0

package import Values

/// What all rollouts together may ask of the API: calls at a time and calls a second.
///
/// A token bucket for the rate, a counter for concurrency, and a ramp after an outage: it begins with few calls at a
/// time and allows one more with each success. A creating call takes a place first, while its intent is committed, and a
/// slot when it is made: four may be at that for each that may be under way, or commits would keep slots idle.
package struct Budget: Sendable {
    private let maximumConcurrent: Int
    private let interval: Int64
    private let burst: Int64
    private var nextFree: MonotonicTime = .zero
    /// The newest pause that the workbench has asked for; it began when no call had succeeded since.
    private var pause: (from: MonotonicTime, until: MonotonicTime, isBroken: Bool) = (.zero, .zero, true)
    private var allowed: Int
    /// Calls that hold a slot now.
    package private(set) var inUse = 0
    /// Creating calls whose intents are being committed, or that wait for a slot after that.
    package private(set) var reserved = 0

    private static let placesPerSlot = 4

    /// Creates a budget.
    ///
    /// - Parameters:
    ///   - maximumConcurrent: Calls at a time; at least 1.
    ///   - perSecond: Calls a second; 0 for no limit. A tenth of a second's worth may come at once.
    package init(maximumConcurrent: Int, perSecond: Double) {
        self.maximumConcurrent = max(1, maximumConcurrent)
        self.allowed = max(1, maximumConcurrent)
        // At the slowest one in eleven days: no number in a configuration file may be more than the clock can hold.
        self.interval = perSecond > 0 ? Int64(min(1e15, 1e9 / perSecond)) : 0
        self.burst = Int64(max(1, perSecond / 10)) * self.interval
    }

    /// Takes a slot, if one is free now.
    package mutating func take(now: MonotonicTime) -> Bool {
        guard self.inUse < self.allowed, now >= self.earliest else { return false }
        self.inUse += 1
        self.count(now: now)
        return true
    }

    /// Takes a place for a creating call, if one is free now; the call counts for the rate from here on.
    package mutating func reserve(now: MonotonicTime) -> Bool {
        guard self.hasPlace, now >= self.earliest else { return false }
        self.reserved += 1
        self.count(now: now)
        return true
    }

    /// Gives a place up for a slot, if one is free now.
    package mutating func takeReserved() -> Bool {
        guard self.inUse < self.allowed else { return false }
        self.withdraw()
        self.inUse += 1
        return true
    }

    /// Gives a place back; no call was made.
    package mutating func withdraw() {
        precondition(self.reserved > 0, "a place was given back twice")
        self.reserved -= 1
    }

    private var hasPlace: Bool { self.reserved < self.allowed * Self.placesPerSlot }

    private mutating func count(now: MonotonicTime) {
        if self.interval > 0 { self.nextFree = max(self.nextFree, now) + Span(nanoseconds: self.interval) }
    }

    /// Takes one request of the rate, for a call that has its slot.
    package mutating func takeRate(now: MonotonicTime) -> Bool {
        guard now >= self.earliest else { return false }
        self.count(now: now)
        return true
    }

    /// When the rate and the workbench allow the next request.
    package func nextRate(now: MonotonicTime) -> MonotonicTime { max(now, self.earliest) }

    /// Takes a slot for a probe, which must not wait behind what it is to set free.
    package mutating func takeForProbe() { self.inUse += 1 }

    /// Gives a slot back.
    package mutating func release() {
        precondition(self.inUse > 0, "a slot was given back twice")
        self.inUse -= 1
    }

    /// A call succeeded: after an outage one more may be under way.
    package mutating func succeeded() {
        self.pause.isBroken = true
        if self.allowed < self.maximumConcurrent { self.allowed += 1 }
    }

    /// The way back from an outage begins with two calls at a time.
    package mutating func rampUp() { self.allowed = min(2, self.maximumConcurrent) }

    /// Holds everything until `time`, because the workbench asked for it.
    package mutating func pause(until time: MonotonicTime, now: MonotonicTime) {
        // One that is asked for before anything has succeeded goes on with the one before.
        if self.pause.isBroken { self.pause = (now, now, false) }
        self.pause.until = max(self.pause.until, time)
    }

    /// Between two pauses in a row lies the call that is answered by the second.
    private static let pauseGap = Span.seconds(30)

    /// Whether the workbench has asked for pauses that last now, and that together are at least so long.
    func isPaused(now: MonotonicTime, atLeast span: Span) -> Bool {
        self.endOfPause(now: now) != nil && self.pause.from + span <= self.pause.until
    }

    /// When it is certain that no further pause follows; `nil` for none.
    func endOfPause(now: MonotonicTime) -> MonotonicTime? {
        let end = self.pause.until + Self.pauseGap
        return !self.pause.isBroken && now < end ? end : nil
    }

    /// When the next call, or place for a creating one, can be had by the passing of time alone; `nil` when only a
    /// finished call can free one.
    package func nextChance(now: MonotonicTime, isCreating: Bool = false) -> MonotonicTime? {
        guard isCreating ? self.hasPlace : self.inUse < self.allowed else { return nil }
        return max(now, self.earliest)
    }

    /// When the rate and the workbench allow the next call; one of a burst is the call itself.
    private var earliest: MonotonicTime {
        max(self.pause.until, self.nextFree - Span(nanoseconds: self.burst - self.interval))
    }
}
