// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Telemetry
import TestSupport
import Testing
import Values

@testable import WorkbenchAPI

@Suite("Calling a model", .timeLimit(.minutes(1)))
struct ModelCallTests {
    private static let key = SecretTests.accessKey
    private static let sample = Array(#"{"dataframe_split":{"columns":["a"],"data":[[1.5]]}}"#.utf8)

    private func call(_ bench: Bench, request: [UInt8] = sample) async throws(APIError) -> ModelReply {
        try await bench.client.perform(.callModel(accessKey: Secret(Self.key), request: request, timeout: .seconds(3)))
    }

    @Test func theRequestIsWrapped() async throws {
        let bench = try Bench(.json(#"{"success":true,"response":{"prediction":[1]}}"#))
        let reply = try await self.call(bench)
        let request = try #require(bench.transport.requests.first)
        #expect(request.method == "POST")
        #expect(request.url == "https://modelservice.ml.example.com/model")
        #expect(request.timeout == .seconds(3))
        #expect(!request.isRepeatable)
        #expect(
            bench.body == #"{"accessKey":"\#(Self.key)","request":\#(String(decoding: Self.sample, as: UTF8.self))}"#
        )
        #expect(reply.isSuccess)
        #expect(reply.hasResponse)
        #expect(String(decoding: reply.body, as: UTF8.self).contains("prediction"))
        #expect(bench.records.map(\.operation.id) == ["CallModel"])
    }

    @Test func aReplyIsBoundedMoreTightlyThanTheWorkbench() async throws {
        let bench = try Bench(.json(#"{"success":true}"#))
        _ = try await self.call(bench)
        #expect(bench.transport.requests.first?.maximumResponseBytes == 1 << 20)
    }

    @Test(arguments: [
        (#"{"success":false,"errors":"boom"}"#, false, false, "boom"), (#"{"response":null}"#, true, false, ""),
        (#"{"response":0}"#, true, true, ""), (#"{"errors":["a","b"]}"#, false, false, "a; b"),
        (#"{"errors":{"x":1},"response":1}"#, false, true, "errors in an unknown form"),
        (#"{"errors":{"code":"model.busy","message":"m"}}"#, false, false, "model.busy: m"),
        (#"{"success":true,"errors":null}"#, true, false, ""),
        ("{}", true, false, ""),
    ])
    func aReplySaysHowItWent(json: String, isSuccess: Bool, hasResponse: Bool, message: String) async throws {
        let reply = try await self.call(try Bench(.json(json)))
        #expect(reply.isSuccess == isSuccess)
        #expect(reply.hasResponse == hasResponse)
        #expect(reply.errorMessage == message)
    }

    @Test func busyReplicasAreARateLimit() async throws {
        let body = #"{"success":false,"errors":["model.busy \#(Self.key)"]}"#
        let bench = try Bench(.json(body, status: 429))
        let error = await failure(of: { () throws(APIError) in try await self.call(bench) })
        #expect(error?.kind == .rateLimited)
        #expect(error?.outcome == .notApplied)
        #expect(error?.message == "model.busy <redacted>")
    }

    @Test(arguments: ["<html>", "[1]", ""])
    func aReplyThatIsNoObjectIsAnError(body: String) async throws {
        let bench = try Bench(.json(body))
        let error = await failure(of: { () throws(APIError) in try await self.call(bench) })
        #expect(error?.kind == .protocol)
        #expect(error?.outcome == .notApplied)
    }

    @Test(arguments: ["", "{", #"1},"x":{"#, "nonsense"])
    func aRequestThatIsNoJSONIsNotSent(text: String) async throws {
        let bench = try Bench(.hang)
        let error = await failure(of: { () throws(APIError) in try await self.call(bench, request: Array(text.utf8)) })
        #expect(error?.kind == .invalid)
        #expect(bench.transport.requests.isEmpty)
    }
}
