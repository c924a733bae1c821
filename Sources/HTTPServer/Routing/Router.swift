// SPDX-License-Identifier: Apache-2.0

/// Answers one request, now or later.
///
/// Called on the server's only thread, so it must not block; it may hand the responder to a task.
package typealias RequestHandler = @Sendable (HTTPServerRequest, Responder) -> Void

/// One method of one pattern.
final class Route: Sendable {
    let method: HTTPMethod
    let pattern: String
    let name: String?
    let parameterNames: [String]
    let handler: RequestHandler

    init(method: HTTPMethod, pattern: RoutePattern, name: String?, handler: @escaping RequestHandler) {
        self.method = method
        self.pattern = pattern.text
        self.name = name
        self.parameterNames = pattern.parameterNames
        self.handler = handler
    }
}

/// A route and where its parameters lie in the request target, still percent-encoded.
struct RouteMatch: Sendable {
    let route: Route
    let parameters: [Range<Int>]
}

/// Finds the handler of a request by method and path.
///
/// A pattern is a path whose segments are literals (`models`, `runtimes:validate`) or parameters (`{model_id}`,
/// `{run_id}:logbatch`). A literal wins over a parameter with a verb, and that over a bare parameter; where the
/// winner lacks the method the others are tried. Paths are compared segment by segment, percent-decoded; a trailing
/// slash makes another path. `HEAD` falls back to `GET`.
package struct Router: Sendable {
    private var root = RouteNode()
    private var fallbackHandler: RequestHandler = { _, responder in
        responder.reply(status: 404, text: "no such path\n")
    }

    /// Creates a router without routes; every path gets 404.
    package init() {}

    /// Adds a route.
    ///
    /// A wrong pattern, or the same method and pattern twice, is a programming error and traps.
    ///
    /// - Parameters:
    ///   - method: The method that it answers.
    ///   - pattern: Such as `/projects/{project_id}/runs/{run_id}:logbatch`.
    ///   - name: Shown to the handler as `routeName`.
    ///   - handler: Called on the server's thread.
    package mutating func add(
        _ method: HTTPMethod,
        _ pattern: String,
        name: String? = nil,
        handler: @escaping RequestHandler
    ) {
        let parsed = RoutePattern(pattern)
        self.root.insert(Route(method: method, pattern: parsed, name: name, handler: handler), parsed.segments[...])
    }

    /// Sets the handler of paths that no pattern matches; by default 404 as plain text.
    package mutating func setFallback(_ handler: @escaping RequestHandler) {
        self.fallbackHandler = handler
    }

    /// What is to be done with a request.
    enum Decision {
        case route(RouteMatch)
        case methodNotAllowed(allowed: [HTTPMethod])
        case fallback(RequestHandler)
    }

    /// Decides about a path, given as raw bytes of the request target.
    func decide(_ method: HTTPMethod, target: [UInt8], path: Range<Int>) -> Decision {
        var search = RouteSearch(target: target, method: method)
        let segments = Self.segments(target, path)
        if let route = search.find(self.root, segments[...]) {
            return .route(RouteMatch(route: route, parameters: search.parameters))
        }
        guard !search.otherMethods.isEmpty else { return .fallback(self.fallbackHandler) }
        return .methodNotAllowed(allowed: HTTPMethod.allCases.filter(search.otherMethods.contains))
    }

    private static func segments(_ target: [UInt8], _ path: Range<Int>) -> [Range<Int>] {
        var segments: [Range<Int>] = []
        segments.reserveCapacity(12)
        // The path starts with a slash.
        var start = min(path.lowerBound + 1, path.upperBound)
        for index in start..<path.upperBound where target[index] == UInt8(ascii: "/") {
            segments.append(start..<index)
            start = index + 1
        }
        segments.append(start..<path.upperBound)
        return segments
    }
}
