// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Values

/// Something asked of the workbench, as a value: what to send next, and what the response means.
///
/// It sends nothing, waits for nothing, and knows neither clock nor key. Whoever performs it takes turns: `draft`, send,
/// `received`, until it has ended. A request that gave no response ends it, with the error that its draft makes of that.
package protocol Exchange: Sendable {
    /// What comes of it.
    associatedtype Outcome: Sendable

    /// Returns the request that is to be sent now.
    func draft(in dialect: Dialect) -> RequestDraft

    /// Takes the response to that request, which must not hold the API key any more.
    ///
    /// - Parameters:
    ///   - response: Of any status.
    ///   - dialect: The one of the request.
    ///   - now: Our own time, for a `Retry-After` that is a date.
    /// - Returns: What comes of it, or that another request is to be sent.
    /// - Throws: `APIError` for another status than 2xx, and for a body that isn't what the operation answers; it has
    ///   ended then.
    mutating func received(
        _ response: HTTPResponse,
        in dialect: Dialect,
        now: Timestamp
    ) throws(APIError) -> ExchangeStep<Outcome>
}

/// Where an exchange stands after a response.
package enum ExchangeStep<Outcome: Sendable>: Sendable {
    /// Another request is to be sent.
    case another
    /// It has ended.
    case ended(Outcome)
}
