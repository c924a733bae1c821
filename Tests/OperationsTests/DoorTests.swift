// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Telemetry
import TestSupport
import Testing
import Values

@testable import Operations

/// Nothing to be told.
private struct AlwaysReady: ReadinessSource {
    func readiness() -> ReadinessReport { ReadinessReport([]) }
}

/// Runs `body` with the port of a server of operations.
private func withDoor(_ body: (UInt16) async throws -> Void) async throws {
    let address = ListenAddress(host: "127.0.0.1", port: 0)
    let server = OperationsServer(
        address: address,
        registry: MetricsRegistry(),
        readiness: AlwaysReady(),
        logger: .disabled
    )
    let port = try server.start().port
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await server.run() }
        defer { group.cancelAll() }
        try await body(port)
    }
}

/// What the operations endpoint bears from whoever can reach it, over real sockets.
///
/// The limit only ends what hangs: beside other suites each wait may take seconds.
@Suite("The door of operations", .timeLimit(.minutes(5)))
struct DoorTests {
    private static let probe = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func aHeadThatNeverEndsIsCutOff() async throws {
        try await withDoor { port in
            let slow = try RawConnection(port: port)
            await slow.send("GET /livez HTTP/1.1\r\nHost: x\r\nX-A: ")
            let start = ContinuousClock.now
            await withTaskGroup(of: Void.self) { group in
                // A byte now and then keeps a connection from being idle, not from being too late.
                group.addTask {
                    while !Task.isCancelled {
                        await slow.send("a")
                        do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
                    }
                }
                _ = await slow.closed()
                group.cancelAll()
            }
            #expect(ContinuousClock.now - start < .seconds(20))
            await slow.close()
            #expect(try await exchange(port: port, Self.probe).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func twoHundredConnectionsKeepNoProbeOut() async throws {
        try await withDoor { port in
            let crowd = try await RawCrowd(200, port: port, sending: "GET /livez HTTP/1.1\r\nX-A: ")
            #expect(try await exchange(port: port, Self.probe).hasPrefix("HTTP/1.1 200"))
            // The oldest of a peer made room for its newer ones.
            await crowd.closed(first: 200 - 8)
            await crowd.close()
        }
    }

    @Test func aBodyIsRefusedBeforeItIsRead() async throws {
        try await withDoor { port in
            let connection = try RawConnection(port: port)
            await connection.send("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 107374182400\r\n\r\n")
            let reply = await connection.read()
            #expect(reply.hasPrefix("HTTP/1.1 4"), "\(reply)")
            await connection.close()
        }
    }

    @Test func anAnswerEndsItsConnection() async throws {
        try await withDoor { port in
            let connection = try RawConnection(port: port)
            await connection.send(Self.probe)
            let reply = await connection.read()
            #expect(reply.contains("\r\nConnection: close\r\n"))
            #expect(reply.hasSuffix("ok\n"))
            await connection.close()
        }
    }
}
