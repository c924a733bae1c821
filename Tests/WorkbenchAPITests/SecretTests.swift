// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPValues
import Telemetry
import TestSupport
import Testing
import Values

@testable import WorkbenchAPI

@Suite("Secrets", .timeLimit(.minutes(1)))
struct SecretTests {
    static let accessKey = "mbtbh46x9h7wxj4cdkxz9fxl0nzmrefv"

    private func shown(_ value: some Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return "\(value) \(String(reflecting: value)) \(dumped)"
    }

    @Test func nothingPrintsASecret() throws {
        let secret = Secret(testKey)
        let model = try decode(#"{"id":"a","access_key":"\#(Self.accessKey)"}"#, as: Model.self)
        let deployment = try decode(#"{"id":"a","environment":"{\"T\":\"\#(testKey)\"}"}"#, as: ModelDeployment.self)
        let request = DeploymentRequest(
            projectID: "p",
            modelID: "m",
            buildID: "b",
            environment: EnvironmentVariables(["T": testKey])
        )
        let bench = try Bench(.hang)
        let call = RequestDraft(operation: .callModel, secrets: [Secret(Self.accessKey)])
        let values: [any Sendable] = [
            secret, [secret], Optional(secret), model, deployment, request, FixedCredential(secret), bench.client,
            Page<Model>.self,
        ]
        for value in values + [call.secrets] {
            #expect(!self.shown(value).contains(testKey))
            #expect(!self.shown(value).contains(Self.accessKey))
        }
        #expect(model.accessKey.reveal() == Self.accessKey)
    }

    /// A workbench may repeat the whole request in its refusal.
    @Test func anEchoedValueOfTheEnvironmentIsRemoved() async throws {
        let bench = try Bench(.json(#"{"message":"bad request {T: hunter2-hunter2, A: 1}","code":3}"#, status: 400))
        let request = DeploymentRequest(
            projectID: "p",
            modelID: "m",
            buildID: "b",
            environment: EnvironmentVariables(["T": "hunter2-hunter2", "A": "1"])
        )
        let error = await failure(of: { () throws(APIError) in
            try await bench.client.perform(.createDeployment(request))
        })
        #expect(error?.message == "bad request {T: <redacted>, A: 1}")
    }

    @Test(arguments: [
        "key \(testKey) is wrong", "\(testKey)", "a\(testKey)b", "Authorization: Bearer \(testKey)",
        "try mbtbh46x9h7wxj4cdkxz9fxl0nzmrefv instead", #"bad accessKey=mbtbh46x9h7wxj4cdkxz9fxl0nzmrefv."#,
        "Bearer someone.elses.token.of.length",
    ])
    func anEchoedSecretIsRemoved(message: String) async throws {
        let body = #"{"message":"\#(message)","code":16}"#
        let bench = try Bench(.json(body, status: 401, headers: [("x-request-id", testKey)]))
        let error = try #require(
            await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        )
        #expect(error.message.contains("<redacted>"))
        for secret in [testKey, Self.accessKey, "someone.elses.token.of.length"] {
            #expect(!self.shown(error).contains(secret))
        }
    }

    @Test(arguments: 0..<60)
    func aCutNeverLeavesHalfASecret(shift: Int) {
        let text = String(repeating: "x ", count: 8150 + shift) + testKey + " " + testKey
        let cleaned = ServerText.clean(text, limit: 100_000, hiding: [Secret(testKey)])
        let isClean = !cleaned.contains(testKey.prefix(4))
        #expect(isClean)
    }

    @Test func proseIsLeftAlone() {
        let prose = "bearer token missing: id 79b0e995-95db-469a-8c93-15820f36124a, d41d8cd98f00b204e9800998ecf8427e"
        #expect(ServerText.clean(prose) == prose)
    }

    @Test func theKeyTravelsInItsHeaderOnly() async throws {
        let bench = try Bench(.json(#"{"id":"p"}"#))
        _ = try await bench.client.perform(.project("p"))
        let request = try #require(bench.transport.requests.first)
        #expect(request.headers.contains { $0 == ("Authorization", "Bearer \(testKey)") })
        #expect(!request.url.contains(testKey))
        #expect(request.headers.count { $0.value.contains(testKey) } == 1)
    }

    @Test(arguments: ["", "a b", "a\r\nX-Injected: 1", "ключ", "a\u{0}"])
    func aKeyThatIsNoHeaderIsNotSent(key: String) async throws {
        let transport = ScriptedTransport(.hang)
        let client = WorkbenchClient(
            transport: transport,
            dialect: Dialect(
                baseURL: try ServiceURL("https://ml.example.com")
            ),
            credentials: FixedCredential(Secret(key))
        )
        let error = await failure(of: { () throws(APIError) in
            try await client.perform(.createModel(ErrorTests.request))
        })
        #expect(error?.kind == .unauthorized)
        #expect(error?.outcome == .notApplied)
        #expect(transport.requests.isEmpty)
    }

    @Test func aKeyFileIsReadAgainAfterReload() throws {
        let file = URL.temporaryDirectory.appending(path: "workbench-api-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let source = FileCredential(path: file.path)
        #expect(throws: CredentialFailure("the key file \(file.path) can't be read: no such file")) {
            try source.bearerToken()
        }
        try Data("first\n".utf8).write(to: file)
        #expect(try source.bearerToken().reveal() == "first")
        try Data(" second \r\n".utf8).write(to: file)
        #expect(try source.bearerToken().reveal() == "first")
        source.reload()
        #expect(try source.bearerToken().reveal() == "second")
        try Data("\u{FEFF}third\r\n".utf8).write(to: file)
        source.reload()
        #expect(try source.bearerToken().reveal() == "third")
        try Data("\n".utf8).write(to: file)
        source.reload()
        #expect(throws: CredentialFailure.self) { try source.bearerToken() }
    }

    @Test func aKeyFileThatIsNoneIsNamed() {
        let folder = URL.temporaryDirectory.path
        #expect(throws: CredentialFailure("the key file \(folder) can't be read: not a regular file")) {
            try FileCredential(path: folder).bearerToken()
        }
        #expect(throws: CredentialFailure("the key file /dev/zero can't be read: not a regular file")) {
            try FileCredential(path: "/dev/zero").bearerToken()
        }
    }
}
