// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Rollouts
package import Values
package import WorkbenchAPI

/// One call of the core as a conversation with the workbench: what to send next, and what an answer means.
///
/// Pure: no I/O, no clock, no waiting. Whoever performs it sends what it says and hands in what came of that, once for
/// each `send`, until it has ended. A creating call is one request; a look may take many.
///
/// **Secrets.** It never sees the API key. Whoever sends a request adds the key to it, and takes the key out of whatever
/// comes back (`Redaction`) before it is handed in; so no error says it. When the key is read again (before a probe,
/// after a failure of kind `unauthorized`) is theirs to decide, too. The access key of a model, which a verification
/// reads on its way, only the conversation knows: it hides that one itself in what it says.
package struct Conversation: Sendable {
    /// What is to be done next.
    package enum Step: Sendable {
        /// Send a request, then tell what came of it.
        case send(PlannedSend)
        /// Nothing: the call has ended.
        case ended(Result<CallResult, CallFailure>)
    }

    private enum State: Sendable {
        /// A request is under way. Next: `asking`, `ended`.
        case asking(Stage, RequestDraft)
        /// Terminal.
        case ended
    }

    private let dialect: Dialect
    private var state = State.ended

    private init(dialect: Dialect) { self.dialect = dialect }

    /// Begins a call.
    ///
    /// - Returns: The conversation and its first step, which is `ended` for what needs no request or can't be asked.
    package static func begin(_ call: APICall, with dialect: Dialect) -> (Conversation, Step) {
        var conversation = Conversation(dialect: dialect)
        let step = conversation.take(Stage.first(of: call, with: dialect))
        return (conversation, step)
    }

    /// Takes what came of the request under way.
    ///
    /// - Parameters:
    ///   - answer: A response of any status, or why there is none; without the API key in it.
    ///   - now: Our own time: for a `Retry-After` that is a date, and for a run that says it began in the future.
    /// - Returns: What is to be done next.
    package mutating func received(_ answer: Result<HTTPResponse, HTTPFailure>, now: Timestamp) -> Step {
        let (stage, draft) = self.underWay
        switch answer {
        case .success(let response):
            do throws(APIError) {
                return self.take(try stage.turn(after: Arrival(response: response, dialect: self.dialect, now: now)))
            } catch {
                return self.end(stage.failed(error))
            }
        case .failure(let failure):
            return self.end(stage.failed(draft.error(for: failure)))
        }
    }

    /// The request under way was not sent, since there is no key to send it with.
    package mutating func keyIsMissing(_ failure: CredentialFailure) -> Step {
        let (stage, draft) = self.underWay
        return self.end(stage.failed(draft.error(for: failure)))
    }

    private var underWay: (Stage, RequestDraft) {
        guard case .asking(let stage, let draft) = self.state else {
            preconditionFailure("an answer to a conversation that has ended")
        }
        return (stage, draft)
    }

    private mutating func take(_ turn: Turn) -> Step {
        switch turn {
        case .ended(let result): return self.end(.success(result))
        case .ask(let stage):
            let draft = stage.draft(in: self.dialect)
            do throws(APIError) {
                let planned = try draft.planned(in: self.dialect)
                self.state = .asking(stage, draft)
                return .send(planned)
            } catch {
                return self.end(stage.failed(error))
            }
        }
    }

    private mutating func end(_ result: Result<CallResult, CallFailure>) -> Step {
        self.state = .ended
        return .ended(result)
    }
}

/// What a response leads to.
enum Turn: Sendable {
    /// Ask what the stage asks.
    case ask(Stage)
    /// The call is answered.
    case ended(CallResult)
}

/// A response, and what it is read with.
struct Arrival {
    let response: HTTPResponse
    let dialect: Dialect
    let now: Timestamp

    /// Reads the answer to a single request.
    func answer<Answer>(to endpoint: Endpoint<Answer>) throws(APIError) -> Answer {
        try endpoint.answer(in: self.response, now: self.now)
    }

    /// Goes on with a search, which stays in its stage until it has found what there is.
    func turn<Search: Exchange>(
        of search: Search,
        in stage: (Search) -> Stage,
        finding result: (Search.Outcome) -> CallResult
    ) throws(APIError) -> Turn {
        var search = search
        switch try search.received(self.response, in: self.dialect, now: self.now) {
        case .another: return .ask(stage(search))
        case .ended(let found): return .ended(result(found))
        }
    }
}
