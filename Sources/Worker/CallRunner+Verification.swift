// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import WorkbenchAPI

extension CallRunner {
    /// Sends the sample request to the deployed model and judges the answer.
    func verify(
        project: String,
        model: String,
        _ verification: Verification
    ) async throws(APIError)
        -> VerificationResult
    {
        // The access key is read each time: it is a secret, so no rollout keeps it.
        let accessKey = try await self.client.model(project: project, model).accessKey
        do throws(APIError) {
            let reply = try await self.client.callModel(
                accessKey: accessKey,
                request: Array(verification.request.utf8)
            )
            return Self.judge(reply, expecting: verification.expect)
        } catch {
            switch error.kind {
            case .rateLimited, .unavailable, .timeout, .serverError, .notFound:
                return .notYet("the model service answers: \(error.message)")
            case .unauthorized, .forbidden, .conflict, .invalid, .protocol:
                return .wrong("the model service refuses the sample: \(error.message)")
            case .cancelled:
                throw error
            }
        }
    }

    /// Compares an answer with the expected one, itself or as the `prediction` that registry models wrap.
    static func judge(_ reply: ModelReply, expecting expected: String?) -> VerificationResult {
        guard reply.isSuccess else { return .wrong("the model answers with an error: \(reply.errorMessage)") }
        guard reply.hasResponse else { return .wrong("the model's answer has no response") }
        guard let expected else { return .passed }
        guard let wanted = try? JSONValue(parsing: Array(expected.utf8)) else {
            return .wrong("the route's expected answer is not JSON")
        }
        guard let response = (try? JSONValue(parsing: reply.body))?["response"] else {
            return .wrong("the model's answer is not a JSON object")
        }
        if response.isEquivalent(to: wanted) || response["prediction"]?.isEquivalent(to: wanted) == true {
            return .passed
        }
        return .wrong("the model's response differs from the expected one")
    }
}
