// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Rollouts
import Telemetry
import Testing
import Values
import WorkbenchAPI
import WorkbenchCalls

/// The sample request: the model's key first, then the model.
struct VerificationCallTests {
    private static let accessKey = "the-model's own key"
    private static let model = HandWritten.json(#"{"id":"m","access_key":"\#(accessKey)","auth_enabled":true}"#)
    private static let silentModel = HandWritten.json(#"{"id":"m","access_key":"\#(accessKey)"}"#)

    private func verify(
        _ answers: HandWritten...,
        request: String = #"{"rows":[1]}"#,
        expect: String? = nil
    ) throws -> Held {
        let verification = Verification(request: request, expect: expect)
        return try Held(.verify(projectID: "p", modelID: "m", verification), answers)
    }

    private func verdict(_ held: Held) throws -> VerificationResult {
        guard case .verification(let result)? = held.success else {
            throw CallFailure(.protocol, message: "\(String(describing: held.result))")
        }
        return result
    }

    @Test func theKeyIsReadAndSentInTheBody() throws {
        let held = try self.verify(Self.model, .json(#"{"success":true,"response":{"prediction":[1]}}"#), expect: "[1]")
        #expect(held.lines == ["GET /projects/p/models/m", "POST /model"])
        #expect(held.operations == ["GetModel", "CallModel"])
        #expect(
            held.sent.last?.request.body == Array(#"{"accessKey":"\#(Self.accessKey)","request":{"rows":[1]}}"#.utf8)
        )
        #expect(try self.verdict(held) == .passed)
    }

    /// What the model service hands on can be read by the model's own code.
    @Test(arguments: [("true", [true]), ("false", [false])])
    func theAPIKeyGoesOnlyToAModelThatWantsIt(enabled: String, usesKey: [Bool]) throws {
        let model = HandWritten.json(#"{"id":"m","access_key":"a","auth_enabled":\#(enabled)}"#)
        let held = try self.verify(model, .json(#"{"success":true,"response":{}}"#))
        #expect(held.sent.dropFirst().map(\.usesAPIKey) == usesKey)
    }

    @Test func whereNothingIsSaidTheKeyWaitsUntilItIsAskedFor() throws {
        let refused = HandWritten.json(#"{"errors":"no"}"#, status: 401)
        let held = try self.verify(Self.silentModel, refused, .json(#"{"success":true,"response":{}}"#))
        #expect(held.sent.dropFirst().map(\.usesAPIKey) == [false, true])
        #expect(try self.verdict(held) == .passed)
    }

    @Test(arguments: [
        (#"{"response":[2]}"#, "the model's response differs from the expected one"),
        (#"{"success":false,"errors":"boom"}"#, "the model answers with an error: boom"),
        (#"{"success":true}"#, "the model's answer has no response"),
    ])
    func aWrongAnswerIsNamed(body: String, message: String) throws {
        #expect(try self.verdict(self.verify(Self.model, .json(body), expect: "[1]")) == .wrong(message))
    }

    @Test(arguments: [
        HandWritten.json("", status: 503), .json("", status: 404),
        .fail(.connect, mayHaveBeenSent: false), .fail(.timeout), .fail(.cut),
        // Somebody in between: nothing that the model has said.
        .json("", status: 401), .json("", status: 403), .json("<html>", status: 413), .json("<html>"),
        .json(#"{"success":true"#), .fail(.responseTooLarge),
    ])
    func aServiceThatIsNotThereIsAway(answer: HandWritten) throws {
        guard case .away = try self.verdict(self.verify(Self.model, answer)) else {
            Issue.record("judged")
            return
        }
    }

    @Test func aModelThatIsBusyHasNotAnsweredYet() throws {
        let busy = HandWritten.json(#"{"errors":"busy"}"#, status: 429)
        guard case .notYet = try self.verdict(self.verify(Self.model, busy)) else {
            Issue.record("judged")
            return
        }
    }

    @Test(arguments: [
        HandWritten.json(#"{"errors":"no"}"#, status: 401), .json(#"{"errors":"no"}"#, status: 403),
        .refusal(413, code: 3), .noKey(CredentialFailure("no key")),
    ])
    func aRefusedSampleIsWrong(answer: HandWritten) throws {
        guard case .wrong = try self.verdict(self.verify(Self.model, answer)) else {
            Issue.record("not judged")
            return
        }
    }

    @Test func aCancelledSampleSaysNothingOfTheModel() throws {
        let held = try self.verify(Self.model, .fail(.cancelled))
        #expect(held.failure?.kind == .unavailable)
        #expect(held.failure?.isOutcomeUnknown == false)
    }

    @Test(arguments: [
        (HandWritten.refusal(404, code: 5), CallFailure.Kind.notFound), (.refusal(401, code: 16), .unauthorized),
        (.fail(.cut), .unavailable), (.json("{}"), .inBetween),
    ])
    func withoutTheModelsKeyThereIsNoVerdict(answer: HandWritten, kind: CallFailure.Kind) throws {
        let held = try self.verify(answer)
        #expect(held.sent.count == 1)
        #expect(held.failure?.kind == kind)
    }

    @Test func aSampleThatIsNoJSONIsNotSent() throws {
        let held = try self.verify(Self.model, request: #"1},"x":{"#)
        #expect(held.sent.count == 1)
        #expect(try self.verdict(held) == .wrong("the model service refuses the sample: the sample request isn't JSON"))
    }

    @Test(arguments: [
        HandWritten.json(#"{"errors":"key \#(accessKey) is busy"}"#, status: 429),
        .json("\(accessKey) \(accessKey)", status: 403),
        .json(#"{"success":false,"errors":["\#(accessKey)"]}"#),
        .json(#"{"success":false,"errors":{"code":"c","message":"\#(accessKey)"}}"#),
        .json("<title>\(accessKey)</title>"), .fail(.proxy, mayHaveBeenSent: true, "no way to \(accessKey)"),
        .json("", status: 302, headers: [(name: "Location", value: "https://x/\(accessKey)")]),
    ])
    func theModelsKeyIsInNoText(answer: HandWritten) throws {
        let held = try self.verify(Self.model, answer)
        let text = String(reflecting: held.result)
        #expect(text.contains("<redacted>"))
        #expect(!text.contains(Self.accessKey))
    }

    @Test(arguments: [
        (401, #"{"message":"bad key k3y.of.the.api","code":16}"#), (200, "<title>k3y.of.the.api</title>"),
        (500, "k3y.of.the.api"), (400, #"{"message":"k3y\u002eof.the.api","code":3}"#),
    ])
    func theAPIKeyIsGoneBeforeItIsRead(status: Int, body: String) throws {
        let answer = Redaction.replacing(
            Secret("k3y.of.the.api"),
            in: HTTPResponse(status: status, body: Array(body.utf8))
        )
        let held = try Held(.createModel(CallTests.modelRequest), [.response(answer)])
        #expect(held.failure?.message.contains("<redacted>") == true)
        #expect(held.failure?.message.contains("the.api") == false)
    }
}
