// SPDX-License-Identifier: Apache-2.0

import CommandTable
import HTTPServer
import Testing

@testable import Commands

/// `slipway health` and what it finds at operations.address.
@Suite(.timeLimit(.minutes(1)))
struct HealthCommandTests {
    private func run(_ words: [String], at address: String) async -> CommandFixture.Result {
        let capture = CapturedOutput()
        let status = await Program.table().run(
            ["health"] + words,
            environment: ["SLIPWAY_OPERATIONS_ADDRESS": address, "http_proxy": "http://127.0.0.1:1"],
            output: Output(to: capture)
        )
        return CommandFixture.Result(status: status, text: capture.text, errorText: capture.errorText)
    }

    private func with(_ body: (UInt16) async throws -> Void) async throws {
        var router = Router()
        router.add(.get, "/livez") { _, responder in responder.reply(status: 200, text: "ok\n") }
        router.add(.get, "/readyz") { _, responder in
            responder.reply(
                status: 503,
                text: #"{"conditions":[{"name":"kafka","ok":true},{"name":"workbench","ok":false,"cause":"down"}]}"#
            )
        }
        let server = HTTPServer(settings: HTTPServerSettings(), routes: router)
        let port = try server.start().port
        do { try await body(port) } catch { Issue.record(error) }
        await server.stop(grace: .zero)
    }

    @Test func aWorkerThatLivesIsToldInOneLine() async throws {
        try await self.with { port in
            // As in a container: it listens on all interfaces.
            let result = await self.run([], at: "0.0.0.0:\(port)")
            #expect(result.status == .success, "\(result.errorText)")
            #expect(result.text == "alive: http://127.0.0.1:\(port)/livez\n")
        }
    }

    @Test func whatIsInTheWayIsNamed() async throws {
        try await self.with { port in
            let result = await self.run(["--ready"], at: "127.0.0.1:\(port)")
            #expect(result.status == .failure)
            #expect(result.errorText.hasSuffix("/readyz answers 503: workbench: down\n"))
        }
    }

    @Test func whereNobodyListensTheAddressIsNamed() async {
        let result = await self.run([], at: "127.0.0.1:1")
        #expect(result.status == .failure)
        #expect(result.errorText.contains("operations.address 127.0.0.1:1?"))
        #expect(result.errorText.split(separator: "\n").count { $0.hasPrefix("slipway health") } == 1)
    }
}
