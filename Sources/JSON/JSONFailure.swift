// SPDX-License-Identifier: Apache-2.0

/// Why some bytes are not JSON that we take.
package struct JSONFailure: Error, Equatable, CustomStringConvertible {
    /// The kind of fault.
    package enum Kind: Sendable, Equatable {
        /// The text ends too early.
        case truncated
        /// Some bytes are not UTF-8.
        case notUTF8
        /// Nested deeper than the limit.
        case tooDeep
        /// An object has two members of the same name.
        case duplicateName
        /// Any other offence against RFC 8259.
        case malformed
    }

    /// The kind of fault.
    package let kind: Kind
    /// What was wrong, without any of the input.
    package let reason: String
    /// Bytes before the fault.
    package let offset: Int

    /// `reason at byte N`.
    package var description: String { "\(self.reason) at byte \(self.offset)" }
}
