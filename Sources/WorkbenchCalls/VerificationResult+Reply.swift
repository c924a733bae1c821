// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import WorkbenchAPI

extension VerificationResult {
    /// Compares a model's answer with the expected one, itself or as the `prediction` that registry models wrap.
    init(_ reply: ModelReply, expecting expected: String?) {
        guard reply.isOfService else {
            // JSON, but nothing that the model service writes: a gateway's own.
            self = .away("somebody before the model service answers: neither success, response nor errors")
            return
        }
        self = .passed
        if let problem = Self.problem(of: reply, expecting: expected) { self = .wrong(problem) }
    }

    private static func problem(of reply: ModelReply, expecting expected: String?) -> String? {
        guard reply.isSuccess else { return "the model answers with an error: \(reply.errorMessage)" }
        guard reply.hasResponse else { return "the model's answer has no response" }
        guard let expected else { return nil }
        guard let wanted = try? JSONValue(parsing: Array(expected.utf8)) else {
            return "the route's expected answer is not JSON"
        }
        guard let response = (try? JSONValue(parsing: reply.body))?["response"] else {
            return "the model's answer is not a JSON object"
        }
        if response.isEquivalent(to: wanted) || response["prediction"]?.isEquivalent(to: wanted) == true {
            return nil
        }
        return "the model's response differs from the expected one"
    }

    /// What it says of the model that the sample request failed; `nil` where it says nothing.
    init?(_ error: APIError) {
        switch error.kind {
        case .rateLimited: self = .notYet("the model service answers: \(error.message)")
        case .unavailable, .timeout, .serverError: self = .away("the model service answers: \(error.message)")
        case .notFound, .unauthorized, .forbidden, .conflict, .invalid, .protocol:
            // A page or a line of text is no word of the model's.
            guard error.author == .workbench else {
                self = .away("somebody before the model service answers: \(error.message)")
                return
            }
            guard error.kind != .notFound else {
                self = .notYet("the model service answers: \(error.message)")
                return
            }
            self = .wrong("the model service refuses the sample: \(error.message)")
        case .cancelled: return nil
        }
    }
}
