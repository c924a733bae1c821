// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// One place in the tree of all patterns.
///
/// Children are few, so they are scanned: comparing lengths and bytes beats hashing a string that would have to be
/// made first.
struct RouteNode: Sendable {
    struct Child: Sendable {
        let bytes: [UInt8]
        var node: RouteNode
    }

    private(set) var literals: [Child] = []
    private(set) var verbs: [Child] = []
    /// At most one; a list because a value can't contain itself.
    private(set) var parameter: [RouteNode] = []
    private(set) var routes: [Route] = []

    mutating func insert(_ route: Route, _ segments: ArraySlice<RoutePattern.Segment>) {
        guard let segment = segments.first else {
            precondition(
                !self.routes.contains { $0.method == route.method },
                "route \(route.method.rawValue) \(route.pattern) was added twice"
            )
            self.routes.append(route)
            return
        }
        switch segment {
        case .literal(let bytes): Self.insert(route, segments.dropFirst(), bytes, into: &self.literals)
        case .parameterWithVerb(let bytes): Self.insert(route, segments.dropFirst(), bytes, into: &self.verbs)
        case .parameter:
            if self.parameter.isEmpty { self.parameter.append(RouteNode()) }
            self.parameter[0].insert(route, segments.dropFirst())
        }
    }

    private static func insert(
        _ route: Route,
        _ rest: ArraySlice<RoutePattern.Segment>,
        _ bytes: [UInt8],
        into children: inout [Child]
    ) {
        let index = children.firstIndex { $0.bytes == bytes } ?? children.endIndex
        if index == children.endIndex { children.append(Child(bytes: bytes, node: RouteNode())) }
        children[index].node.insert(route, rest)
    }
}

/// One walk through the tree, with what it found on the way.
struct RouteSearch {
    let target: [UInt8]
    let method: HTTPMethod
    private(set) var parameters: [Range<Int>] = []
    /// Methods of the patterns that matched the path but not the method.
    private(set) var otherMethods: Set<HTTPMethod> = []

    init(target: [UInt8], method: HTTPMethod) {
        self.target = target
        self.method = method
    }

    mutating func find(_ node: RouteNode, _ segments: ArraySlice<Range<Int>>) -> Route? {
        guard let segment = segments.first else { return self.pick(node.routes) }
        let rest = segments.dropFirst()
        for child in node.literals where self.isEqual(segment, child.bytes) {
            if let route = self.find(child.node, rest) { return route }
        }
        guard !segment.isEmpty else { return nil }
        if !node.verbs.isEmpty, let colon = self.target[segment].lastIndex(of: UInt8(ascii: ":")),
            colon > segment.lowerBound
        {
            for child in node.verbs where self.isEqual((colon + 1)..<segment.upperBound, child.bytes) {
                if let route = self.find(child.node, rest, parameter: segment.lowerBound..<colon) { return route }
            }
        }
        guard let next = node.parameter.first else { return nil }
        return self.find(next, rest, parameter: segment)
    }

    private mutating func find(
        _ node: RouteNode,
        _ rest: ArraySlice<Range<Int>>,
        parameter: Range<Int>
    ) -> Route? {
        self.parameters.append(parameter)
        if let route = self.find(node, rest) { return route }
        self.parameters.removeLast()
        return nil
    }

    private mutating func pick(_ routes: [Route]) -> Route? {
        if let route = routes.first(where: { $0.method == self.method }) { return route }
        if self.method == .head, let route = routes.first(where: { $0.method == .get }) { return route }
        for route in routes {
            self.otherMethods.insert(route.method)
            if route.method == .get { self.otherMethods.insert(.head) }
        }
        return nil
    }

    private func isEqual(_ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
        let raw = self.target[range]
        guard raw.contains(UInt8(ascii: "%")) else { return raw.elementsEqual(bytes) }
        return PercentEncoding.decodedBytes(raw) == bytes
    }
}
