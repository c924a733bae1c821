// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc
import Synchronization
import Threads

/// One libcurl multi handle and the thread that drives it.
///
/// Other threads hand over commands in a list; libcurl is woken only when its thread sleeps, so under load many
/// commands share one wake-up or need none.
final class TransferLoop: @unchecked Sendable {
    // Safe: `inbox` is synchronised, `curl_multi_wakeup` may be called from any thread while the multi handle exists
    // (the inbox's lock sees to that); all else is touched only by the thread inside `run`.
    private enum Command: Sendable {
        case start(Call)
        case cancel(Call)
    }

    private struct Inbox: Sendable {
        var commands: [Command] = []
        var isSleeping = false
        var isClosed = false
    }

    /// Longest sleep; what must happen earlier wakes the loop.
    private static let longestSleep = Duration.seconds(3600)

    private let settings: HTTPClientSettings
    private let multi: UnsafeMutableRawPointer
    /// Behind a pthread lock: the thread sanitizer can't see through `Mutex` on Linux.
    private let inbox = Condition(Inbox())
    private var active: [ObjectIdentifier: Transfer] = [:]
    private var spare: [Transfer] = []
    private var waiting = WaitingCalls()

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
        curl_multi_wakeup(self.multi)
    }

    // MARK: On the loop's thread

    /// Serves until `close`, then fails what is left and frees all; called once.
    func run() {
        // A peer that is gone shows as an error code; the signal would end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        while let commands = self.takeCommands() {
            for command in commands { self.execute(command) }
            self.startWaiting()
            var running: Int32 = 0
            curl_multi_perform(self.multi, &running)
            self.finishEnded()
            // Ended transfers have made room.
            self.startWaiting()
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
    private func startWaiting() {
        guard !self.waiting.isEmpty else { return }
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
            }
        }
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
        guard maySleep else { return }
        var longest = Self.longestSleep
        if let deadline = self.waiting.nextDeadline { longest = min(longest, max(.zero, deadline - .now)) }
        curl_multi_poll(self.multi, nil, 0, Int32(longest.wholeMilliseconds), nil)
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

extension Duration {
    /// Whole milliseconds, rounded up; never negative.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = self.components
        return max(0, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
