// SPDX-License-Identifier: Apache-2.0

/// Why a value is not what was to be read, or can't be written.
package struct FieldFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Names of members and indices of elements, from the outermost value to the place.
    package private(set) var path: [String]
    /// What is wrong, without any of the text.
    package let reason: String

    /// Creates a failure of a value itself, or of one of its members.
    package init(_ reason: String, at name: String? = nil) {
        self.path = name.map { [$0] } ?? []
        self.reason = reason
    }

    /// The same failure as it is seen from around: the value that failed is the member or element of that name.
    func inside(_ name: String) -> FieldFailure {
        var failure = self
        failure.path.insert(name, at: 0)
        return failure
    }

    /// `models.0.id: empty`, or the reason alone where the outermost value is wrong.
    package var description: String {
        self.path.isEmpty ? self.reason : "\(self.path.joined(separator: ".")): \(self.reason)"
    }
}
