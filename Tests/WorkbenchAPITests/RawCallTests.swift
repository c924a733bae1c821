// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import TestSupport
import Testing

@testable import WorkbenchAPI

@Suite("Raw calls", .timeLimit(.minutes(1)))
struct RawCallTests {
    @Test(arguments: [
        ("/projects/p/jobs", "/projects/p/jobs"), ("/api/v2/usage", "/usage"),
        ("/runtimes:validate", "/runtimes:validate"),
        ("/projects/p/files/a%2Fb.py", "/projects/p/files/a%2Fb.py"),
        ("/projects/p/files/ä b", "/projects/p/files/%C3%A4%20b"),
    ])
    func aPathIsSentAsWritten(path: String, sent: String) async throws {
        let bench = try Bench(
            .answer(HTTPResponse(status: 200, headers: [("Content-Type", "text/x")], body: [0, 255]))
        )
        let response = try await bench.client.raw("PATCH", path, query: [("a b", "c&d")], body: Array("{}".utf8))
        #expect(bench.path == "/api/v2\(sent)?a%20b=c%26d")
        #expect(response == RawResponse(status: 200, contentType: "text/x", body: [0, 255]))
        #expect(bench.body == "{}")
        #expect(bench.records.map(\.operation.id) == ["Raw"])
    }

    @Test(arguments: [
        ("GET", "projects"), ("GET", "/a/../b"), ("GET", "/a?b=c"), ("GET", "/a#b"), ("TRACE", "/a"), ("get", "/a"),
        ("GET\r\n", "/a"),
    ])
    func whatCannotBeMeantIsNotSent(method: String, path: String) async throws {
        let bench = try Bench(.hang)
        let error = await failure(of: { () throws(APIError) in try await bench.client.raw(method, path) })
        #expect(error?.kind == .invalid)
        #expect(bench.transport.requests.isEmpty)
    }

    @Test func aFailureIsAnAPIError() async throws {
        let bench = try Bench(.json(#"{"message":"no such job","code":5}"#, status: 404))
        let error = await failure(of: { () throws(APIError) in try await bench.client.raw("GET", "/jobs/1") })
        #expect(error?.description == "Raw (GET /jobs/1): HTTP 404, notFound: no such job")
    }
}
