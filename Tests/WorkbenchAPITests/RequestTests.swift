// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPValues
import Telemetry
import TestSupport
import Testing
import Values

@testable import WorkbenchAPI

/// One call and what must leave for it.
struct Outgoing: Sendable, CustomTestStringConvertible {
    var method = "GET"
    var path: String
    /// Members of the body as text; `nil` for no body.
    var body: [String: String]?
    var call: @Sendable (WorkbenchClient) async throws(APIError) -> Void

    var testDescription: String { "\(self.method) \(self.path)" }
}

@Suite("Requests", .timeLimit(.minutes(1)))
struct RequestTests {
    private static let deployments = "/projects/p/models/m/builds/b/deployments"

    static let reads: [Outgoing] = [
        Outgoing(path: "/projects/p") { client throws(APIError) in _ = try await client.perform(.project("p")) },
        Outgoing(path: "/projects/p/experiments/e") { client throws(APIError) in
            _ = try await client.perform(.experiment(project: "p", "e"))
        },
        Outgoing(path: "/projects/p/experiments/e/runs/r") { client throws(APIError) in
            _ = try await client.perform(.run(project: "p", experiment: "e", "r"))
        },
        Outgoing(path: "/registry/models/m") { client throws(APIError) in
            _ = try await client.perform(.registeredModel("m"))
        },
        Outgoing(path: "/registry/models/m/versions/v") { client throws(APIError) in
            _ = try await client.perform(.registeredVersion(model: "m", "v"))
        },
        Outgoing(path: "/projects/p/models/m") { client throws(APIError) in
            _ = try await client.perform(.model(project: "p", "m"))
        },
        Outgoing(path: "/projects/p/models/m/builds/b") { client throws(APIError) in
            _ = try await client.perform(.build(project: "p", model: "m", "b"))
        },
        Outgoing(path: "\(deployments)/d") { client throws(APIError) in
            _ = try await client.perform(.deployment(project: "p", model: "m", build: "b", "d"))
        },
    ]

    static let listings: [Outgoing] = [
        Outgoing(path: "/projects?page_size=100") { client throws(APIError) in
            _ = try await client.pages(.projects()).allItems()
        },
        Outgoing(path: "/projects/p/experiments?page_size=100") { client throws(APIError) in
            _ = try await client.pages(.experiments(project: "p")).allItems()
        },
        Outgoing(path: "/projects/p/experiments/e/runs?page_size=100&sort=-start_time") { client throws(APIError) in
            _ = try await client.pages(.runs(project: "p", experiment: "e")).allItems()
        },
        Outgoing(path: "/projects/p/models/m/builds?page_size=100&sort=-created_at") { client throws(APIError) in
            _ = try await client.pages(.builds(project: "p", model: "m")).allItems()
        },
        Outgoing(path: "\(deployments)?page_size=100") { client throws(APIError) in
            _ = try await client.pages(.deployments(project: "p", model: "m", build: "b")).allItems()
        },
        Outgoing(
            path:
                "/registry/models?page_size=100&search_filter=%7B%22model_name%22%3A%22a%20%5C%22b%5C%22%2F%2B%26%22%7D"
        ) { client throws(APIError) in _ = try await client.perform(.registeredModels(named: #"a "b"/+&"#)) },
        Outgoing(path: "/projects/p/models?page_size=100&search_filter=%7B%22name%22%3A%22%F0%9F%9A%A2%22%7D") {
            client throws(APIError) in _ = try await client.perform(.model(project: "p", named: "🚢"))
        },
        Outgoing(path: "/runtimes?page_size=100&search_filter=%7B%22kernel%22%3A%22Python%203.10%22%7D") {
            client throws(APIError) in _ = try await client.perform(.newestRuntime(kernel: "Python 3.10"))
        },
    ]

    static let writes: [Outgoing] = [
        Outgoing(
            method: "POST",
            path: "/registry/models",
            body: [
                "project_id": "p", "experiment_id": "e", "run_id": "r", "model_path": "artifacts", "model_name": "n",
                "tags": #"[{"key":"k","value":"v"}]"#, "description": "", "notes": "", "visibility": "PRIVATE",
            ]
        ) { client throws(APIError) in
            let request = RegistrationRequest(
                projectID: "p",
                experimentID: "e",
                runID: "r",
                artifactPath: "artifacts",
                modelName: "n",
                tags: [APITag(key: "k", value: "v")]
            )
            _ = try await client.perform(.register(request))
        },
        Outgoing(
            method: "POST",
            path: "/projects/p/models",
            body: [
                "project_id": "p", "name": "n", "description": "d", "registered_model_id": "g",
                "disable_authentication": "false",
            ]
        ) { client throws(APIError) in
            let request = ModelRequest(projectID: "p", name: "n", description: "d", registeredModelID: "g")
            _ = try await client.perform(.createModel(request))
        },
        Outgoing(
            method: "POST",
            path: "/projects/p/models/m/builds",
            body: [
                "project_id": "p", "model_id": "m", "registered_model_version_id": "v",
                "runtime_identifier": "host/i:1",
                "comment": "slipway 42",
            ]
        ) { client throws(APIError) in
            let request = BuildRequest(
                projectID: "p",
                modelID: "m",
                registeredVersionID: "v",
                runtimeIdentifier: "host/i:1",
                comment: "slipway 42"
            )
            _ = try await client.perform(.createBuild(request))
        },
        Outgoing(
            method: "POST",
            path: deployments,
            body: [
                "project_id": "p", "model_id": "m", "build_id": "b", "cpu": "2", "memory": "4.5", "nvidia_gpus": "1",
                "replicas": "3", "environment": #"{"A":"1"}"#,
            ]
        ) { client throws(APIError) in
            let request = DeploymentRequest(
                projectID: "p",
                modelID: "m",
                buildID: "b",
                cpu: 2,
                memoryGB: 4.5,
                gpus: 1,
                replicas: 3,
                environment: EnvironmentVariables(["A": "1"])
            )
            _ = try await client.perform(.createDeployment(request))
        },
        Outgoing(
            method: "POST",
            path: deployments,
            body: ["project_id": "p", "model_id": "m", "build_id": "b"]
        ) { client throws(APIError) in
            _ = try await client.perform(
                .createDeployment(DeploymentRequest(projectID: "p", modelID: "m", buildID: "b"))
            )
        },
        Outgoing(method: "POST", path: "\(deployments)/d:stop") { client throws(APIError) in
            _ = try await client.perform(.stopDeployment(project: "p", model: "m", build: "b", "d"))
        },
        Outgoing(method: "POST", path: "\(deployments)/d:restart") { client throws(APIError) in
            _ = try await client.perform(.restartDeployment(project: "p", model: "m", build: "b", "d"))
        },
        Outgoing(method: "DELETE", path: "/projects/p/models/m/builds/b") { client throws(APIError) in
            _ = try await client.perform(.deleteBuild(project: "p", model: "m", "b"))
        },
        Outgoing(method: "DELETE", path: "/registry/models/m/versions/v") { client throws(APIError) in
            _ = try await client.perform(.deleteRegisteredVersion(model: "m", "v"))
        },
        Outgoing(method: "POST", path: "/auth/validate_key", body: ["audience": "API"]) { client throws(APIError) in
            _ = try await client.perform(.validateKey())
        },
    ]

    @Test(arguments: reads + listings + writes)
    func aCallLeavesAsTheAPIDescribesIt(expected: Outgoing) async throws {
        let answer = #"{"id":"x","model_id":"x","model_version_id":"x","next_page_token":""}"#
        let bench = try Bench(.json(answer))
        try await expected.call(bench.client)
        let request = try #require(bench.transport.requests.first)
        #expect(bench.transport.requests.count == 1)
        #expect(request.method == expected.method)
        #expect(bench.path == "/api/v2\(expected.path)")
        #expect(request.isRepeatable == (expected.method == "GET"))
        let names = request.headers.map(\.name)
        #expect(names == ["Authorization", "Accept", "User-Agent"] + (request.body == nil ? [] : ["Content-Type"]))
        guard let members = expected.body else {
            #expect(request.body == nil)
            return
        }
        let sent = try JSONDecoder().decode([String: Fragment].self, from: Data(try #require(request.body)))
        #expect(sent.mapValues(\.text) == members)
    }

    @Test(arguments: ["", ".", ".."])
    func anIDThatIsAStepInAPathIsNotSent(id: String) async throws {
        let bench = try Bench(.hang)
        let error = await failure(of: { () throws(APIError) in try await bench.client.perform(.project(id)) })
        #expect(error?.kind == .invalid)
        #expect(error?.outcome == .notApplied)
        #expect(bench.transport.requests.isEmpty)
    }

    @Test(arguments: [
        ("../../users", "..%2F..%2Fusers"), ("a:stop", "a%3Astop"), ("a?x=1#y", "a%3Fx%3D1%23y"), ("a b", "a%20b"),
        ("%2e%2e", "%252e%252e"), ("\r\n", "%0D%0A"), ("é", "%C3%A9"), ("a.b~c_d-e", "a.b~c_d-e"),
    ])
    func anIDStaysOneSegment(id: String, encoded: String) async throws {
        let bench = try Bench(.json(#"{"id":"p"}"#))
        _ = try await bench.client.perform(.project(id))
        #expect(bench.path == "/api/v2/projects/\(encoded)")
    }

    @Test func aNumberThatJSONCannotSayIsNotSent() async throws {
        let bench = try Bench(.hang)
        let request = DeploymentRequest(projectID: "p", modelID: "m", buildID: "b", cpu: .nan)
        let error = await failure(of: { () throws(APIError) in
            try await bench.client.perform(.createDeployment(request))
        })
        #expect(error?.kind == .invalid)
        #expect(error?.message == "the request can't be written: cpu")
        #expect(bench.transport.requests.isEmpty)
    }

    @Test func limitsReachTheTransport() async throws {
        let transport = ScriptedTransport(.json(#"{"id":"p"}"#))
        let client = WorkbenchClient(
            transport: transport,
            dialect: Dialect(
                baseURL: try ServiceURL("http://host:8080/x/api/v1/"),
                requestTimeout: .seconds(7),
                maximumResponseBytes: 1234
            ),
            credentials: FixedCredential(Secret("k"))
        )
        _ = try await client.perform(.project("p"))
        let request = try #require(transport.requests.first)
        #expect(request.url == "http://host:8080/x/api/v2/projects/p")
        #expect(request.timeout == .seconds(7))
        #expect(request.maximumResponseBytes == 1234)
    }

    @Test(arguments: [
        (#"{"valid":true,"username":"u","message":""}"#, true), (#"{"username":"u"}"#, false), ("{}", false),
        (#"{"valid":"true"}"#, true),
    ])
    func aKeyIsGoodOnlyIfTheWorkbenchSaysSo(json: String, isValid: Bool) async throws {
        let bench = try Bench(.json(json))
        #expect(try await bench.client.perform(.validateKey()).isValid == isValid)
    }
}

/// One member of a body, as text.
private struct Fragment: Decodable {
    private struct Tag: Decodable {
        let key: String
        let value: String
    }

    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let flag = try? container.decode(Bool.self) {
            self.text = "\(flag)"
        } else if let integer = try? container.decode(Int.self) {
            self.text = "\(integer)"
        } else if let number = try? container.decode(Double.self) {
            self.text = "\(number)"
        } else if let map = try? container.decode([String: String].self) {
            self.text = "{\(map.map { #""\#($0)":"\#($1)""# }.joined(separator: ","))}"
        } else {
            let tags = try container.decode([Tag].self)
            self.text = "[\(tags.map { #"{"key":"\#($0.key)","value":"\#($0.value)"}"# }.joined(separator: ","))]"
        }
    }
}
