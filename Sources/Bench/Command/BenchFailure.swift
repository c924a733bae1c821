// SPDX-License-Identifier: Apache-2.0

/// Why something can't be measured; a figure that misses its target is no failure.
struct BenchFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// One line for people.
    let description: String

    init(_ description: String) { self.description = description }
}
