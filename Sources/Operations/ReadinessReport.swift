// SPDX-License-Identifier: Apache-2.0

import JSON
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

    /// What works and is weak or limited, such as a key that goes in clear, or a topic that has used up its quota.
    ///
    /// One line each, without secrets; nothing waits for it.
    package let warnings: [String]

    /// Creates a report.
    package init(_ conditions: [Condition], warnings: [String] = []) {
        self.conditions = conditions
        self.warnings = warnings
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

// MARK: JSON

extension ReadinessReport {
    /// The report as one JSON object.
    ///
    /// The writer's escapes keep a cause with somebody else's words from steering the terminal that shows it.
    package var json: [UInt8] {
        JSONWriter.object { report in
            report.array("conditions") { list in
                for condition in self.conditions { list.object { condition.write(to: &$0) } }
            }
            report.field("ready", self.isReady)
            if !self.warnings.isEmpty {
                report.array("warnings") { list in
                    for warning in self.warnings { list.string(warning) }
                }
            }
        }
    }
}

extension ReadinessReport.Condition {
    /// Writes the fields of an object.
    fileprivate func write(to json: inout JSONWriter) {
        if !self.isMet { json.field("cause", self.cause) }
        json.field("name", self.name)
        json.field("ok", self.isMet)
        json.field("since", self.since.description)
    }
}
