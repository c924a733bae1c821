// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// One request on its way through the client, and who is told of its end.
final class Call: Sendable {
    /// What tells calls apart: each receiver gives names as it likes.
    struct Name: Hashable {
        let receiver: ObjectIdentifier
        let token: UInt64
    }

    let token: UInt64
    let request: HTTPRequest
    let receiver: any HTTPReceiver
    /// When the last byte of the response must have arrived.
    let deadline: ContinuousClock.Instant
    /// The last moment at which the request may be handed to its connection.
    let startBefore: ContinuousClock.Instant?

    init(_ start: HTTPStart, to receiver: any HTTPReceiver, now: ContinuousClock.Instant) {
        self.token = start.token
        self.request = start.request
        self.receiver = receiver
        self.deadline = now + start.request.timeout
        self.startBefore = start.startBefore
    }

    var name: Name { Name(receiver: ObjectIdentifier(self.receiver), token: self.token) }

    /// When it stops being worth starting, at the latest.
    var lapsesAt: ContinuousClock.Instant { self.startBefore.map { min($0, self.deadline) } ?? self.deadline }

    func isTooLate(at now: ContinuousClock.Instant) -> Bool { self.startBefore.map { $0 < now } ?? false }

    /// Why it must not be started at `now`, having waited for a connection; `nil` if it may be.
    func lapse(at now: ContinuousClock.Instant) -> HTTPFailure? {
        if self.isTooLate(at: now) { return .tooLate }
        guard self.deadline <= now else { return nil }
        return HTTPFailure(
            kind: .timeout,
            mayHaveBeenSent: false,
            message: "no free connection within \(self.request.timeout)"
        )
    }
}

extension HTTPFailure {
    static let tooLate = HTTPFailure(
        kind: .notStarted,
        mayHaveBeenSent: false,
        message: "not handed to a connection before its start limit"
    )
    static let withdrawn = HTTPFailure(
        kind: .notStarted,
        mayHaveBeenSent: false,
        message: "withdrawn by the caller before it was handed to a connection"
    )
    static let cancelledUnsent = HTTPFailure(
        kind: .cancelled,
        mayHaveBeenSent: false,
        message: "cancelled before it was sent"
    )

    static func cancelledUnderWay(mayHaveBeenSent: Bool) -> HTTPFailure {
        HTTPFailure(kind: .cancelled, mayHaveBeenSent: mayHaveBeenSent, message: "cancelled by the caller")
    }

    static func closed(mayHaveBeenSent: Bool) -> HTTPFailure {
        HTTPFailure(kind: .closed, mayHaveBeenSent: mayHaveBeenSent, message: "the client was closed")
    }
}
