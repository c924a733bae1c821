// SPDX-License-Identifier: Apache-2.0

import Machine
import Synchronization
import Telemetry
import Threads
import Values

/// Looks every second whether the worker gets on, and tells readiness; calls for the end where nothing helps.
///
/// On a thread of its own: Swift's pool may be what is stuck, and on Linux Dispatch's queues share its threads.
final class Watchdog: Sendable {
    private struct State {
        var lastLook: MonotonicTime
        /// Time in which this process did not run at all (frozen, suspended): nobody's pulse counts in it.
        var ignoredBefore: MonotonicTime
        var hasCalledForTheEnd = false
        var isStalled = false
    }

    private let detector: StallDetector
    private let exitAfter: Span
    private let heartbeat: Heartbeat
    private let lastPoll: @Sendable () -> MonotonicTime?
    private let health: WorkerHealth
    private let logger: Logger
    private let clock: WorkerClock
    private let end: @Sendable (String) -> Void
    private let state: Mutex<State>
    private let isOver = Monitor(false)

    static let interval = Duration.seconds(1)

    /// Creates a watch that is not looking yet.
    ///
    /// - Parameters:
    ///   - detector: Judges.
    ///   - exitAfter: How long a stall of this process itself lasts before `end` is called; zero for never.
    ///   - heartbeat: What moves.
    ///   - lastPoll: When the consumer's thread polled last.
    ///   - health: Is told.
    ///   - logger: Is told.
    ///   - clock: The process's clock.
    ///   - end: Ends the process; called once, with the cause.
    init(
        detector: StallDetector,
        exitAfter: Span,
        heartbeat: Heartbeat,
        lastPoll: @escaping @Sendable () -> MonotonicTime?,
        health: WorkerHealth,
        logger: Logger,
        clock: WorkerClock,
        end: @escaping @Sendable (String) -> Void
    ) {
        self.detector = detector
        self.exitAfter = exitAfter
        self.heartbeat = heartbeat
        self.lastPoll = lastPoll
        self.health = health
        self.logger = logger
        self.clock = clock
        self.end = end
        self.state = Mutex(State(lastLook: clock.monotonic, ignoredBefore: clock.monotonic))
    }

    /// Begins to look; ends with `stop()`.
    func start() {
        _ = DedicatedThread(name: "watchdog") {
            while self.isOver.wait(timeout: Self.interval, until: { $0 ? true : nil }) == nil { self.look() }
        }
    }

    /// Looks no more; a look that is under way comes to its end.
    func stop() { self.isOver.signal { $0 = true } }

    /// Looks once.
    func look() {
        let now = self.clock.monotonic
        let ignoredBefore = self.state.withLock { state in
            if state.lastLook + Span.seconds(5) < now { state.ignoredBefore = now }
            state.lastLook = now
            return state.ignoredBefore
        }
        var snapshot = self.heartbeat.snapshot
        snapshot.count(from: ignoredBefore)
        let lastPoll = self.lastPoll().map { max($0, ignoredBefore) }
        let stall = self.detector.stall(snapshot, lastPoll: lastPoll, now: now)
        self.health.progress(stall?.cause)
        self.tell(stall)
        guard let stall, stall.isOurs, self.exitAfter > .zero, stall.since + self.exitAfter <= now else { return }
        let isFirst = self.state.withLock { state in
            defer { state.hasCalledForTheEnd = true }
            return !state.hasCalledForTheEnd
        }
        if isFirst { self.end(stall.cause) }
    }

    private func tell(_ stall: StallDetector.Stall?) {
        let hasChanged = self.state.withLock { state in
            defer { state.isStalled = stall != nil }
            return state.isStalled != (stall != nil)
        }
        guard hasChanged else { return }
        if let stall {
            self.logger.warning("no progress", ["cause": .string(stall.cause)])
        } else {
            self.logger.notice("progress again")
        }
    }
}

extension Heartbeat.Snapshot {
    /// Counts nothing that was under way before `time` as older than that.
    fileprivate mutating func count(from time: MonotonicTime) {
        self.turnSince = self.turnSince.map { max($0, time) }
        self.underWay.committingSince = self.underWay.committingSince.map { max($0, time) }
        self.underWay.wakeAt = self.underWay.wakeAt.map { max($0, time) }
        if let oldest = self.underWay.oldestCall {
            self.underWay.oldestCall = .init(name: oldest.name, began: max(oldest.began, time))
        }
    }
}
