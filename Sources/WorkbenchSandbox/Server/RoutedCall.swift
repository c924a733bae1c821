// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import JSON
import Values

/// A request to API v2, taken apart: operation, identifiers, and a body whose types fit.
struct RoutedCall {
    let call: WorkbenchCall

    init(
        _ request: SandboxRequest,
        rendering: Rendering = Rendering(),
        view: ReadView = ReadView(),
        refusesUnknownFields: Bool = false,
        now: Timestamp
    ) throws(APIFailure) {
        let (route, path) = try RoutedCall.route(request)
        guard let query = Query(request.query) else { throw .invalid("the query is not valid percent-encoded UTF-8") }
        self.call = WorkbenchCall(
            operation: route.operation,
            path: path,
            query: query,
            fields: try RoutedCall.fields(request.body, of: route.operation, refusesUnknownFields),
            now: now,
            rendering: rendering,
            view: view
        )
    }

    /// The methods of a path, as the header field `Allow` lists them.
    static func allowedMethods(_ request: SandboxRequest) -> String {
        guard let segments = segments(of: request.path),
            case .wrongMethod(let allowed) = Route.table.match(method: request.method, path: segments)
        else { return "" }
        return allowed.joined(separator: ", ")
    }

    private static func route(_ request: SandboxRequest) throws(APIFailure) -> (Route, PathIdentifiers) {
        guard let segments = segments(of: request.path) else {
            throw .invalid("the path is not valid percent-encoded UTF-8")
        }
        switch Route.table.match(method: request.method, path: segments) {
        case .found(let route, let identifiers): return (route, identifiers)
        case .wrongMethod: throw APIFailure(.unimplemented, "Method Not Allowed", status: 405)
        case .unknown: throw Sandbox.unknownPath
        }
    }

    /// The segments below the API's root; `nil` if one can't be decoded.
    private static func segments(of path: String) -> [Substring]? {
        let below = path.utf8.dropFirst(Sandbox.apiPrefix.utf8.count)
        let parts = below.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard below.contains(UInt8(ascii: "%")) else { return parts.map { Substring($0) } }
        var segments: [Substring] = []
        for part in parts {
            guard let text = PercentEncoding.decodeStrictly(part) else { return nil }
            segments.append(text[...])
        }
        return segments
    }

    /// Reads the body; an empty one counts as an empty object, as grpc-gateway has it.
    private static func fields(
        _ body: [UInt8],
        of operation: Operation,
        _ refusesUnknown: Bool
    ) throws(APIFailure) -> Fields {
        guard let type = operation.requestType, !body.isEmpty else { return .empty }
        let value: JSONValue
        do {
            value = try JSONValue(lenientlyParsing: body)
        } catch {
            throw .invalid("the body is not JSON: \(error)")
        }
        try type.check(value, refusingUnknown: refusesUnknown)
        return Fields(value: value)
    }
}
