// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Rollouts
import Testing
import WorkbenchAPI
import WorkbenchCalls

/// One answer of the model service, and how it is judged.
struct JudgedAnswer: Sendable, CustomTestStringConvertible {
    /// What came of a verification, without its words.
    enum Verdict: Sendable {
        case passed
        case wrong
        case notYet
        case away
    }

    var answer: String
    var status = 200
    var expect: String?
    var verdict: Verdict

    var testDescription: String { "\(self.status) \(self.answer), expected \(self.expect ?? "any")" }
}

/// What a deployed model's answer to the sample request is worth.
struct JudgedAnswerTests {
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
        JudgedAnswer(answer: #"{"success":true}"#, expect: "[0,1]", verdict: .wrong),
        JudgedAnswer(answer: #"{"success":true,"response":null}"#, verdict: .wrong),
        JudgedAnswer(answer: #"{"success":true,"response":null}"#, expect: "null", verdict: .wrong),
        JudgedAnswer(answer: #"{"success":true,"response":{"prediction":null}}"#, expect: "[0]", verdict: .wrong),
        // The model complains, whatever it answers beside.
        JudgedAnswer(answer: #"{"success":false,"errors":["boom"],"response":[0]}"#, expect: "[0]", verdict: .wrong),
        JudgedAnswer(answer: #"{"errors":"boom","response":[0]}"#, expect: "[0]", verdict: .wrong),
        // No answer of a model: somebody in between has spoken.
        JudgedAnswer(answer: "{}", verdict: .away), JudgedAnswer(answer: #"{"message":"no"}"#, verdict: .away),
        JudgedAnswer(answer: "", verdict: .away), JudgedAnswer(answer: "[0,1]", verdict: .away),
        JudgedAnswer(answer: "<html>all is well</html>", verdict: .away),
        // Refused.
        JudgedAnswer(answer: #"{"errors":"no"}"#, status: 400, verdict: .wrong),
        JudgedAnswer(answer: #"{"errors":"no"}"#, status: 401, verdict: .wrong),
        JudgedAnswer(answer: #"{"errors":"no"}"#, status: 403, verdict: .wrong),
        JudgedAnswer(answer: #"{"errors":"too large"}"#, status: 413, verdict: .wrong),
        // Busy, or not known to the service yet.
        JudgedAnswer(answer: #"{"errors":"no such model"}"#, status: 404, verdict: .notYet),
        JudgedAnswer(answer: #"{"errors":"model.busy"}"#, status: 429, verdict: .notYet),
        // The model, or the service: its probe decides.
        JudgedAnswer(answer: #"{"errors":"model.error"}"#, status: 500, verdict: .away),
        JudgedAnswer(answer: "bad gateway", status: 502, verdict: .away),
        JudgedAnswer(answer: #"{"errors":"model.unavailable"}"#, status: 503, verdict: .away),
        JudgedAnswer(answer: #"{"errors":"slow"}"#, status: 504, verdict: .away),
    ]

    private func verdict(_ answer: HandWritten, expect: String? = nil) throws -> JudgedAnswer.Verdict {
        let verification = Verification(request: #"{"rows":[1,2]}"#, expect: expect)
        let model = HandWritten.json(#"{"id":"m","access_key":"a-model-key","auth_enabled":true}"#)
        let held = try Held(.verify(projectID: "p", modelID: "m", verification), [model, answer])
        switch held.success {
        case .verification(.passed)?: return .passed
        case .verification(.wrong)?: return .wrong
        case .verification(.notYet)?: return .notYet
        case .verification(.away)?: return .away
        case let other:
            Issue.record("\(String(describing: other))")
            return .notYet
        }
    }

    @Test(arguments: answers)
    func anAnswerIsJudged(expected: JudgedAnswer) throws {
        let answer = HandWritten.json(expected.answer, status: expected.status)
        #expect(try self.verdict(answer, expect: expected.expect) == expected.verdict)
    }

    @Test func aModelServiceThatIsOutOfReachIsAway() throws {
        #expect(try self.verdict(.fail(.connect, mayHaveBeenSent: false)) == .away)
    }
}
