// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc
import HTTPValues
import Synchronization
import Threads
import Values

/// One libcurl multi handle and the thread that drives it.
///
/// libcurl says which sockets it waits for and when its next time-out is due; the loop waits for both, so a turn costs
/// as much as is ready, not as is under way. Other threads hand over calls in a list; the thread is woken only when it
/// sleeps, so under load many calls share one wake-up or need none.
final class TransferLoop: @unchecked Sendable {
    // Safe: `inbox` is synchronised, and `poller.wake` may be called from any thread; all else is touched only by the
    // thread inside `run`, which debug builds assert, and by `init` before there is one.
    private struct Inbox: Sendable {
        var calls: [Call] = []
        var cancellations: [Cancellation] = []
        var isSleeping = false
        var isClosed = false
    }

    /// Longest sleep in milliseconds; what must happen earlier wakes the loop.
    private static let longestSleep: Int32 = 3_600_000

    private let settings: HTTPClientSettings
    private let maximumConnections: Int
    private let multi: UnsafeMutableRawPointer
    private let poller = Poller()
    private let owner = ThreadOwner()
    /// Behind a pthread lock: the thread sanitizer can't see through `Mutex` on Linux.
    private let inbox = Locked(Inbox())
    /// All that were ever needed at once, those without a call included.
    private var transfers: [Transfer] = []
    /// Those without a call.
    private var spare: [Transfer] = []
    private let fieldLists = FieldLists()
    private var waiting = WaitingCalls()
    private var ended = EndedCalls()
    /// When libcurl wants to be called though no socket is ready.
    private var timer: ContinuousClock.Instant?

    /// libcurl's global state: set up once, by the first client, and kept to the end of the process.
    private static let globalState: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    init(settings: HTTPClientSettings) {
        precondition(Self.globalState == CURLE_OK, "libcurl can't be set up: out of memory")
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl gives no multi handle: out of memory") }
        let total = max(1, settings.maximumConnections)
        self.settings = settings
        self.maximumConnections = total
        self.multi = multi
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

    /// Takes calls; if the loop is closed they end at once, on this thread.
    func start(_ calls: [Call]) {
        if self.hand({ $0.calls += calls }) { return }
        var ended = EndedCalls()
        for call in calls { ended.add(call, .failure(.closed(mayHaveBeenSent: false))) }
        ended.deliver()
    }

    func cancel(_ cancellation: Cancellation) {
        // A closed loop has ended all its calls or is about to.
        _ = self.hand { $0.cancellations.append(cancellation) }
    }

    func close() {
        _ = self.hand { $0.isClosed = true }
    }

    /// Hands something over; `false` if the loop is closed.
    private func hand(_ change: (inout Inbox) -> Void) -> Bool {
        self.inbox.withLock { inbox in
            guard !inbox.isClosed else { return false }
            change(&inbox)
            if inbox.isSleeping { self.poller.wake() }
            inbox.isSleeping = false
            return true
        }
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
        while let (calls, cancellations) = self.takeOrders() {
            // A transfer that has ended by itself is not cancelled.
            self.finishEnded()
            self.waiting.append(calls)
            self.cancel(cancellations)
            // Ended transfers make room, and a new one may end at once.
            while self.startWaiting() {
                self.runTimer()
                self.finishEnded()
            }
            self.ended.deliver()
            self.sleep()
        }
        self.shutDown()
    }

    /// What was handed over since the last call; `nil` if the loop is to end.
    private func takeOrders() -> ([Call], [Cancellation])? {
        self.inbox.withLock { inbox in
            inbox.isSleeping = false
            guard !inbox.isClosed else { return nil }
            defer { (inbox.calls, inbox.cancellations) = ([], []) }
            return (inbox.calls, inbox.cancellations)
        }
    }

    private func cancel(_ cancellations: [Cancellation]) {
        guard !cancellations.isEmpty else { return }
        let scopes = Cancellation.scopes(cancellations)
        for (call, failure) in self.waiting.take({ scopes[$0.name].map(Cancellation.failureOfWaiting) }) {
            self.ended.add(call, .failure(failure))
        }
        for transfer in self.transfers {
            guard let call = transfer.call, let scope = scopes[call.name],
                let failure = Cancellation.failure(of: transfer, scope)
            else { continue }
            self.end(transfer, .failure(failure))
        }
    }

    /// Starts calls for which there is a connection to be had, and fails those that waited too long for one.
    ///
    /// - Returns: Whether one was started; libcurl's timer is due then.
    private func startWaiting() -> Bool {
        guard !self.waiting.isEmpty else { return false }
        var hasStarted = false
        let now = ContinuousClock.now
        for (call, failure) in self.waiting.takeLapsed(at: now) { self.ended.add(call, .failure(failure)) }
        while self.transfers.count - self.spare.count < self.maximumConnections, let call = self.waiting.popFirst() {
            let transfer = self.spareTransfer()
            if let failure = transfer.begin(call, now: now) ?? self.add(transfer) {
                self.spare.append(transfer)
                transfer.end()
                self.ended.add(call, .failure(failure))
            } else {
                hasStarted = true
            }
        }
        return hasStarted
    }

    private func spareTransfer() -> Transfer {
        if let transfer = self.spare.popLast() { return transfer }
        let transfer = Transfer(settings: self.settings, fieldLists: self.fieldLists)
        self.transfers.append(transfer)
        return transfer
    }

    /// Gives a transfer to libcurl; returns libcurl's objection, if any.
    private func add(_ transfer: Transfer) -> HTTPFailure? {
        let code = curl_multi_add_handle(self.multi, transfer.easy)
        guard code != CURLM_OK else { return nil }
        let message = "libcurl refuses the request: \(String(cString: curl_multi_strerror(code)))"
        return HTTPFailure(kind: .connect, mayHaveBeenSent: false, message: message)
    }

    private func finishEnded() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(self.multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let transfer = Transfer.of(message.pointee.easy_handle) else {
                continue
            }
            self.end(transfer, transfer.result(ccurl_message_result(message)))
        }
    }

    /// Takes the transfer out of libcurl, which ends it if it is under way.
    private func end(_ transfer: Transfer, _ result: Result<HTTPResponse, HTTPFailure>) {
        curl_multi_remove_handle(self.multi, transfer.easy)
        if let call = transfer.call { self.ended.add(call, startedAt: transfer.startedAt, result) }
        transfer.end()
        self.spare.append(transfer)
    }

    // MARK: Time and sockets

    /// Lets libcurl do what is due, such as starting a transfer or ending one that took too long.
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

    /// Waits until there is something to do, and lets libcurl do it.
    private func sleep() {
        let maySleep = self.inbox.withLock { inbox in
            inbox.isSleeping = inbox.calls.isEmpty && inbox.cancellations.isEmpty && !inbox.isClosed
            return inbox.isSleeping
        }
        self.poller.wait(milliseconds: maySleep ? self.longestWait : 0) { self.act(on: $0, $1) }
        self.runTimer()
    }

    /// Milliseconds until something is due even if nothing happens.
    private var longestWait: Int32 {
        let times = (self.timer, self.waiting.nextLapse)
        guard let next = times.0.map({ min($0, times.1 ?? $0) }) ?? times.1 else { return Self.longestSleep }
        let wait = max(.zero, next - ContinuousClock.now).waitMilliseconds
        return Int32(min(Int(Self.longestSleep), wait))
    }

    // MARK: The end

    private func shutDown() {
        self.finishEnded()
        for transfer in self.transfers where transfer.call != nil {
            self.end(transfer, .failure(.closed(mayHaveBeenSent: transfer.mayHaveBeenSent)))
        }
        let handed = self.inbox.withLock { inbox in
            defer { (inbox.calls, inbox.cancellations) = ([], []) }
            return inbox.calls
        }
        self.waiting.append(handed)
        while let call = self.waiting.popFirst() { self.ended.add(call, .failure(.closed(mayHaveBeenSent: false))) }
        for transfer in self.transfers { transfer.free() }
        (self.transfers, self.spare) = ([], [])
        // Nothing is handed over any more, so no transfer is added to the handle that is freed here.
        curl_multi_cleanup(self.multi)
        self.ended.deliver()
    }

    // MARK: Called by libcurl

    fileprivate func wants(_ socket: curl_socket_t, for what: Int32) {
        assert(self.owner.isCurrent, "libcurl is used by another thread")
        self.poller.watch(socket, for: what)
    }

    fileprivate func wantsTimer(milliseconds: Int) {
        assert(self.owner.isCurrent, "libcurl is used by another thread")
        self.timer = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
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
