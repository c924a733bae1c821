// SPDX-License-Identifier: Apache-2.0

import CEvent
import Glibc
import Synchronization
import Threads
import Values

/// One libevent loop and the way onto its thread.
///
/// libevent runs without its own locks: everything of it is touched by the loop's thread only, and other threads
/// reach that thread through a list of jobs and one eventfd. Many jobs share one wake-up.
final class EventLoop: @unchecked Sendable {
    // Safe: `inbox` and `thread` are synchronised; all else is touched only by the thread inside `run`, or before it
    // starts.
    typealias Job = @Sendable () -> Void

    private struct Inbox: Sendable {
        var jobs: [Job] = []
        var isClosed = false
    }

    let base: OpaquePointer
    private let wakeUpDescriptor: Int32
    /// Behind a pthread lock, as everywhere in this target: the thread sanitizer can't see through `Mutex` on Linux.
    private let inbox = Locked(Inbox())
    /// `pthread_t` of the loop's thread while it runs, else 0.
    private let thread = Atomic<UInt>(0)
    private var wakeUpEvent: OpaquePointer?
    private var timerEvent: OpaquePointer?
    private var delayed = TimedHeap<ContinuousClock.Instant, Job>()

    init() throws(HTTPServerError) {
        let configuration = event_config_new()
        defer { event_config_free(configuration) }
        // evhttp switches reading and writing on and off around each reply; this joins the switches of one round, most
        // of which cancel out, into one system call. Allowed as no descriptor here is a duplicate of another.
        let flags = EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST.rawValue | EVENT_BASE_FLAG_NOLOCK.rawValue
        event_config_set_flag(configuration, Int32(flags))
        guard let base = event_base_new_with_config(configuration) else {
            throw .system(operation: "create the event loop", reason: String(cString: strerror(errno)))
        }
        self.base = base
        self.wakeUpDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard self.wakeUpDescriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            event_base_free(base)
            throw .system(operation: "create the wake-up descriptor", reason: reason)
        }
        let context = Unmanaged.passUnretained(self).toOpaque()
        self.wakeUpEvent = event_new(base, self.wakeUpDescriptor, Int16(EV_READ | EV_PERSIST), wokenUp, context)
        self.timerEvent = event_new(base, -1, 0, timerFired, context)
        event_add(self.wakeUpEvent, nil)
    }

    /// Whether the caller runs on the loop's thread.
    var isCurrent: Bool { self.thread.load(ordering: .relaxed) == pthread_self() }

    /// Runs `job` on the loop's thread: at once when called there, else soon, in the order given.
    ///
    /// Dropped when the loop has ended.
    func perform(_ job: @escaping Job) {
        if self.isCurrent { job() } else { self.performLater(job) }
    }

    /// Runs `job` on the loop's thread once `delay` is over.
    func schedule(after delay: Duration, _ job: @escaping Job) {
        let due = ContinuousClock.now + delay
        self.perform {
            self.delayed.insert(job, at: due)
            self.setTimer()
        }
    }

    /// Runs `job` on the loop's thread soon, never at once.
    func performLater(_ job: @escaping Job) {
        self.inbox.withLock { inbox in
            guard !inbox.isClosed else { return }
            inbox.jobs.append(job)
            // Inside the lock, so that the descriptor can't be closed, and reused by others, in between.
            if inbox.jobs.count == 1 { eventfd_write(self.wakeUpDescriptor, 1) }
        }
    }

    /// Serves events until `end`; called once, on the thread that owns the loop from now on.
    func run() {
        // A peer that is gone shows as EPIPE; the signal would end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        self.thread.store(pthread_self(), ordering: .relaxed)
        event_base_loop(self.base, EVLOOP_NO_EXIT_ON_EMPTY)
        self.thread.store(0, ordering: .relaxed)
    }

    /// Makes `run` return after the current event.
    func end() {
        event_base_loopbreak(self.base)
    }

    /// Frees what libevent holds; called once after `run` has returned, or when it never ran.
    func close() {
        let dropped = self.inbox.withLock { inbox in
            inbox.isClosed = true
            defer { inbox.jobs = [] }
            _ = Glibc.close(self.wakeUpDescriptor)
            return inbox.jobs
        }
        // Ended here, outside the lock: a job may hold a responder whose end asks for one more job.
        withExtendedLifetime(dropped) {}
        self.delayed = TimedHeap()
        event_free(self.wakeUpEvent)
        event_free(self.timerEvent)
        event_base_free(self.base)
    }

    fileprivate func runWaitingJobs() {
        var counter: eventfd_t = 0
        eventfd_read(self.wakeUpDescriptor, &counter)
        let jobs = self.inbox.withLock { inbox in
            defer { inbox.jobs = [] }
            return inbox.jobs
        }
        for job in jobs { job() }
    }

    fileprivate func runDueJobs() {
        // What these jobs add waits for the next round, even if it is due by then.
        let now = ContinuousClock.now
        var jobs: [Job] = []
        while let job = self.delayed.popDue(now: now) { jobs.append(job) }
        for job in jobs { job() }
        self.setTimer()
    }

    private func setTimer() {
        guard let due = self.delayed.nextTime else { return }
        var interval = timeval(max(.zero, due - .now))
        event_add(self.timerEvent, &interval)
    }
}

private func wokenUp(_: Int32, _: Int16, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().runWaitingJobs()
}

private func timerFired(_: Int32, _: Int16, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().runDueJobs()
}

extension timeval {
    /// The same time, rounded up to a microsecond, so that what is due then is not looked for too early.
    init(_ duration: Duration) {
        let microseconds = (duration + .nanoseconds(999)).wholeMicroseconds
        self.init(tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
    }
}
