// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import TestSupport
import Testing

@testable import WorkbenchAPI

@Suite("Errors", .timeLimit(.minutes(1)))
struct ErrorTests {
    static let request = ModelRequest(projectID: "p", name: "n")

    static func gateway(_ code: Int, _ message: String) -> String {
        #"{"error":"\#(message)","code":\#(code),"message":"\#(message)","details":[]}"#
    }

    @Test(arguments: [
        (401, 16, APIError.Kind.unauthorized, false, APIError.Outcome.notApplied),
        (403, 7, .forbidden, false, .notApplied), (404, 5, .notFound, false, .notApplied),
        (410, 5, .notFound, false, .notApplied), (409, 6, .conflict, false, .notApplied),
        (409, 10, .conflict, true, .notApplied), (400, 3, .invalid, false, .notApplied),
        (400, 9, .invalid, false, .notApplied), (422, 3, .invalid, false, .notApplied),
        (408, 1, .timeout, true, .unknown), (429, 8, .rateLimited, true, .notApplied),
        (500, 13, .serverError, true, .unknown), (500, 2, .serverError, true, .unknown),
        (500, 14, .unavailable, true, .unknown), (500, 4, .timeout, true, .unknown),
        (501, 12, .serverError, true, .unknown), (502, 14, .unavailable, true, .unknown),
        (503, 14, .unavailable, true, .unknown), (504, 4, .timeout, true, .unknown),
    ])
    func aStatusHasOneMeaning(
        status: Int,
        code: Int,
        kind: APIError.Kind,
        isRetryable: Bool,
        outcome: APIError.Outcome
    ) async throws {
        let step = ScriptedTransport.Step.json(Self.gateway(code, "because"), status: status)
        let created = try Bench(step)
        let error = try #require(
            await failure(of: { () throws(APIError) in
                try await created.client.perform(.createModel(Self.request))
            })
        )
        #expect(error.kind == kind)
        #expect(error.isRetryable == isRetryable)
        #expect(error.outcome == outcome)
        #expect(error.httpStatus == status)
        #expect(error.grpcCode == code)
        #expect(error.message == "because")
        #expect(error.operation.id == "CreateModel")
        #expect(error.operation.template == "/projects/{project_id}/models")
        #expect(created.transport.requests.count == 1)

        let read = try Bench(step)
        let readError = try #require(
            await failure(of: { () throws(APIError) in
                try await read.client.perform(.model(project: "p", "m"))
            })
        )
        #expect(readError.kind == kind)
        #expect(readError.outcome == .notApplied)
    }

    @Test(arguments: [
        "Internal: the project Already has a model with that name.", "project already has a model with that name: x",
    ])
    func aDuplicateModelNameIsAConflict(message: String) async throws {
        let bench = try Bench(.json(Self.gateway(2, message), status: 500))
        let error = await failure(of: { () throws(APIError) in
            try await bench.client.perform(.createModel(Self.request))
        })
        #expect(error?.kind == .conflict)
        #expect(error?.outcome == .notApplied)
        #expect(error?.isRetryable == false)
    }

    @Test func theSameTextElsewhereIsNoConflict() async throws {
        let message = Self.gateway(2, "already has a model with that name")
        let bench = try Bench(.json(message, status: 500))
        let request = BuildRequest(
            projectID: "p",
            modelID: "m",
            registeredVersionID: "v",
            runtimeIdentifier: "r",
            comment: "c"
        )
        let error = await failure(of: { () throws(APIError) in try await bench.client.perform(.createBuild(request)) })
        #expect(error?.kind == .serverError)
        #expect(error?.outcome == .unknown)
    }

    @Test(arguments: HTTPFailure.Kind.allCases, [true, false])
    func aTransportFailureSaysWhetherItWasSent(kind: HTTPFailure.Kind, mayHaveBeenSent: Bool) async throws {
        let step = ScriptedTransport.Step.fail(
            HTTPFailure(kind: kind, mayHaveBeenSent: mayHaveBeenSent, message: "reason")
        )
        let created = try Bench(step)
        let error = try #require(
            await failure(of: { () throws(APIError) in
                try await created.client.perform(.createModel(Self.request))
            })
        )
        #expect(error.outcome == (mayHaveBeenSent ? .unknown : .notApplied))
        #expect(error.httpStatus == nil)
        #expect(error.message == "\(kind.rawValue): reason")
        let expected: APIError.Kind =
            switch kind {
            case .resolve, .connect, .proxy, .tls, .cut: .unavailable
            case .timeout: .timeout
            case .responseTooLarge, .malformedResponse: .protocol
            case .invalidRequest: .invalid
            case .cancelled, .closed, .notStarted: .cancelled
            }
        #expect(error.kind == expected)
        let read = try Bench(step)
        let readError = await failure(of: { () throws(APIError) in try await read.client.perform(.project("p")) })
        #expect(readError?.outcome == .notApplied)
    }

    @Test(arguments: [
        ("<html><head><TITLE>502 Bad Gateway</TITLE></head></html>", "a page titled '502 Bad Gateway'"),
        ("\n <!doctype html><p>no</p>", "a page instead of JSON"), ("", "no reason given"), ("  \n", "no reason given"),
        ("upstream connect error", "upstream connect error"), ("{broken", "{broken"),
        (#"{"error":"only error","code":0}"#, "only error"), (#"{"message":"","error":"second"}"#, "second"),
        (#"{"errors":["model.busy","x"]}"#, "model.busy; x"), (#"{"errors":"model.busy"}"#, "model.busy"),
        (#"{"success":false,"errors":{"a":1}}"#, "no reason given"),
        (#"{"success":false,"errors":[{"a":1}]}"#, #"{"success":false,"errors":[{"a":1}]}"#),
        (#"{"errors":{"code":"c","message":"m"}}"#, "c: m"), ("\u{FEFF}<!doctype html>", "a page instead of JSON"),
        ("\u{FEFF}" + Self.gateway(14, "later"), "later"),
    ])
    func foreignBodiesGiveAMessage(body: String, message: String) async throws {
        let response = HTTPResponse(status: 502, body: Array(body.utf8))
        let bench = try Bench(.answer(response))
        let error = await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        #expect(error?.message == message)
        #expect(error?.kind == .unavailable)
    }

    @Test func aFiveHundredWithoutTheWorkbenchsWordsIsTheIngress() async throws {
        let bench = try Bench(.answer(HTTPResponse(status: 500, body: Array("<html></html>".utf8))))
        let error = await failure(of: { () throws(APIError) in
            try await bench.client.perform(.createModel(Self.request))
        })
        #expect(error?.kind == .unavailable)
        #expect(error?.outcome == .unknown)
    }

    @Test(arguments: [
        ("", "the answer is empty"), (#"{"id":"79b0"#, "the answer can't be read"), ("[1]", "the answer can't be read"),
        (#"{"name":"n"}"#, "the answer can't be read at id"), ("{}", "the answer can't be read at id"),
        ("<html><title>Sign in</title></html>", "the answer is a page titled 'Sign in', not JSON"), ("\u{0}", "can't"),
    ])
    func aBrokenAnswerToACreatingCallLeavesItsOutcomeOpen(body: String, message: String) async throws {
        let bench = try Bench(.json(body))
        let error = try #require(
            await failure(of: { () throws(APIError) in
                try await bench.client.perform(.createModel(Self.request))
            })
        )
        #expect(error.kind == .protocol)
        #expect(error.outcome == .unknown)
        #expect(error.httpStatus == 200)
        #expect(error.message.contains(message))
    }

    @Test(arguments: [200, 502])
    func aCompressedAnswerThatNobodyAskedForIsNamed(status: Int) async throws {
        let body: [UInt8] = [0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xAB, 0xAE, 0x05, 0x00]
        let bench = try Bench(.answer(HTTPResponse(status: status, body: body)))
        let error = await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        #expect(error?.message.contains("compressed (gzip), which was not asked for") == true)
        #expect(error?.author == .inBetween)
    }

    @Test func aBareNaNIsNamed() async throws {
        let bench = try Bench(.json(#"{"id":"p","cpu":NaN}"#))
        let error = await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        #expect(error?.message == "the answer can't be read: NaN is not JSON at byte 16")
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectIsExplained(status: Int) async throws {
        let headers = [(name: "Location", value: "https://login.example.com/sso?token=abc#x")]
        let bench = try Bench(.answer(HTTPResponse(status: status, headers: headers)))
        let error = try #require(
            await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        )
        #expect(error.kind == .protocol)
        #expect(error.message.hasPrefix("redirected to https://login.example.com/sso: is this"))
        #expect(error.message.contains("login page?"))
    }

    @Test(arguments: [
        ("7", Duration.seconds(7)), (" 1.5 ", .milliseconds(1500)), ("-3", .zero), ("1e300", .seconds(86400)),
        ("999999", .seconds(86400)), ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(10)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", .zero), ("soon", nil), ("", nil), ("nan", nil),
        ("Sun, 06 Xyz 1994 08:49:37 GMT", nil),
    ])
    func retryAfterIsRead(text: String, expected: Duration?) async throws {
        // The bench's clock says 08:49:27 on that day.
        let step = ScriptedTransport.Step.json("{}", status: 429, headers: [("retry-after", text)])
        let bench = try Bench(step)
        let error = await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        #expect(error?.retryAfter == expected)
    }

    @Test func aRetryDateCountsFromTheServersOwnClock() async throws {
        let headers = [
            (name: "Retry-After", value: "Sun, 06 Nov 1994 08:49:37 GMT"),
            (name: "Date", value: "Sun, 06 Nov 1994 08:49:00 GMT"),
        ]
        let bench = try Bench(.json("{}", status: 503, headers: headers))
        let error = await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        #expect(error?.retryAfter == .seconds(37))
    }

    @Test(arguments: [
        ([(name: "X-Request-Id", value: "r-1")], "r-1"),
        ([(name: "x-request-id", value: "r-1"), (name: "X-CDP-Request-ID", value: "c-2")], "c-2"),
        ([(name: "x-request-id", value: "")], nil), ([], nil),
    ])
    func theRequestIDIsKept(headers: [(name: String, value: String)], expected: String?) async throws {
        let bench = try Bench(.json("{}", status: 500, headers: headers))
        let error = await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        #expect(error?.requestID == expected)
    }

    @Test func theDescriptionIsOneLine() async throws {
        let body = #"{"message":"first\nsecond\u001b[31m\u202e third","code":13}"#
        let bench = try Bench(.json(body, status: 500, headers: [("x-request-id", "r-9")]))
        let error = await failure(of: { () throws(APIError) in
            try await bench.client.perform(.createModel(Self.request))
        })
        #expect(
            error?.description
                == """
                CreateModel (POST /projects/{project_id}/models): HTTP 500, serverError: \
                first second [31m third (request r-9; outcome unknown)
                """
        )
    }

    @Test func aLongMessageIsCut() async throws {
        let bench = try Bench(.json(Self.gateway(3, String(repeating: "é", count: 50_000)), status: 400))
        let error = await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        #expect(error?.message.count == 300)
        #expect(error?.message.hasSuffix("…") == true)
    }

    @Test func cancellingEndsTheCall() async throws {
        let bench = try Bench(.hang)
        let error = try await withThrowingTaskGroup(of: APIError?.self) { group in
            group.addTask {
                await failure(of: { () throws(APIError) in try await bench.client.perform(.createModel(Self.request)) })
            }
            group.cancelAll()
            return try await group.next() ?? nil
        }
        #expect(error?.kind == .cancelled)
        #expect(error?.outcome == .unknown)
        #expect(error?.isRetryable == false)
    }

    @Test func everyCallIsObservedOnce() async throws {
        let bench = try Bench(
            ScriptedTransport(
                .json(#"{"id":"p"}"#),
                .json("{}", status: 404),
                .json("nonsense"),
                .fail(HTTPFailure(kind: .timeout, mayHaveBeenSent: true, message: ""))
            )
        )
        for _ in 0..<4 {
            _ = await failure(of: { () throws(APIError) in try await bench.client.perform(.project("p")) })
        }
        #expect(bench.records.map(\.operation.id) == Array(repeating: "GetProject", count: 4))
        #expect(bench.records.map(\.status) == [200, 404, 200, nil])
        #expect(bench.records.map(\.failure) == [nil, .notFound, .protocol, .timeout])
        #expect(bench.records.allSatisfy { $0.duration >= .zero })
    }
}
