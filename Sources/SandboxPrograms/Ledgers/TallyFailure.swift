// SPDX-License-Identifier: Apache-2.0

/// Why a tally can't be taken.
package struct TallyFailure: Error, Equatable, CustomStringConvertible {
    /// Names what was to be read and what is wrong.
    package let description: String
}
