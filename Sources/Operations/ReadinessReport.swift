// SPDX-License-Identifier: Apache-2.0

package import Values

/// Whether the process can do its work, condition by condition.
package struct ReadinessReport: Sendable, Equatable {
    /// One thing that must be so.
    package struct Condition: Sendable, Equatable {
        /// Short constant name, such as `workbench`.
        package let name: String
        /// Whether it is so.
        package let isMet: Bool
        /// Why it isn't, in one line without secrets; empty when it is.
        package let cause: String
        /// When it last changed from met to unmet or back.
        package let since: Timestamp

        /// Creates a condition that is met.
        package static func met(_ name: String, since: Timestamp) -> Condition {
            Condition(name: name, isMet: true, cause: "", since: since)
        }

        /// Creates a condition that isn't met.
        package static func unmet(_ name: String, cause: String, since: Timestamp) -> Condition {
            Condition(name: name, isMet: false, cause: cause, since: since)
        }
    }

    /// The conditions, in the order in which they are shown.
    package let conditions: [Condition]

    /// Creates a report.
    package init(_ conditions: [Condition]) {
        self.conditions = conditions
    }

    /// Whether all conditions are met; a report without any is ready.
    package var isReady: Bool { self.conditions.allSatisfy(\.isMet) }
}

/// Tells how ready the process is.
package protocol ReadinessSource: Sendable {
    /// Returns a snapshot.
    ///
    /// Called on the thread of the operations server for each probe: it must not block, and it asks nobody.
    func readiness() -> ReadinessReport
}

extension ReadinessReport: Encodable {
    private enum CodingKeys: String, CodingKey { case ready, conditions }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.isReady, forKey: .ready)
        try container.encode(self.conditions, forKey: .conditions)
    }
}

extension ReadinessReport.Condition: Encodable {
    private enum CodingKeys: String, CodingKey { case name, ok, cause, since }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.name, forKey: .name)
        try container.encode(self.isMet, forKey: .ok)
        if !self.isMet { try container.encode(self.cause, forKey: .cause) }
        try container.encode(self.since.description, forKey: .since)
    }
}
