// SPDX-License-Identifier: Apache-2.0

import JSON

extension JSONValue {
    /// Whether two values say the same: members in any order, `1` and `1.0` alike, numbers within a billionth.
    ///
    /// A model's answer may differ in the last digit between two builds of the same libraries; where both numbers are whole,
    /// such as labels and ids, none may.
    func isEquivalent(to other: JSONValue) -> Bool {
        switch (self, other) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.integer(let left), .integer(let right)): return left == right
        case (.string(let left), .string(let right)): return left == right
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isEquivalent(to: $1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.allSatisfy { member in other[member.name].map { member.value.isEquivalent(to: $0) } ?? false }
        default:
            guard let left = self.number, let right = other.number else { return false }
            return abs(left - right) <= 1e-9 * max(abs(left), abs(right))
        }
    }
}
