// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
import Values

extension WorkbenchClient {
    /// Asks something of the workbench, in as many requests as it takes.
    package func perform<Asked: Exchange>(_ exchange: Asked) async throws(APIError) -> Asked.Outcome {
        var exchange = exchange
        while true {
            switch try await self.step(&exchange) {
            case .another: continue
            case .ended(let outcome): return outcome
            }
        }
    }

    /// Returns the pages of a listing; nothing is fetched yet.
    package func pages<Item: ListItem>(_ pages: Pages<Item>) -> PageSequence<Page<Item>> {
        PageSequence(operation: pages.operation, dialect: self.dialect, now: self.now) { cursor throws(APIError) in
            let page = try await self.perform(pages.page(at: cursor, in: self.dialect))
            return .init(page: page, nextToken: page.nextPageToken, byteCount: page.byteCount)
        }
    }

    /// Sends one request; the observer hears of it once, whatever happens.
    private func step<Asked: Exchange>(
        _ exchange: inout Asked
    ) async throws(APIError) -> ExchangeStep<Asked.Outcome> {
        let start = ContinuousClock.now
        let draft = exchange.draft(in: self.dialect)
        var status: Int?
        var failure: APIError.Kind?
        defer {
            let duration = ContinuousClock.now - start
            self.observer(
                CallRecord(operation: draft.operation, status: status, failure: failure, duration: duration)
            )
        }
        do throws(APIError) {
            let response = try await self.response(to: draft)
            status = response.status
            return try exchange.received(response, in: self.dialect, now: self.now())
        } catch {
            failure = error.kind
            throw error
        }
    }

    private func response(to draft: RequestDraft) async throws(APIError) -> HTTPResponse {
        let planned = try draft.planned(in: self.dialect)
        do throws(AttemptFailure) {
            // What a person asked for by hand is shown to them as it came; a page is nothing that was asked for.
            return try await self.attempt(planned) { response in
                draft.rawPath != nil && response.isSuccess && !ErrorBody.isPage(response.body)
            }
        } catch {
            switch error {
            case .noKey(let failure): throw draft.error(for: failure)
            case .noResponse(let failure): throw draft.error(for: failure)
            }
        }
    }
}

// MARK: One attempt

/// Why a request brought no response.
package enum AttemptFailure: Error, Sendable, Equatable {
    /// There is no usable key, so it was not sent.
    case noKey(CredentialFailure)
    /// The transport has none.
    case noResponse(HTTPFailure)
}

extension WorkbenchClient {
    /// Sends one planned request and returns the response to it, without the key in it; the observer hears of it.
    ///
    /// For whoever holds the exchange. Whether a 2xx response is what was asked for is not known here: it is told as a
    /// success.
    package func send(_ planned: PlannedSend) async throws(AttemptFailure) -> HTTPResponse {
        let start = ContinuousClock.now
        var status: Int?
        var failure: APIError.Kind?
        defer {
            let duration = ContinuousClock.now - start
            self.observer(
                CallRecord(operation: planned.operation, status: status, failure: failure, duration: duration)
            )
        }
        do throws(AttemptFailure) {
            let response = try await self.attempt(planned)
            status = response.status
            failure = self.kind(of: response, to: planned.operation)
            return response
        } catch {
            switch error {
            case .noKey: failure = .unauthorized
            case .noResponse(let reason): failure = ResponseFailure.kind(of: reason.kind)
            }
            throw error
        }
    }

    private func kind(of response: HTTPResponse, to operation: APIOperation) -> APIError.Kind? {
        guard !response.isSuccess else { return nil }
        return ResponseFailure(operation: operation, now: self.now()).error(for: response).kind
    }

    private func attempt(
        _ planned: PlannedSend,
        isShownAsItCame: (HTTPResponse) -> Bool = { _ in false }
    ) async throws(AttemptFailure) -> HTTPResponse {
        guard planned.usesAPIKey else {
            do throws(HTTPFailure) {
                return try await self.transport.send(planned.request)
            } catch {
                throw .noResponse(error)
            }
        }
        let key: Secret
        do throws(CredentialFailure) {
            key = try self.credentials.bearerToken()
        } catch {
            throw .noKey(error)
        }
        do throws(HTTPFailure) {
            let response = try await self.transport.send(planned.request(with: key))
            return isShownAsItCame(response) ? response : Redaction.replacing(key, in: response)
        } catch {
            throw .noResponse(Redaction.replacing(key, in: error))
        }
    }
}
