// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Rollouts
import Values
import WorkbenchAPI
import WorkbenchCalls

/// What comes of one request, written by hand.
enum HandWritten: Sendable {
    case response(HTTPResponse)
    case failure(HTTPFailure)
    case noKey(CredentialFailure)

    static func json(_ text: String, status: Int = 200, headers: [(name: String, value: String)] = []) -> HandWritten {
        .response(HTTPResponse(status: status, headers: headers, body: Array(text.utf8)))
    }

    static func fail(_ kind: HTTPFailure.Kind, mayHaveBeenSent: Bool = true, _ message: String = "why") -> HandWritten {
        .failure(HTTPFailure(kind: kind, mayHaveBeenSent: mayHaveBeenSent, message: message))
    }

    /// The gateway's refusal.
    static func refusal(_ status: Int, code: Int, _ message: String = "because") -> HandWritten {
        .json(#"{"error":"\#(message)","code":\#(code),"message":"\#(message)","details":[]}"#, status: status)
    }
}

/// A conversation that was held with hand-written answers.
struct Held {
    /// Our own time in all of them: 2026-02-03T04:05:06Z.
    static let now = Timestamp(millisecondsSinceEpoch: 1_770_091_506_000)

    /// The requests, in order.
    private(set) var sent: [PlannedSend] = []
    /// How the call ended; `nil` where the answers were used up before.
    private(set) var result: Result<CallResult, CallFailure>?
    /// Answers that were not asked for.
    private(set) var unused: Int

    init(_ call: APICall, _ answers: [HandWritten], pageSize: Int = 100, maximumPages: Int = 1000) throws {
        let dialect = Dialect(
            baseURL: try ServiceURL("https://w"),
            modelServiceURL: try ServiceURL("https://models"),
            userAgent: "slipway/test",
            pageSize: pageSize,
            maximumPages: maximumPages
        )
        var answers = answers[...]
        var (conversation, step) = Conversation.begin(call, with: dialect)
        while true {
            switch step {
            case .ended(let result):
                self.result = result
                self.unused = answers.count
                return
            case .send(let planned):
                self.sent.append(planned)
                switch answers.popFirst() {
                case .response(let response)?: step = conversation.received(.success(response), now: Self.now)
                case .failure(let failure)?: step = conversation.received(.failure(failure), now: Self.now)
                case .noKey(let failure)?: step = conversation.keyIsMissing(failure)
                case nil:
                    self.unused = 0
                    return
                }
            }
        }
    }

    /// Method and path with query of each request, without the address.
    var lines: [String] {
        self.sent.map { planned in
            let url = planned.request.url
            for root in ["https://w/api/v2", "https://models"] where url.hasPrefix(root) {
                return "\(planned.request.method) \(url.dropFirst(root.count))"
            }
            return "\(planned.request.method) \(url)"
        }
    }

    /// The names of the operations, in order.
    var operations: [String] { self.sent.map(\.operation.id) }

    /// The answer, if there is one.
    var success: CallResult? {
        guard case .success(let result)? = self.result else { return nil }
        return result
    }

    /// The failure, if it is one.
    var failure: CallFailure? {
        guard case .failure(let failure)? = self.result else { return nil }
        return failure
    }
}
