// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Testing

@testable import HTTPServer

/// Which pattern wins, with which parameters.
struct RouterTests {
    private static let patterns: [(HTTPMethod, String)] = [
        (.get, "/"), (.get, "/runs"), (.get, "/runs/search"), (.get, "/runs/{id}"), (.delete, "/runs/{id}"),
        (.post, "/runs/{id}:logbatch"), (.post, "/runs/{id}:restore"), (.post, "/runtimes:validate"),
        (.post, "/runs/{id}/tags/{tag}"), (.get, "/runs/search/{depth}/x"), (.get, "/runs/{id}/{part}/y"),
        (.get, "/a b/{id}"),
    ]

    private func router() -> Router {
        var router = Router()
        for (method, pattern) in Self.patterns { router.add(method, pattern) { _, _ in } }
        return router
    }

    /// `pattern p1 p2`, `405 methods` or `404`.
    private func decision(_ method: HTTPMethod, _ target: String) -> String {
        let bytes = Array(target.utf8)
        let path = RequestReading.pathRange(in: bytes)
        switch self.router().decide(method, target: bytes, path: path) {
        case .route(let match):
            let values = match.parameters.map { PercentEncoding.decode(bytes[$0]) }
            return ([match.route.pattern] + values).joined(separator: " ")
        case .methodNotAllowed(let allowed): return "405 " + allowed.map(\.rawValue).joined(separator: " ")
        case .fallback: return "404"
        }
    }

    @Test(arguments: [
        ("/", "/"), ("/runs", "/runs"), ("/runs?x=/y", "/runs"), ("/runs#x", "/runs"), ("/runs/", "404"),
        ("/runs/1", "/runs/{id} 1"), ("/runs/1%2F2", "/runs/{id} 1/2"), ("/runs/%C3%BC", "/runs/{id} ü"),
        ("/runs/%zz%4", "/runs/{id} %zz%4"), ("/runs/%ff", "/runs/{id} \u{FFFD}"),
        ("/runs/search", "/runs/search"), ("/runs/se%61rch", "/runs/search"), ("/r%75ns", "/runs"),
        ("/runs/search/1/x", "/runs/search/{depth}/x 1"), ("/runs/search/1/y", "/runs/{id}/{part}/y search 1"),
        ("/runs/1/2/y", "/runs/{id}/{part}/y 1 2"), ("/runs/1/2/z", "404"), ("/runs//2/y", "404"),
        ("//runs", "404"), ("", "/"), ("?x", "/"), ("*", "/"), ("/runs/1/2/y/z", "404"), ("/a%20b/1", "/a b/{id} 1"),
        ("/runs/1:other", "/runs/{id} 1:other"), ("http://host/runs/1?x", "/runs/{id} 1"), ("http://host", "/"),
        ("/../runs", "404"), ("/RUNS", "404"),
    ])
    func pathIsMatchedSegmentBySegment(target: String, expected: String) {
        #expect(self.decision(.get, target) == expected)
    }

    @Test(arguments: [
        ("/runs/1:logbatch", "/runs/{id}:logbatch 1"), ("/runs/a:b:logbatch", "/runs/{id}:logbatch a:b"),
        ("/runs/1:restore", "/runs/{id}:restore 1"), ("/runs/1:%72estore", "/runs/{id}:restore 1"),
        ("/runs/1%3Alogbatch", "405 GET HEAD DELETE"), ("/runs/:logbatch", "405 GET HEAD DELETE"),
        ("/runtimes:validate", "/runtimes:validate"), ("/runtimes%3Avalidate", "/runtimes:validate"),
        ("/runs/1/tags/2", "/runs/{id}/tags/{tag} 1 2"), ("/runs/1", "405 GET HEAD DELETE"),
        ("/runs/search", "405 GET HEAD DELETE"), ("/runs", "405 GET HEAD"), ("/none", "404"),
    ])
    func verbsBelongToTheirMethod(target: String, expected: String) {
        #expect(self.decision(.post, target) == expected)
    }

    @Test func anotherPatternIsTriedWhereTheWinnerLacksTheMethod() {
        #expect(self.decision(.delete, "/runs/search") == "/runs/{id} search")
        #expect(self.decision(.head, "/runs/search") == "/runs/search")
        #expect(self.decision(.get, "/runs/1:logbatch") == "/runs/{id} 1:logbatch")
    }
}
