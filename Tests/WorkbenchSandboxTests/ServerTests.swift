// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPClient
import HTTPServer
import HTTPValues
import JSON
import Testing

@testable import WorkbenchSandbox

@Suite("The sandbox on a socket", .timeLimit(.minutes(1)))
struct ServerTests {
    private func withServer(
        clock: LifeCycleClock = .instant,
        auditFile: String? = nil,
        _ body: (LiveSandbox) async throws -> Void
    ) async throws {
        var settings = SandboxServer.Settings(apiKey: "live-key", seed: 1)
        settings.clock = clock
        settings.auditFile = auditFile
        let server = try SandboxServer(settings: settings)
        let live = LiveSandbox(url: try server.start().url, client: HTTPClient())
        do {
            try await body(live)
        } catch {
            await live.client.close()
            await server.stop()
            throw error
        }
        await live.client.close()
        await server.stop()
    }

    @Test("serves API v2 with a bearer check")
    func serves() async throws {
        try await self.withServer { live in
            #expect(try await live.send("GET", "/api/v2/projects", key: nil).status == 401)
            #expect(try await live.send("GET", "/api/v2/swagger.json", key: nil).status == 200)
            let made = try await live.send("POST", "/api/v2/projects", #"{"name": "a b"}"#)
            #expect(made.status == 200)
            #expect(made.header("content-type") == "application/json")
            #expect(made.header("x-request-id")?.isEmpty == false)
            let found = try await live.send("GET", "/api/v2/projects?search_filter=%7B%22name%22%3A%22a+b%22%7D")
            #expect(try JSONValue(lenientlyParsing: found.body)["projects"]?.elements?.count == 1)
        }
    }

    @Test("cuts connections, before and after applying")
    func cuts() async throws {
        try await self.withServer { live in
            try await live.setFaults(
                #"[{"fault": "drop-before", "count": 1}, {"fault": "drop-after-apply", "count": 1}, {"fault": "drop-after-apply", "cutAfterBytes": 300, "count": 1}]"#
            )
            for name in ["a", "b", "c"] {
                await #expect(throws: HTTPFailure.self) {
                    try await live.send("POST", "/api/v2/projects", #"{"name": "\#(name)"}"#)
                }
            }
            let list = try JSONValue(lenientlyParsing: try await live.send("GET", "/api/v2/projects").body)
            #expect(list["projects"]?.elements?.compactMap { $0["name"]?.text } == ["b", "c"])
        }
    }

    @Test("delays replies without holding up others")
    func delays() async throws {
        try await self.withServer { live in
            try await live.setFaults(#"[{"fault": "latency", "delay": "300ms", "match": {"method": "POST"}}]"#)
            let started = ContinuousClock.now
            // Which of the two ends first says it, however busy the machine is.
            let order = try await withThrowingTaskGroup(of: String.self) { group in
                group.addTask { "slow \(try await live.send("POST", "/api/v2/projects", #"{"name": "a"}"#).status)" }
                group.addTask { "quick \(try await live.send("GET", "/api/v2/projects").status)" }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(order == ["quick 200", "slow 200"])
            #expect(ContinuousClock.now - started >= .milliseconds(300))
        }
    }

    @Test("writes the audit to its file before it answers")
    func auditFile() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/sandbox-audit-\(UInt64.random(in: 0...UInt64.max))"
        defer { unlinkFile(path) }
        try await self.withServer(auditFile: path) { live in
            for name in ["a", "b"] {
                _ = try await live.send("POST", "/api/v2/projects", #"{"name": "\#(name)"}"#)
                #expect(try lines(of: path).last?["markers"]?["name"] == .string(name))
            }
            // What is applied late is written when it is applied.
            try await live.setFaults(#"[{"fault": "apply-late", "delay": "20ms", "count": 1}]"#)
            await #expect(throws: HTTPFailure.self) {
                try await live.send("POST", "/api/v2/projects", #"{"name": "c"}"#)
            }
            var projects = 2
            while projects < 3 {
                let list = try JSONValue(lenientlyParsing: try await live.send("GET", "/api/v2/projects").body)
                projects = list["projects"]?.elements?.count ?? 0
            }
            #expect(try lines(of: path).map { $0["seq"]?.wholeNumber } == [1, 2, 3])
        }
    }

    @Test("an audit file that can't be opened is a clear error")
    func unusableAuditFile() {
        var settings = SandboxServer.Settings(apiKey: "k", seed: 1)
        settings.auditFile = "/nonexistent/audit"
        #expect(throws: AuditFileFailure.self) { try SandboxServer(settings: settings) }
    }

    @Test("refuses a body over the limit and stays up")
    func hugeBody() async throws {
        try await self.withServer { live in
            let huge = String(repeating: "n", count: 7 << 20)
            #expect(await live.isRefused("POST", "/api/v2/projects", huge))
            let next = try await live.send("GET", "/api/v2/projects")
            #expect(next.status == 200)
        }
    }
}

/// A running sandbox and a client for it.
private struct LiveSandbox {
    let url: String
    let client: HTTPClient

    @discardableResult
    func send(
        _ method: String,
        _ target: String,
        _ body: String? = nil,
        key: String? = "live-key"
    ) async throws -> HTTPResponse {
        var request = HTTPRequest(method: method, url: self.url + target, body: body.map { Array($0.utf8) })
        if let key { request.headers.append(("Authorization", "Bearer \(key)")) }
        return try await self.client.send(request)
    }

    /// Whether a request that is too long gets 413, or has its connection closed before all of it is taken.
    func isRefused(_ method: String, _ target: String, _ body: String) async -> Bool {
        do {
            return try await self.send(method, target, body).status == 413
        } catch {
            return (error as? HTTPFailure)?.kind == .cut
        }
    }

    func setFaults(_ rules: String) async throws {
        let response = try await self.send("PUT", "/sandbox/faults", rules)
        try #require(response.status == 200)
    }
}

private func lines(of path: String) throws -> [JSONValue] {
    try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n")).map {
        try JSONValue(lenientlyParsing: Array($0))
    }
}

private func unlinkFile(_ path: String) {
    do {
        try FileManager.default.removeItem(atPath: path)
    } catch {
        Issue.record("\(error)")
    }
}
