// SPDX-License-Identifier: Apache-2.0

import CCurl
import Synchronization
import Threads

/// Sends requests over HTTP/1.1 on one thread of its own, over libcurl.
///
/// Connections are kept and shared by all requests. A redirect is a response and is not followed. To be closed by its
/// owner: a client that is merely dropped keeps its thread.
package final class HTTPClient: HTTPTransport {
    private let loop: TransferLoop
    private let thread: DedicatedThread

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

    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let call = Call(request)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.wait(with: continuation)
                self.loop.start(call)
            }
        } onCancel: {
            call.isCancelled.store(true, ordering: .releasing)
            self.loop.cancel(call)
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
