// SPDX-License-Identifier: Apache-2.0

import CEvent

/// A request method that the server takes.
package enum HTTPMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"

    /// The method that libevent parsed; `nil` for one that `accepted` leaves out.
    init?(_ command: evhttp_cmd_type) {
        guard let method = Self.allCases.first(where: { $0.command == command }) else { return nil }
        self = method
    }

    /// The bit set for `evhttp_set_allowed_methods`; libevent answers the rest with 501.
    static var accepted: UInt16 {
        Self.allCases.reduce(0) { $0 | UInt16($1.command.rawValue) }
    }

    private var command: evhttp_cmd_type {
        switch self {
        case .get: EVHTTP_REQ_GET
        case .head: EVHTTP_REQ_HEAD
        case .post: EVHTTP_REQ_POST
        case .put: EVHTTP_REQ_PUT
        case .patch: EVHTTP_REQ_PATCH
        case .delete: EVHTTP_REQ_DELETE
        case .options: EVHTTP_REQ_OPTIONS
        }
    }
}
