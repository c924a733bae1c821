// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Rollouts

/// Prints what was found and done about topics.
struct TopicReport: Sendable {
    let output: Output
    let isJSON: Bool

    /// Prints what was done.
    func write(_ changes: [TopicKeeper.Change]) throws(OutputClosed) {
        for change in changes {
            guard self.isJSON else {
                try self.output.writeLine("\(change.topic): \(change.message)")
                continue
            }
            try self.writeJSON { writer in
                writer.field("topic", change.topic)
                writer.field("change", change.message)
            }
        }
    }

    /// Prints what was found.
    func write(_ findings: [TopicFinding]) throws(OutputClosed) {
        for finding in findings {
            guard self.isJSON else {
                let next = finding.nextStep.isEmpty ? "" : "; what to do: \(finding.nextStep)"
                try self.output.writeLine("\(finding.topic): \(finding.kind.rawValue): \(finding.message)\(next)")
                continue
            }
            try self.writeJSON { writer in
                writer.field("topic", finding.topic)
                writer.field("finding", finding.kind.rawValue)
                writer.field("message", finding.message)
                writer.field("nextStep", finding.nextStep)
                writer.field("isProblem", finding.isProblem)
            }
        }
        if findings.isEmpty, !self.isJSON { try self.output.writeLine("All topics are as they should be.") }
    }

    private func writeJSON(_ body: (inout JSONWriter) -> Void) throws(OutputClosed) {
        try self.output.writeLine(String(decoding: JSONWriter.object(body), as: UTF8.self))
    }
}
