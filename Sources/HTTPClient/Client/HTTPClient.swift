// SPDX-License-Identifier: Apache-2.0

import CCurl
package import HTTPValues
import Synchronization
import Threads

/// Sends requests over HTTP/1.1 on one thread of its own, over libcurl.
///
/// Connections are kept and shared by all requests. A redirect is a response and is not followed. To be closed by its
/// owner: a client that is merely dropped keeps its thread.
package final class HTTPClient: HTTPTransport {
    private let loop: TransferLoop
    private let thread: DedicatedThread
    private let sends = SingleSends()

    /// Version of the linked libcurl with that of its TLS library, such as "7.88.1 (OpenSSL/3.0.15)".
    package static var libraryVersion: String {
        let words = String(cString: curl_version()).split(separator: " ")
        let version = words.first?.split(separator: "/").last ?? "?"
        return words.count > 1 ? "\(version) (\(words[1]))" : String(version)
    }

    /// Starts the thread; nothing is connected yet.
    package init(settings: HTTPClientSettings = HTTPClientSettings()) {
        let loop = TransferLoop(settings: settings)
        self.loop = loop
        self.thread = DedicatedThread(name: "http-out") { loop.run() }
    }

    /// Starts requests; all of them together cost one lock and at most one wake-up of the client's thread.
    ///
    /// Callable from any thread. Connections are given out in order; requests without one wait, and their time-outs
    /// run meanwhile. `receiver` gets each end exactly once, on the client's thread, in one call with everything else
    /// that ended in the same turn of its loop; after `close`, on the calling thread before this returns. The client
    /// keeps the receiver until then.
    package func start(_ requests: [HTTPStart], to receiver: any HTTPReceiver) {
        guard !requests.isEmpty else { return }
        let now = ContinuousClock.now
        self.loop.start(requests.map { Call($0, to: receiver, now: now) })
    }

    /// Withdraws requests of a receiver that have not been handed to a connection yet: they end with kind `notStarted`.
    ///
    /// Callable from any thread. Requests that have been handed over continue, and unknown tokens are ignored. Only its
    /// end says which of the two happened to a request.
    package func cancelUnstarted(_ tokens: [UInt64], of receiver: any HTTPReceiver) {
        guard !tokens.isEmpty else { return }
        self.loop.cancel(Cancellation(tokens: tokens, receiver: receiver, scope: .unstarted))
    }

    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        guard !Task.isCancelled else { throw .cancelledUnsent }
        let token = self.sends.newToken()
        let cancellation = Cancellation(tokens: [token], receiver: self.sends, scope: .all)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                self.sends.add(waiter, for: token)
                self.start([HTTPStart(token: token, request: request)], to: self.sends)
                // A cancellation that came before the start found nothing to cancel.
                if Task.isCancelled { self.loop.cancel(cancellation) }
            }
        } onCancel: {
            self.loop.cancel(cancellation)
        }
        return try result.get()
    }

    /// Fails what is under way with kind `closed`, closes all connections and ends the thread.
    ///
    /// Later requests fail with `closed` too. A second call waits for the end too. Not cut short by cancellation.
    package func close() async {
        self.loop.close()
        await self.thread.join()
    }
}
