// SPDX-License-Identifier: Apache-2.0

/// Why a drill can't be held; what it finds wrong is no failure but in its ledger.
package struct DrillFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// One line for people.
    package let description: String

    init(_ description: String) { self.description = description }
}
