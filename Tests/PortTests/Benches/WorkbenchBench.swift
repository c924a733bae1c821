// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPServer
import HTTPValues
import JSON
import Machine
import Testing
import Values
import WorkbenchSandbox

@testable import Simulation
@testable import WorkbenchAPI
@testable import Worker

/// The sandbox, and a port to it.
protocol WorkbenchBench: Listener {
    /// The port.
    var port: any WorkbenchPort { get }
    /// Where the sandbox listens.
    var root: String { get }
    /// This moment, by the port's clock.
    var now: MonotonicTime { get }
    /// From now on no connection can be made.
    func shutDoor()
}

/// What stands behind the workbench's port.
enum WorkbenchImplementation: String, CaseIterable, CustomTestStringConvertible {
    /// The simulation's port.
    case modelled
    /// The worker's adapter over libcurl, and the sandbox's server.
    case genuine

    var testDescription: String { self.rawValue }

    /// Runs `body` with a port, and what a sabotage puts before it.
    func bench(
        before wrap: (any WorkbenchPort) -> any WorkbenchPort = { $0 },
        _ body: (any WorkbenchBench) async throws -> Void
    ) async throws {
        switch self {
        case .modelled: try await body(try ModelledWorkbenchBench(wrap))
        case .genuine: try await GenuineWorkbenchBench.with(wrap, body)
        }
    }
}

extension WorkbenchBench {
    /// Asks for something with the API key.
    func request(
        _ number: UInt64,
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        timeout: Duration = .seconds(20),
        startBefore: MonotonicTime? = nil
    ) -> PlannedRequest {
        let send = PlannedSend(
            operation: APIOperation("Test", method, path),
            request: HTTPRequest(
                method: method,
                url: self.root + path,
                headers: body == nil ? [] : [(name: "Content-Type", value: "application/json")],
                body: body.map { Array($0.utf8) },
                timeout: timeout
            ),
            usesAPIKey: true
        )
        return PlannedRequest(id: RequestID(number: number), send: send, startBefore: startBefore)
    }

    /// Waits for the answer to a request.
    func answer(_ number: UInt64) async throws -> WorkbenchAnswer.Outcome {
        try await self.first { input in
            guard case .workbench(let answers) = input else { return nil }
            return answers.first { $0.id.number == number }?.outcome
        }
    }

    /// Sends a request and waits for its answer.
    func answer(to request: PlannedRequest) async throws -> WorkbenchAnswer.Outcome {
        self.port.perform(.start([request]))
        return try await self.answer(request.id.number)
    }

    /// Puts fault rules in force.
    func setFaults(_ rules: String) async throws {
        let outcome = try await self.answer(to: self.request(9_000, "PUT", "/sandbox/faults", rules))
        #expect(outcome.response?.status == 200)
    }

    /// How many projects there are.
    func projectCount(_ number: UInt64) async throws -> Int {
        let outcome = try await self.answer(to: self.request(number, "GET", "/api/v2/projects"))
        let list = try JSONValue(parsing: try #require(outcome.response).body)
        return list["projects"]?.elements?.count ?? 0
    }

    /// How many answers a request has had.
    func answerCount(_ number: UInt64) -> Int {
        self.heard.reduce(0) { count, input in
            guard case .workbench(let answers) = input else { return count }
            return count + answers.count { $0.id.number == number }
        }
    }
}

extension WorkbenchAnswer.Outcome {
    var response: HTTPResponse? { if case .response(let response) = self { response } else { nil } }
    var failure: HTTPFailure? { if case .failure(let failure) = self { failure } else { nil } }
}

/// The sandbox in process, behind the simulation's proxy.
private final class ModelledWorkbenchBench: WorkbenchBench {
    let port: any WorkbenchPort
    private let kafka = ModelledKafkaBench()
    private let member: ModelledMember

    init(_ wrap: (any WorkbenchPort) -> any WorkbenchPort) throws {
        self.member = try #require(self.kafka.join() as? ModelledMember)
        self.port = wrap(self.member.ports.workbench)
    }

    var root: String { World.root }
    var now: MonotonicTime { self.kafka.clockwork.now }
    var heard: [Input] { self.member.heard }

    func next() throws -> Input { try self.member.next() }

    func shutDoor() {
        let never = MonotonicTime(nanoseconds: .max)
        self.member.gateway.closures.append(Gateway.Closure(from: self.now, until: never, fault: 0))
    }
}

/// The sandbox behind its server, and the worker's own adapter.
private final class GenuineWorkbenchBench: WorkbenchBench {
    private(set) var root: String
    let port: any WorkbenchPort
    private(set) var heard: [Input] = []
    private let inbox: LoopInbox
    private let clock: WorkerClock
    private var waiting: [Input] = []

    static func with(
        _ wrap: (any WorkbenchPort) -> any WorkbenchPort,
        _ body: (any WorkbenchBench) async throws -> Void
    ) async throws {
        let key = "test-key-0123456789"
        let sandbox = try SandboxServer(settings: SandboxServer.Settings(apiKey: key, seed: 7))
        let url = try sandbox.start().url
        // One connection, so that a second request waits behind the first.
        var one = HTTPClientSettings()
        (one.maximumConnections, one.maximumConnectionsPerHost) = (1, 1)
        let client = HTTPClient(settings: one)
        let (inbox, clock) = (LoopInbox(), WorkerClock())
        let adapter = HTTPWorkbench(
            client: client,
            credentials: FixedCredential(Secret(key)),
            clock: clock,
            inbox: inbox
        )
        let bench = GenuineWorkbenchBench(root: url, port: wrap(adapter), inbox: inbox, clock: clock)
        let result: Result<Void, any Error>
        do { result = .success(try await body(bench)) } catch { result = .failure(error) }
        await client.close()
        await sandbox.stop()
        try result.get()
    }

    private init(root: String, port: any WorkbenchPort, inbox: LoopInbox, clock: WorkerClock) {
        self.root = root
        self.port = port
        self.inbox = inbox
        self.clock = clock
    }

    var now: MonotonicTime { self.clock.monotonic }

    func next() async throws -> Input {
        while self.waiting.isEmpty {
            self.waiting = self.inbox.take()
            self.heard += self.waiting
            if self.waiting.isEmpty { for await _ in self.inbox.signals { break } }
            try Task.checkCancellation()
        }
        return self.waiting.removeFirst()
    }

    /// Port 1 of the loopback interface: reserved, and nothing listens there.
    func shutDoor() { self.root = "http://127.0.0.1:1" }
}
