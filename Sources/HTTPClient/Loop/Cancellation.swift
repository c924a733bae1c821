// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// The wish that calls of one receiver end.
struct Cancellation: Sendable {
    enum Scope: Sendable {
        /// Only where the request has not been handed to its connection; it is certain then that nothing was sent.
        case unstarted
        /// Whatever has become of it.
        case all
    }

    let tokens: [UInt64]
    let receiver: any HTTPReceiver
    let scope: Scope

    /// The scope for each call named, so that one pass over all calls is enough, however many are cancelled at once.
    static func scopes(_ cancellations: [Cancellation]) -> [Call.Name: Scope] {
        var scopes: [Call.Name: Scope] = [:]
        for cancellation in cancellations {
            let receiver = ObjectIdentifier(cancellation.receiver)
            for token in cancellation.tokens {
                let name = Call.Name(receiver: receiver, token: token)
                if scopes[name] != .all { scopes[name] = cancellation.scope }
            }
        }
        return scopes
    }

    /// How a call that still waits for a connection ends.
    static func failureOfWaiting(_ scope: Scope) -> HTTPFailure {
        switch scope {
        case .unstarted: .withdrawn
        case .all: .cancelledUnsent
        }
    }

    /// How a call that libcurl has ends; `nil` if it continues.
    static func failure(of transfer: Transfer, _ scope: Scope) -> HTTPFailure? {
        switch scope {
        case .unstarted: transfer.startedAt == nil ? .withdrawn : nil
        case .all: .cancelledUnderWay(mayHaveBeenSent: transfer.mayHaveBeenSent)
        }
    }
}
