// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Telemetry
import Testing
import Values

@testable import WorkbenchAPI

/// Requests and answers as values: nothing is sent here.
@Suite("Exchanges")
struct ExchangeTests {
    private static let now = Timestamp(millisecondsSinceEpoch: 784_111_767_000)

    private let dialect: Dialect

    init() throws {
        self.dialect = Dialect(
            baseURL: try ServiceURL("https://ml.example.com"),
            userAgent: "slipway/test",
            pageSize: 2,
            maximumPages: 3,
            maximumListingBytes: 200
        )
    }

    private func page(_ ids: [Int], next: String = "") -> HTTPResponse {
        let items = ids.map { #"{"id":"\#($0)","name":"n"}"# }.joined(separator: ",")
        return HTTPResponse(status: 200, body: Array(#"{"models":[\#(items)],"next_page_token":"\#(next)"}"#.utf8))
    }

    @Test func aRequestIsWholeButForTheKey() throws {
        let exchange = Endpoint.createModel(ModelRequest(projectID: "p", name: "n"))
        let planned = try exchange.draft(in: self.dialect).planned(in: self.dialect)
        #expect(planned.operation.id == "CreateModel")
        #expect(planned.usesAPIKey)
        #expect(planned.request.headers.map(\.name) == ["Accept", "User-Agent", "Content-Type"])
        #expect(planned.request.url == "https://ml.example.com/api/v2/projects/p/models")
        let keyed = planned.request(with: Secret(testKey))
        #expect(keyed.headers.first.map { $0 == ("Authorization", "Bearer \(testKey)") } == true)
        #expect(keyed.headers.dropFirst().map(\.name) == planned.request.headers.map(\.name))
    }

    @Test(arguments: [
        (
            RequestDraft(
                .createModel,
                ["p"],
                body: ModelRequest(projectID: "p", name: "n/\u{1}é", description: "d", registeredModelID: "g")
            ),
            #"""
            {"description":"d","disable_authentication":false,"name":"n/\u0001é","project_id":"p","registered_model_id":"g"}
            """#
        ),
        (
            RequestDraft(
                .createModelDeployment,
                ["p", "m", "b"],
                body: DeploymentRequest(
                    projectID: "p",
                    modelID: "m",
                    buildID: "b",
                    cpu: 2,
                    memoryGB: 4.5,
                    gpus: 0,
                    replicas: 1,
                    environment: EnvironmentVariables(["B": "2", "A": "1"])
                )
            ),
            #"""
            {"build_id":"b","cpu":2,"environment":{"A":"1","B":"2"},"memory":4.5,"model_id":"m","nvidia_gpus":0,\#
            "project_id":"p","replicas":1}
            """#
        ),
        (
            RequestDraft(
                .createRegisteredModel,
                body: RegistrationRequest(
                    projectID: "p",
                    experimentID: "e",
                    runID: "r",
                    artifactPath: "a/b",
                    modelName: "n",
                    tags: [APITag(key: "k", value: "v")]
                )
            ),
            #"""
            {"description":"","experiment_id":"e","model_name":"n","model_path":"a/b","notes":"","project_id":"p",\#
            "run_id":"r","tags":[{"key":"k","value":"v"}],"visibility":"PRIVATE"}
            """#
        ),
    ])
    func bodiesHaveTheirMembersInOneOrder(draft: RequestDraft, body: String) {
        #expect(String(decoding: draft.body ?? [], as: UTF8.self) == body)
    }

    @Test func aListingIsOneRequestAPage() throws {
        var search = PageSearch.model(project: "p", named: "n")
        let first = try search.draft(in: self.dialect).planned(in: self.dialect)
        #expect(first.request.url.hasSuffix("?page_size=2&search_filter=%7B%22name%22%3A%22n%22%7D"))
        guard case .another = try search.received(self.page([2, 1], next: "t"), in: self.dialect, now: Self.now) else {
            Issue.record("the listing ended on its first page")
            return
        }
        let second = try search.draft(in: self.dialect).planned(in: self.dialect)
        #expect(second.request.url == first.request.url + "&page_token=t")
        guard case .ended(let model) = try search.received(self.page([3]), in: self.dialect, now: Self.now) else {
            Issue.record("the listing did not end")
            return
        }
        #expect(model?.id == "1")
    }

    private static let start = Timestamp(millisecondsSinceEpoch: 0)

    @Test(arguments: [
        (["a", "b", "c"], "more than 3 pages"), (["a", "b", "a"], "a page token came twice"),
        (["a", "a"], "a page token came twice"),
    ])
    func aListingThatGoesOnTooLongIsAnError(tokens: [String], message: String) {
        var cursor = PageCursor(.listModels)
        let error = #expect(throws: APIError.self) {
            for token in tokens { try cursor.advance(to: token, pageBytes: 1, at: Self.start, in: self.dialect) }
        }
        #expect(error?.kind == .protocol)
        #expect(error?.outcome == .notApplied)
        #expect(error?.message == message)
    }

    @Test func aListingOfTooManyBytesIsAnError() throws {
        var cursor = PageCursor(.listModels)
        try cursor.advance(to: "a", pageBytes: 200, at: Self.start, in: self.dialect)
        let error = #expect(throws: APIError.self) {
            try cursor.advance(to: "b", pageBytes: 1, at: Self.start, in: self.dialect)
        }
        #expect(error?.message == "more than 200 bytes of pages")
    }

    @Test func theLastPageMayBeTheOneTooMany() throws {
        // Both limits are for going on: what has ended is whole.
        var search = PageSearch.model(project: "p", named: "n")
        for token in ["a", "b"] {
            _ = try search.received(self.page([1], next: token), in: self.dialect, now: Self.now)
        }
        let step = try search.received(self.page(Array(1...20)), in: self.dialect, now: Self.now)
        guard case .ended = step else {
            Issue.record("the listing did not end")
            return
        }
    }

    @Test func whatCannotBeWrittenIsRefusedWhenItIsPlanned() {
        let request = DeploymentRequest(projectID: "p", modelID: "m", buildID: "b", memoryGB: .infinity)
        let error = #expect(throws: APIError.self) {
            try Endpoint.createDeployment(request).draft.planned(in: self.dialect)
        }
        #expect(error?.kind == .invalid)
        #expect(error?.outcome == .notApplied)
        #expect(error?.message == "the request can't be written: memory")
    }

    @Test func withoutAKeyNothingWasApplied() {
        let error = Endpoint.createModel(ModelRequest(projectID: "p", name: "n")).draft
            .error(for: CredentialFailure("the key file /k can't be read: no such file"))
        #expect(error.kind == .unauthorized)
        #expect(error.outcome == .notApplied)
        #expect(error.httpStatus == nil)
    }

    @Test(arguments: [
        (HTTPFailure.Kind.timeout, true, APIError.Kind.timeout, APIError.Outcome.unknown),
        (.connect, false, .unavailable, .notApplied),
    ])
    func aDraftSaysWhatAFailureMeans(
        kind: HTTPFailure.Kind,
        mayHaveBeenSent: Bool,
        expected: APIError.Kind,
        outcome: APIError.Outcome
    ) {
        let failure = HTTPFailure(kind: kind, mayHaveBeenSent: mayHaveBeenSent, message: "\(SecretTests.accessKey) x")
        let write = Endpoint.createModel(ModelRequest(projectID: "p", name: "n")).draft.error(for: failure)
        #expect(write.kind == expected)
        #expect(write.outcome == outcome)
        let call = Endpoint.callModel(accessKey: Secret("an odd key"), request: Array("1".utf8)).draft
            .error(for: HTTPFailure(kind: kind, mayHaveBeenSent: mayHaveBeenSent, message: "an odd key"))
        #expect(call.outcome == .notApplied)
        #expect(call.message == "\(kind.rawValue): <redacted>")
    }
}
