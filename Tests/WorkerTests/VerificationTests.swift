// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values
import WorkbenchAPI

@testable import Worker

/// One answer of the model service, and how it is judged.
struct JudgedAnswer: Sendable, CustomTestStringConvertible {
    /// What came of a verification, without its words.
    enum Verdict: Sendable {
        case passed
        case wrong
        case notYet
    }

    var answer: String
    var status = 200
    var expect: String?
    var verdict: Verdict

    var testDescription: String { "\(self.status) \(self.answer), expected \(self.expect ?? "any")" }
}

/// What a deployed model's answer to the sample request is worth.
@Suite(.timeLimit(.minutes(3)))
struct VerificationTests {
    private static let wrapped =
        #"{"success":true,"response":{"model_deployment_crn":"c","prediction":[0,1],"uuid":"u"}}"#

    static let answers: [JudgedAnswer] = [
        // Right.
        JudgedAnswer(answer: wrapped, verdict: .passed),
        JudgedAnswer(answer: wrapped, expect: "[0,1]", verdict: .passed),
        JudgedAnswer(answer: wrapped, expect: "[0.0, 1.0000000000001]", verdict: .passed),
        JudgedAnswer(
            answer: #"{"response":{"b":[true,"x"],"a":null}}"#,
            expect: #"{"a":null,"b":[true,"x"]}"#,
            verdict: .passed
        ),
        JudgedAnswer(answer: #"{"success":true,"response":0}"#, expect: "0", verdict: .passed),
        JudgedAnswer(answer: #"{"success":true,"response":false}"#, verdict: .passed),
        // Wrong.
        JudgedAnswer(answer: wrapped, expect: "[1,0]", verdict: .wrong),
        JudgedAnswer(answer: wrapped, expect: "[0]", verdict: .wrong),
        JudgedAnswer(answer: wrapped, expect: #"["0","1"]"#, verdict: .wrong),
        JudgedAnswer(answer: wrapped, expect: #"{"prediction":[0,1]}"#, verdict: .wrong),
        JudgedAnswer(answer: #"{"success":true,"response":[0]}"#, expect: "0", verdict: .wrong),
        JudgedAnswer(answer: wrapped, expect: "[0,", verdict: .wrong),
        // Missing.
        JudgedAnswer(answer: "{}", verdict: .wrong),
        JudgedAnswer(answer: #"{"success":true}"#, expect: "[0,1]", verdict: .wrong),
        JudgedAnswer(answer: #"{"success":true,"response":null}"#, verdict: .wrong),
        JudgedAnswer(answer: #"{"success":true,"response":null}"#, expect: "null", verdict: .wrong),
        JudgedAnswer(answer: #"{"success":true,"response":{"prediction":null}}"#, expect: "[0]", verdict: .wrong),
        // The model complains, whatever it answers beside.
        JudgedAnswer(answer: #"{"success":false,"errors":["boom"],"response":[0]}"#, expect: "[0]", verdict: .wrong),
        JudgedAnswer(answer: #"{"errors":"boom","response":[0]}"#, expect: "[0]", verdict: .wrong),
        // No answer of a model.
        JudgedAnswer(answer: "", verdict: .wrong), JudgedAnswer(answer: "[0,1]", verdict: .wrong),
        JudgedAnswer(answer: "<html>all is well</html>", verdict: .wrong),
        // Refused.
        JudgedAnswer(answer: #"{"errors":"no"}"#, status: 400, verdict: .wrong),
        JudgedAnswer(answer: #"{"errors":"no"}"#, status: 401, verdict: .wrong),
        JudgedAnswer(answer: #"{"errors":"no"}"#, status: 403, verdict: .wrong),
        JudgedAnswer(answer: #"{"errors":"too large"}"#, status: 413, verdict: .wrong),
        // Busy, starting, or not known to the service yet.
        JudgedAnswer(answer: #"{"errors":"no such model"}"#, status: 404, verdict: .notYet),
        JudgedAnswer(answer: #"{"errors":"model.busy"}"#, status: 429, verdict: .notYet),
        JudgedAnswer(answer: #"{"errors":"model.error"}"#, status: 500, verdict: .notYet),
        JudgedAnswer(answer: "bad gateway", status: 502, verdict: .notYet),
        JudgedAnswer(answer: #"{"errors":"model.unavailable"}"#, status: 503, verdict: .notYet),
        JudgedAnswer(answer: #"{"errors":"slow"}"#, status: 504, verdict: .notYet),
    ]

    private func verdict(_ step: ScriptedTransport.Step, expect: String? = nil) async throws -> JudgedAnswer.Verdict {
        let transport = ScriptedTransport { request in
            request.method == "GET" ? .json(#"{"id":"m","access_key":"a-model-key"}"#) : step
        }
        let credentials = FixedCredential(Secret("key"))
        let client = WorkbenchClient(
            transport: transport,
            dialect: Dialect(
                baseURL: try ServiceURL("http://workbench.test"),
                modelServiceURL: try ServiceURL("http://models.test")
            ),
            credentials: credentials
        )
        let runner = CallRunner(client: client, credentials: credentials)
        let verification = Verification(request: #"{"rows":[1,2]}"#, expect: expect)
        let result = await runner.perform(.verify(projectID: "p", modelID: "m", verification))
        let sent = try #require(transport.requests.last)
        #expect(sent.url == "http://models.test/model")
        #expect(sent.body == Array(#"{"accessKey":"a-model-key","request":{"rows":[1,2]}}"#.utf8))
        switch try result.get() {
        case .verification(.passed): return .passed
        case .verification(.wrong): return .wrong
        case .verification(.notYet): return .notYet
        case let other:
            Issue.record("\(other)")
            return .notYet
        }
    }

    @Test(arguments: answers)
    func anAnswerIsJudged(expected: JudgedAnswer) async throws {
        let step = ScriptedTransport.Step.json(expected.answer, status: expected.status)
        #expect(try await self.verdict(step, expect: expected.expect) == expected.verdict)
    }

    @Test func aModelServiceThatIsOutOfReachHasNotAnsweredYet() async throws {
        let failure = HTTPFailure(kind: .connect, mayHaveBeenSent: false, message: "refused")
        #expect(try await self.verdict(.fail(failure)) == .notYet)
    }
}
