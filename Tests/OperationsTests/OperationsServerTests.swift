// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPServer
import HTTPValues
import Synchronization
import Telemetry
import Testing
import Values

@testable import Operations

/// A readiness that the test sets.
private final class SettableReadiness: ReadinessSource {
    private let report = Mutex(ReadinessReport([]))

    func set(_ conditions: ReadinessReport.Condition...) {
        self.report.withLock { $0 = ReadinessReport(conditions) }
    }

    func readiness() -> ReadinessReport {
        self.report.withLock { $0 }
    }
}

/// A running server with a client, for one test.
private struct Running {
    let url: String
    let client: HTTPClient
    let readiness: SettableReadiness
    let registry: MetricsRegistry

    func call(_ path: String, method: String = "GET", body: [UInt8]? = nil) async throws -> HTTPResponse {
        try await self.client.send(HTTPRequest(method: method, url: self.url + path, body: body))
    }

    func text(_ path: String) async throws -> String {
        String(decoding: try await self.call(path).body, as: UTF8.self)
    }
}

private func withServer(_ body: (Running) async throws -> Void) async throws {
    let readiness = SettableReadiness()
    let registry = MetricsRegistry()
    let address = ListenAddress(host: "127.0.0.1", port: 0)
    let server = OperationsServer(address: address, registry: registry, readiness: readiness, logger: .disabled)
    let url = try server.start().url
    let client = HTTPClient()
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await server.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(Running(url: url, client: client, readiness: readiness, registry: registry))
            )
        } catch {
            result = .failure(error)
        }
        group.cancelAll()
        try await group.waitForAll()
        await client.close()
        try result.get()
    }
}

@Suite("Operations endpoint", .timeLimit(.minutes(1)))
struct OperationsServerTests {
    private static let start = Timestamp(millisecondsSinceEpoch: 1_770_091_506_789)

    @Test func aliveIsAlive() async throws {
        try await withServer { running in
            running.readiness.set(.unmet("workbench", cause: "down", since: Self.start))
            let response = try await running.call("/livez")
            #expect(response.status == 200)
            #expect(String(decoding: response.body, as: UTF8.self) == "ok\n")
            #expect(response.header("content-type") == "text/plain; charset=utf-8")
            #expect(response.header("cache-control") == "no-store")
        }
    }

    @Test func readinessNamesEachConditionAndItsCause() async throws {
        try await withServer { running in
            running.readiness.set(
                .met("kafka", since: Self.start),
                .unmet("workbench", cause: "unauthorized: \"key\" refused", since: Self.start)
            )
            let response = try await running.call("/readyz")
            #expect(response.status == 503)
            #expect(response.header("content-type") == "application/json")
            #expect(
                String(decoding: response.body, as: UTF8.self)
                    == """
                    {"conditions":[{"name":"kafka","ok":true,"since":"2026-02-03T04:05:06.789Z"},\
                    {"cause":"unauthorized: \\"key\\" refused","name":"workbench","ok":false,\
                    "since":"2026-02-03T04:05:06.789Z"}],"ready":false}

                    """
            )
        }
    }

    @Test func readinessFollowsItsSource() async throws {
        try await withServer { running in
            running.readiness.set(.unmet("kafka", cause: "no partition assigned", since: Self.start))
            let before = try await running.call("/readyz").status
            running.readiness.set(.met("kafka", since: Self.start))
            let after = try await running.call("/readyz")
            #expect((before, after.status) == (503, 200))
            #expect(String(decoding: after.body, as: UTF8.self).contains(#""ready":true"#))
        }
    }

    @Test func metricsArePrometheusText() async throws {
        try await withServer { running in
            running.registry.counter("slipway_test_total", help: "Counts tests.").increment(by: 3)
            let response = try await running.call("/metrics")
            #expect(response.status == 200)
            #expect(response.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
            #expect(String(decoding: response.body, as: UTF8.self).contains("\nslipway_test_total 3\n"))
        }
    }

    @Test func theRootLeadsToTheRest() async throws {
        try await withServer { running in
            let index = try await running.text("/")
            for path in ["/livez", "/readyz", "/metrics"] {
                #expect(index.contains(path))
                #expect(try await running.call(path).status == 200)
            }
        }
    }

    @Test func aCauseCanNotSteerATerminal() async throws {
        try await withServer { running in
            running.readiness.set(.unmet("kafka", cause: "a \u{202E}b\u{9B}31m\nc", since: Self.start))
            let body = try await running.text("/readyz")
            #expect(body.contains(#""cause":"a \u202eb\u009b31m\nc""#), "\(body)")
        }
    }

    @Test(arguments: ["/", "/livez", "/readyz", "/metrics"])
    func headHasTheHeadOnly(path: String) async throws {
        try await withServer { running in
            let response = try await running.call(path, method: "HEAD")
            #expect(response.status == 200)
            #expect(response.body.isEmpty)
            #expect(response.header("content-type") != nil)
        }
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    func nothingCanBeChanged(method: String) async throws {
        try await withServer { running in
            let response = try await running.call("/readyz", method: method)
            #expect(response.status == 405)
            #expect(response.header("allow")?.contains("GET") == true)
        }
    }

    @Test(arguments: ["/livez/", "/metrics/x", "/debug", "/%2e%2e/etc/passwd"])
    func otherPathsAreNotThere(path: String) async throws {
        try await withServer { running in
            let status = try await running.call(path).status
            #expect(status == 404)
        }
    }

    @Test func aLargeBodyIsRefused() async throws {
        try await withServer { running in
            let response = try await running.call("/livez", method: "POST", body: Array(repeating: 0, count: 4 << 10))
            #expect(response.status == 413)
        }
    }

    @Test func cancellingEndsTheServerAndFreesThePort() async throws {
        let registry = MetricsRegistry()
        let readiness = SettableReadiness()
        let first = OperationsServer(
            address: ListenAddress(host: "127.0.0.1", port: 0),
            registry: registry,
            readiness: readiness,
            logger: .disabled
        )
        let port = try first.start().port
        let address = ListenAddress(host: "127.0.0.1", port: port)
        let second = OperationsServer(address: address, registry: registry, readiness: readiness, logger: .disabled)
        #expect(throws: HTTPServerError.addressInUse(address: "127.0.0.1:\(port)")) { try second.start() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await first.run() }
            group.cancelAll()
        }
        let third = OperationsServer(address: address, registry: registry, readiness: readiness, logger: .disabled)
        #expect(try third.start().port == port)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await third.run() }
            group.cancelAll()
        }
    }
}
