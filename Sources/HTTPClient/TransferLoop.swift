// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc
import Synchronization
import Threads

/// One libcurl multi handle and the thread that drives it.
///
/// libcurl says which sockets it waits for and when its next time-out is; this waits for them and says which are ready,
/// so that a turn costs what is ready and not what is under way. Other threads hand over commands in a list; the
/// thread is woken only when it sleeps, so under load many commands share one wake-up or need none.
final class TransferLoop: @unchecked Sendable {
    // Safe: `inbox` is synchronised, and `poller.wake` may be called from any thread; all else is touched only by the
    // thread inside `run`, which debug builds assert, and by `init` before there is one.
    private enum Command: Sendable {
        case start(Call)
        case cancel(Call)
    }

    private struct Inbox: Sendable {
        var commands: [Command] = []
        var isSleeping = false
        var isClosed = false
    }

    /// Longest sleep in milliseconds; what must happen earlier wakes the loop.
    private static let longestSleep: Int32 = 3_600_000

    private let settings: HTTPClientSettings
    private let multi: UnsafeMutableRawPointer
    private let poller = Poller()
    private let owner = ThreadOwner()
    /// Behind a pthread lock: the thread sanitizer can't see through `Mutex` on Linux.
    private let inbox = Condition(Inbox())
    private var active: [ObjectIdentifier: Transfer] = [:]
    private var spare: [Transfer] = []
    private var waiting = WaitingCalls()
    /// When libcurl wants to be called though no socket is ready.
    private var timer: ContinuousClock.Instant?

    /// libcurl's global state: set up once, by the first client, and kept to the end of the process.
    private static let globalState: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    init(settings: HTTPClientSettings) {
        precondition(Self.globalState == CURLE_OK, "libcurl can't be set up: out of memory")
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl gives no multi handle: out of memory") }
        self.settings = settings
        self.multi = multi
        let total = max(1, settings.maximumConnections)
        ccurl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total)
        ccurl_multi_set_long(
            multi,
            CURLMOPT_MAX_HOST_CONNECTIONS,
            min(total, max(1, settings.maximumConnectionsPerHost))
        )
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, total)
        ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_multi_set_socket_function(multi, socketWanted, context)
        ccurl_multi_set_timer_function(multi, timerWanted, context)
    }

    // MARK: From any thread

    func start(_ call: Call) {
        guard self.hand(.start(call)) else { return Self.failClosed(call, mayHaveBeenSent: false) }
    }

    func cancel(_ call: Call) {
        _ = self.hand(.cancel(call))
    }

    func close() {
        self.inbox.withLock { inbox in
            guard !inbox.isClosed else { return }
            inbox.isClosed = true
            self.wake(&inbox)
        }
    }

    /// Hands a command over; `false` when the loop is closed.
    private func hand(_ command: Command) -> Bool {
        self.inbox.withLock { inbox in
            guard !inbox.isClosed else { return false }
            inbox.commands.append(command)
            self.wake(&inbox)
            return true
        }
    }

    private func wake(_ inbox: inout Inbox) {
        guard inbox.isSleeping else { return }
        inbox.isSleeping = false
        self.poller.wake()
    }

    // MARK: On the loop's thread

    /// Serves until `close`, then fails what is left and frees all; called once.
    func run() {
        self.owner.takeOver()
        // A peer that is gone shows as an error code; the signal would end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        while let commands = self.takeCommands() {
            for command in commands { self.execute(command) }
            // Ended transfers make room, and a new one may end at once.
            repeat {
                self.runTimer()
                self.finishEnded()
            } while self.startWaiting()
            self.sleep()
        }
        self.shutDown()
    }

    /// Commands since the last call; `nil` when the loop is to end.
    private func takeCommands() -> [Command]? {
        self.inbox.withLock { inbox in
            inbox.isSleeping = false
            guard !inbox.isClosed else { return nil }
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }

    private func execute(_ command: Command) {
        switch command {
        case .start(let call):
            if call.isCancelled.load(ordering: .acquiring) {
                call.fail(.cancelled, mayHaveBeenSent: false, "cancelled before it was sent")
            } else {
                self.waiting.append(call)
            }
        case .cancel(let call):
            if let transfer = call.transfer {
                let mayHaveBeenSent = transfer.mayHaveBeenSent
                self.end(transfer)
                call.fail(.cancelled, mayHaveBeenSent: mayHaveBeenSent, "cancelled by the caller")
            } else {
                call.fail(.cancelled, mayHaveBeenSent: false, "cancelled before it was sent")
            }
        }
    }

    /// Starts calls for which there is a connection to be had, and fails those that waited too long for one.
    ///
    /// - Returns: Whether one was started; libcurl's timer is due then.
    private func startWaiting() -> Bool {
        guard !self.waiting.isEmpty else { return false }
        var hasStarted = false
        let now = ContinuousClock.now
        for call in self.waiting.takeExpired(at: now) {
            call.fail(.timeout, mayHaveBeenSent: false, "no free connection within \(call.request.timeout)")
        }
        while self.active.count < max(1, self.settings.maximumConnections), let call = self.waiting.popFirst() {
            let transfer = self.spare.popLast() ?? Transfer(settings: self.settings)
            if let failure = transfer.begin(call, now: now) {
                self.spare.append(transfer)
                call.finish(.failure(failure))
            } else {
                self.active[ObjectIdentifier(transfer)] = transfer
                curl_multi_add_handle(self.multi, transfer.easy)
                hasStarted = true
            }
        }
        return hasStarted
    }

    /// Lets libcurl do what it wanted to do by now, such as starting a transfer or ending one that took too long.
    private func runTimer() {
        guard let timer = self.timer, timer <= .now else { return }
        self.timer = nil
        self.act(on: CURL_SOCKET_TIMEOUT, 0)
    }

    private func act(on socket: curl_socket_t, _ bits: Int32) {
        var running: Int32 = 0
        let code = curl_multi_socket_action(self.multi, socket, bits, &running)
        precondition(code == CURLM_OK, "libcurl failed: \(String(cString: curl_multi_strerror(code)))")
    }

    private func finishEnded() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(self.multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let transfer = Transfer.of(message.pointee.easy_handle) else {
                continue
            }
            let code = ccurl_message_result(message)
            let (call, result) = (transfer.call, transfer.result(code))
            self.end(transfer)
            call?.finish(result)
        }
    }

    /// Takes the transfer out of libcurl, which ends it if it is under way.
    private func end(_ transfer: Transfer) {
        curl_multi_remove_handle(self.multi, transfer.easy)
        self.active[ObjectIdentifier(transfer)] = nil
        transfer.end()
        self.spare.append(transfer)
    }

    private func sleep() {
        let maySleep = self.inbox.withLock { inbox in
            inbox.isSleeping = inbox.commands.isEmpty && !inbox.isClosed
            return inbox.isSleeping
        }
        self.poller.wait(milliseconds: maySleep ? self.longestWait : 0) { self.act(on: $0, $1) }
    }

    /// Milliseconds until something is to be done though nothing happens.
    private var longestWait: Int32 {
        let times = (self.timer, self.waiting.nextDeadline)
        guard let next = times.0.map({ min($0, times.1 ?? $0) }) ?? times.1 else { return Self.longestSleep }
        return Int32(min(Int(Self.longestSleep), max(.zero, next - .now).wholeMilliseconds))
    }

    // MARK: Called by libcurl

    fileprivate func wants(_ socket: curl_socket_t, for what: Int32) {
        assert(self.owner.isCurrent, "libcurl is used by another thread")
        self.poller.watch(socket, for: what)
    }

    fileprivate func wantsTimer(milliseconds: Int) {
        self.timer = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
    }

    private func shutDown() {
        for transfer in Array(self.active.values) {
            let (call, mayHaveBeenSent) = (transfer.call, transfer.mayHaveBeenSent)
            self.end(transfer)
            if let call { Self.failClosed(call, mayHaveBeenSent: mayHaveBeenSent) }
        }
        while let call = self.waiting.popFirst() { Self.failClosed(call, mayHaveBeenSent: false) }
        let commands = self.inbox.withLock { inbox in
            defer { inbox.commands = [] }
            return inbox.commands
        }
        for case .start(let call) in commands { Self.failClosed(call, mayHaveBeenSent: false) }
        for transfer in self.spare { transfer.free() }
        self.spare = []
        // No command is taken any more, so nobody wakes the handle that is freed here.
        curl_multi_cleanup(self.multi)
    }

    private static func failClosed(_ call: Call, mayHaveBeenSent: Bool) {
        call.fail(.closed, mayHaveBeenSent: mayHaveBeenSent, "the client was closed")
    }
}

private func loop(_ context: UnsafeMutableRawPointer?) -> TransferLoop? {
    context.map { Unmanaged<TransferLoop>.fromOpaque($0).takeUnretainedValue() }
}

private func socketWanted(
    _: UnsafeMutableRawPointer?,
    _ socket: curl_socket_t,
    _ what: Int32,
    _ context: UnsafeMutableRawPointer?,
    _: UnsafeMutableRawPointer?
) -> Int32 {
    loop(context)?.wants(socket, for: what)
    return 0
}

private func timerWanted(
    _: UnsafeMutableRawPointer?,
    _ milliseconds: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    loop(context)?.wantsTimer(milliseconds: milliseconds)
    return 0
}

extension Duration {
    /// Whole milliseconds, rounded up; never negative.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = self.components
        return max(0, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
