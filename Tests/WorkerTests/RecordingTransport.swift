// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Synchronization
import WorkbenchAPI

/// A transport that notes when each request began, and makes it.
final class RecordingTransport: HTTPTransport {
    /// A request that was made.
    struct Sent: Sendable {
        var method: String
        /// The URL's path, without host and query.
        var path: String
        var began: ContinuousClock.Instant
    }

    private let transport: any HTTPTransport
    private let requests = Mutex<[Sent]>([])

    init(_ transport: any HTTPTransport) { self.transport = transport }

    /// All requests so far, in the order in which they began.
    var sent: [Sent] { self.requests.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let parts = request.url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        let rest = parts.last.map(String.init) ?? ""
        let path = rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
        let sent = Sent(
            method: request.method,
            path: path.firstIndex(of: "?").map { String(path[..<$0]) } ?? path,
            began: .now
        )
        self.requests.withLock { $0.append(sent) }
        return try await self.transport.send(request)
    }
}

extension WorkerFixture {
    /// The same bed, whose workers call the workbench through a recorder.
    func through(_ recorder: RecordingTransport) throws -> WorkerFixture {
        var bed = self
        bed.client = WorkbenchClient(
            transport: recorder,
            dialect: Dialect(
                baseURL: try ServiceURL(self.workbench),
                modelServiceURL: try ServiceURL("\(self.workbench)/modelservice")
            ),
            credentials: self.credentials
        )
        return bed
    }
}
