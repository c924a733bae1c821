// SPDX-License-Identifier: Apache-2.0

import Values

extension Sequence {
    /// Returns the elements by creation time, oldest first; equal times by id, unknown times first.
    ///
    /// The server's order is no contract, and several workers must come to the same choice.
    func sortedByAge(_ key: (Element) -> (time: Timestamp?, id: String)) -> [Element] {
        self.sorted { left, right in
            let (left, right) = (key(left), key(right))
            guard left.time == right.time else {
                return (left.time ?? .distantPast) < (right.time ?? .distantPast)
            }
            return left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
        }
    }
}

extension Timestamp {
    /// Earlier than any time that the workbench says.
    static let distantPast = Timestamp(millisecondsSinceEpoch: 0)
}
