// SPDX-License-Identifier: Apache-2.0

import CEvent
import Glibc

/// Copies a request out of libevent's memory, which lives only until the reply is sent.
enum RequestReading {
    /// The request target as sent.
    static func target(of request: UnsafeMutablePointer<evhttp_request>) -> [UInt8] {
        guard let text = evhttp_request_get_uri(request) else { return [] }
        return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }

    /// Where the path lies in a target, which may also be a whole URL (`http://host/path`) or `*`.
    static func pathRange(in target: [UInt8]) -> Range<Int> {
        var start = 0
        if target.first != UInt8(ascii: "/") {
            let authority = self.authorityStart(in: target)
            start = target[authority...].firstIndex(of: UInt8(ascii: "/")) ?? target.endIndex
        }
        let rest = target[start...]
        return start..<(rest.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? target.endIndex)
    }

    private static func authorityStart(in target: [UInt8]) -> Int {
        guard let colon = target.firstIndex(of: UInt8(ascii: ":")), target[(colon + 1)...].starts(with: "//".utf8)
        else {
            return target.startIndex
        }
        return colon + 3
    }

    /// The request as handlers see it.
    static func request(
        _ request: UnsafeMutablePointer<evhttp_request>,
        method: HTTPMethod,
        target: [UInt8],
        path: Range<Int>,
        match: RouteMatch?
    ) -> HTTPServerRequest {
        var address: UnsafeMutablePointer<CChar>?
        var port: UInt16 = 0
        evhttp_connection_get_peer(evhttp_request_get_connection(request), &address, &port)
        return HTTPServerRequest(
            method: method,
            target: target,
            pathRange: path,
            headers: HeaderFields(copying: evhttp_request_get_input_headers(request)),
            body: self.body(of: request),
            match: match,
            remote: (address.map { String(cString: $0) } ?? "", port)
        )
    }

    private static func body(of request: UnsafeMutablePointer<evhttp_request>) -> [UInt8] {
        let buffer = evhttp_request_get_input_buffer(request)
        let count = evbuffer_get_length(buffer)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            initialized = max(0, Int(evbuffer_remove(buffer, bytes.baseAddress, count)))
        }
    }
}
