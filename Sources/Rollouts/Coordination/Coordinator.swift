// SPDX-License-Identifier: Apache-2.0

package import Values

/// Decides what happens to all rollouts of the partitions that this process holds.
///
/// Pure: no clock, no I/O, no logging. Its owner tells it what happened (`accept`, `recorded`, `callSucceeded`,
/// `callFailed`, `advance`, `release`), then takes the actions with `takeActions(now:)` and performs them.
package struct Coordinator: ~Copyable {
    /// What the coordinator goes by.
    package struct Policy: Sendable {
        /// Retries and polls.
        package var retry: RetryPolicy
        /// Calls at a time.
        package var maximumConcurrentCalls: Int
        /// Calls a second; 0 for no limit.
        package var callsPerSecond: Double
        /// How old an intent may be when its call is made, counted from the start of its commit.
        package var intentValidity: Span
        /// How long after a call's own deadline the workbench may still act on it.
        package var settle: Span
        /// Deadline of one call.
        package var requestTimeout: Span
        /// How long after a rollout's end it is looked for what its calls of unknown outcome have made after all.
        package var sweepAfter: Span
        /// How long after that it is looked once more, for what was applied later than anyone waits.
        var secondLookAfter: Span { Span(nanoseconds: 4 * (self.requestTimeout + self.settle).nanoseconds) }
        /// How long ended rollouts are known; `nil` for ever.
        package var dedupeHorizon: Span?
        /// Partitions of inbox and journal, which decide who owns a model.
        package var inboxPartitions: Int
        /// Whether a registered model's name belongs to the project whose version of it is the oldest, and others are refused.
        package var ownsRegistryNames: Bool
        /// Whether models are checked, so that it is worth knowing from the start how their service answers a probe.
        package var checksModels: Bool

        /// Creates a policy.
        package init(
            retry: RetryPolicy = RetryPolicy(),
            maximumConcurrentCalls: Int = 64,
            callsPerSecond: Double = 0,
            intentValidity: Span = .seconds(5),
            settle: Span = .seconds(60),
            requestTimeout: Span = .seconds(30),
            sweepAfter: Span = .seconds(120),
            dedupeHorizon: Span? = nil,
            inboxPartitions: Int = 1,
            ownsRegistryNames: Bool = false,
            checksModels: Bool = false
        ) {
            self.retry = retry
            self.maximumConcurrentCalls = maximumConcurrentCalls
            self.callsPerSecond = callsPerSecond
            self.intentValidity = intentValidity
            self.settle = settle
            self.requestTimeout = requestTimeout
            self.sweepAfter = sweepAfter
            self.dedupeHorizon = dedupeHorizon
            self.inboxPartitions = inboxPartitions
            self.ownsRegistryNames = ownsRegistryNames
            self.checksModels = checksModels
        }
    }

    /// Names a call under way.
    package typealias CallID = UInt64
    /// Names a record under way.
    package typealias Ticket = UInt64

    /// What a call under way belongs to.
    struct CallContext: Sendable {
        var id: RolloutID?
        var call: APICall
        /// When it was handed out to be made.
        var startedAt: MonotonicTime
        /// When it may be sent at the latest; `nil` for calls that create nothing.
        var notAfter: MonotonicTime?
    }

    /// What a rollout waits for the time to pass for.
    struct Wait: Sendable, Equatable {
        var id: RolloutID
        /// Which wait of that rollout: one that has ended otherwise is known by it.
        var token: UInt32
    }

    /// Why a record is written.
    enum RecordPurpose: Sendable {
        case note
        case intent
        case end
        case move
        case sweep
    }

    /// A record under way.
    struct TicketContext: Sendable {
        var id: RolloutID
        var partition: Partition
        var purpose: RecordPurpose
    }

    let policy: Policy
    let plans: any PlanDecider
    /// Quotas by the names of their routes.
    package let quotas: [String: Route.Quota]
    var atWork = AtWork()
    var hourCounts = HourCounts()
    var countedBeginnings = FIFO<CountedBeginning>()
    var sharedAnswers = SharedAnswers()
    var rollouts = RolloutTable()
    var neighbourTexts = NeighbourTexts()
    var known: [Partition: KnownRollouts] = [:]
    var holders: [Partition: RunHolders] = [:]
    var registeredRuns = RegisteredRuns()
    /// The moment from which on the next rollout of a partition counts as accepted at the earliest.
    var earliestAcceptance: [Partition: Timestamp] = [:]
    var lanes: [Partition: [Lane.Key: Lane]] = [:]
    /// Lanes of which a journal record can't be read: nothing of theirs goes on until the partition is restored anew.
    var parkedLanes: [Partition: [Lane.Key: JournalDefect]] = [:]
    var due = TimedHeap<MonotonicTime, Wait>()
    var ready = FIFO<RolloutID>()
    /// Rollouts whose creating calls may be made as soon as there is a slot, before any other call.
    var cleared = FIFO<RolloutID>()
    var budget: Budget
    var lateIntents = LateIntents()
    var sweeps = Sweeps()
    var forgetting: [Ticket: Forgetting] = [:]
    var nextForgetting: MonotonicTime?
    var outages: [Component: Outage] = [:]
    var parked: [Component: [RolloutID]] = [:]
    /// When each call has last succeeded, by its name.
    var successes: [String: Successes] = [:]
    /// Calls that fail for everybody, by their names, and why.
    var stalls: [String: Stall] = [:]
    var stalled: [String: Cause] = [:]
    /// When those that wait for a canary say so.
    var untoldStalls = TimedHeap<MonotonicTime, RolloutID>()
    var probing = Probing()
    /// Which rollout may make a call though a component is down.
    var triers: [Component: RolloutID] = [:]
    var calls: [CallID: CallContext] = [:]
    var tickets: [Ticket: TicketContext] = [:]
    var actions: [Action] = []
    var random: SeededGenerator
    /// What the workbench's own clock shows.
    var workbenchClock = WorkbenchClock()
    /// The user whose key the worker has; empty until something that was made has named it.
    var user = ""
    /// Whether the workbench keeps the markers of what is made, by the newest answers.
    var keepsMarkers: [CreatingStep: Bool] = [:]
    var isStopping = false
    /// Partitions that are being handed over.
    var leaving: Set<Partition> = []
    private var lastNumber: UInt64 = 0

    /// Creates a coordinator that holds no partition.
    ///
    /// - Parameters:
    ///   - policy: What it goes by.
    ///   - plans: Decides on facts what is done for a rollout.
    ///   - seed: Seed of its jitter.
    package init(policy: Policy, plans: any PlanDecider, seed: UInt64) {
        self.policy = policy
        self.plans = plans
        self.quotas = plans.quotas
        self.random = SeededGenerator(seed: seed)
        self.budget = Budget(maximumConcurrent: policy.maximumConcurrentCalls, perSecond: policy.callsPerSecond)
        for component in Component.allCases { self.outages[component] = Outage() }
    }

    /// Decides which of the wanted calls are made now, and takes all that is to be done, in order.
    package mutating func takeActions(now: Now) -> [Action] {
        self.goOnWithRoom(now: now)
        self.dispatch(now: now)
        defer { self.actions = [] }
        return self.actions
    }

    /// Whether a call under way may send a further request now; it counts for the rate, and keeps its slot.
    package mutating func mayContinue(now: MonotonicTime) -> Bool { self.budget.takeRate(now: now) }

    /// When the rate allows the next request.
    package func nextContinuation(now: MonotonicTime) -> MonotonicTime { self.budget.nextRate(now: now) }

    /// The next moment at which `advance` has something to do; `nil` for none.
    package func nextWake(now: MonotonicTime) -> MonotonicTime? {
        guard !self.isStopping else { return nil }
        var next = self.due.nextTime
        next.comeForward(to: self.sweeps.due.nextTime)
        next.comeForward(to: self.nextForgetting)
        next.comeForward(to: self.countedBeginnings.first?.until)
        next.comeForward(to: self.untoldStalls.nextTime)
        for outage in self.outages.values { next.comeForward(to: outage.nextProbe) }
        for stall in self.stalls.values { next.comeForward(to: stall.nextAt) }
        next.comeForward(to: self.budget.endOfPause(now: now))
        next.comeForward(to: self.lateIntents.end(now: now))
        if !self.ready.isEmpty || !self.sweeps.ready.isEmpty {
            next.comeForward(to: self.budget.nextChance(now: now, isCreating: self.isNextCreating))
        }
        return next
    }

    /// Whether the next call in turn needs a place first.
    private var isNextCreating: Bool {
        guard let id = self.ready.first, case .ready(let call)? = self.rollouts[id]?.activity else { return false }
        return call.isCreating
    }

    /// Time passed: wakes what is due.
    package mutating func advance(now: Now) {
        guard !self.isStopping else { return }
        while let wait = self.due.popDue(now: now.monotonic) {
            guard let rollout = self.rollouts[wait.id], rollout.token == wait.token, rollout.activity == .waiting
            else { continue }
            self.move(wait.id, now: now)
        }
        self.startDueProbes(now: now)
        self.startDueCanaries(now: now)
        self.tellDueStalls(now: now)
        self.startDueSweeps(now: now)
        self.forgetOld(now: now)
        self.forgetBeginnings(now: now)
    }

    mutating func nextNumber() -> UInt64 {
        self.lastNumber += 1
        return self.lastNumber
    }
}
