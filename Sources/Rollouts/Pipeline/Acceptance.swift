// SPDX-License-Identifier: Apache-2.0

package import Values

/// When a rollout was accepted, among those of its partition: the order that counts for rollbacks.
package struct Acceptance: Codable, Sendable, Hashable, Comparable {
    /// The moment, in whole milliseconds.
    package var at: Timestamp
    /// The rollout; orders those of one moment, in the same way after every restart.
    package var id: RolloutID

    private enum CodingKeys: String, CodingKey {
        case at = "milliseconds"
        case id
    }

    /// Creates one.
    package init(at: Timestamp, id: RolloutID) {
        self.at = at
        self.id = id
    }

    package static func < (left: Acceptance, right: Acceptance) -> Bool {
        (left.at, left.id) < (right.at, right.id)
    }
}
