// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// One request, whole: a handler is called after the last byte of the body.
///
/// Owns all it shows, so it may be kept for as long as it is needed.
package final class HTTPServerRequest: Sendable {
    /// The method.
    package let method: HTTPMethod
    /// Bytes of the request target as sent, query included.
    private let target: [UInt8]
    /// Part of `target` before the query.
    private let pathRange: Range<Int>
    /// Header fields.
    package let headers: HeaderFields
    /// Body bytes; empty when there is none.
    package let body: [UInt8]
    /// What the pattern matched.
    private let match: RouteMatch?
    /// IP address of the client, or of the proxy before it.
    package let remoteAddress: String
    /// TCP port of the client.
    package let remotePort: UInt16
    /// When the last byte had been read.
    package let receivedAt: ContinuousClock.Instant

    init(
        method: HTTPMethod,
        target: [UInt8],
        pathRange: Range<Int>,
        headers: HeaderFields,
        body: [UInt8],
        match: RouteMatch?,
        remote: (address: String, port: UInt16)
    ) {
        self.method = method
        self.target = target
        self.pathRange = pathRange
        self.headers = headers
        self.body = body
        self.match = match
        self.remoteAddress = remote.address
        self.remotePort = remote.port
        self.receivedAt = .now
    }

    /// The request target as sent: path and query, still percent-encoded.
    package var rawTarget: String { String(decoding: self.target, as: UTF8.self) }

    /// The path, percent-decoded; `/` where the target has none.
    package var path: String { PercentEncoding.decode(self.target[self.pathRange]) }

    /// The query as sent, without the question mark; empty when there is none.
    package var rawQuery: String { String(decoding: self.queryBytes, as: UTF8.self) }

    /// The query's items in the order sent, decoded; a key may repeat, a key without `=` has an empty value.
    package var queryItems: [(name: String, value: String)] {
        self.queryBytes.split(separator: UInt8(ascii: "&")).map { item in
            let equals = item.firstIndex(of: UInt8(ascii: "=")) ?? item.endIndex
            let value = item[min(equals + 1, item.endIndex)...]
            return (
                PercentEncoding.decode(item[..<equals], plusIsSpace: true),
                PercentEncoding.decode(value, plusIsSpace: true)
            )
        }
    }

    /// The decoded value of the first query item of that name.
    package func query(_ name: String) -> String? {
        self.queryBytes.isEmpty ? nil : self.queryItems.first { $0.name == name }?.value
    }

    /// The value of the first header field of that name, compared without regard to ASCII case.
    package func header(_ name: String) -> String? { self.headers[name] }

    /// The decoded value of a path parameter; `nil` when the pattern has none of that name.
    ///
    /// Decoded after the path was split, so it may contain a slash (`%2F`).
    package func parameter(_ name: String) -> String? {
        guard let match = self.match, let index = match.route.parameterNames.firstIndex(of: name) else { return nil }
        return PercentEncoding.decode(self.target[match.parameters[index]])
    }

    /// The pattern that matched, such as `/projects/{project_id}`; `nil` in the fallback handler.
    package var template: String? { self.match?.route.pattern }

    /// The name under which the route was added; `nil` where it has none.
    package var routeName: String? { self.match?.route.name }

    private var queryBytes: ArraySlice<UInt8> {
        let end = self.target[self.pathRange.upperBound...].firstIndex(of: UInt8(ascii: "#")) ?? self.target.endIndex
        guard self.pathRange.upperBound < end, self.target[self.pathRange.upperBound] == UInt8(ascii: "?") else {
            return []
        }
        return self.target[(self.pathRange.upperBound + 1)..<end]
    }
}
