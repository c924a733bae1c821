// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Synchronization
import WorkbenchAPI

/// Notes when each request to the workbench was handed out.
final class RequestLog: PortTap {
    /// A request that was made.
    struct Sent: Sendable {
        var method: String
        /// The URL's path, without host and query.
        var path: String
        var began: ContinuousClock.Instant
    }

    private let requests = Mutex<[Sent]>([])

    /// All requests so far, in the order in which they began.
    var sent: [Sent] { self.requests.withLock { $0 } }

    func pass(_ order: WorkbenchOrder, to port: any WorkbenchPort) {
        if case .start(let planned) = order {
            let sent = planned.map { Sent(method: $0.method, path: $0.path, began: .now) }
            self.requests.withLock { $0 += sent }
        }
        port.perform(order)
    }
}

extension PlannedRequest {
    /// The request's method.
    var method: String { self.send.request.method }

    /// The URL's path, without host and query.
    var path: String {
        let parts = self.send.request.url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        let rest = parts.last.map(String.init) ?? ""
        let path = rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
        return path.firstIndex(of: "?").map { String(path[..<$0]) } ?? path
    }
}
