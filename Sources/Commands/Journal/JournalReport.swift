// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Rollouts
import Values

/// Prints what was found and done about the journal.
struct JournalReport: Sendable {
    let output: Output
    let isJSON: Bool

    /// Prints what was found.
    func write(_ findings: [JournalFinding], partitions: Int) throws(OutputClosed) {
        guard !self.isJSON else {
            for finding in findings { try self.writeJSON { self.fields(of: finding, &$0) } }
            return
        }
        guard !findings.isEmpty else {
            try self.output.writeLine("All records of \(partitions) journal partitions can be used.")
            return
        }
        for finding in findings {
            let place = finding.offset.map { " at \($0)" } ?? ""
            let key = finding.key.map { " '\($0)'\(place)" } ?? ""
            try self.output.writeLine(
                "partition \(finding.partition): \(finding.kind.rawValue)\(key): \(finding.message)"
            )
            if let parks = finding.parks { try self.output.writeLine("    waits: \(parks)") }
            try self.output.writeLine("    what to do: \(finding.nextStep)")
        }
    }

    private func fields(of finding: JournalFinding, _ writer: inout JSONWriter) {
        writer.field("partition", finding.partition.rawValue)
        writer.field("finding", finding.kind.rawValue)
        writer.field("key", finding.key)
        writer.field("offset", finding.offset?.rawValue)
        writer.field("waits", finding.parks)
        writer.field("message", finding.message)
        writer.field("nextStep", finding.nextStep)
        writer.field("isProblem", finding.isProblem)
    }

    /// Prints what was or would be written.
    func write(_ change: JournalChange, isApplied: Bool) throws(OutputClosed) {
        guard self.isJSON else {
            let verb = isApplied ? "written" : "to be written"
            try self.output.writeLine("partition \(change.partition): \(change.what) of '\(change.key)' \(verb)")
            try self.output.writeLine(
                "    \(isApplied ? "not known any more" : "would not be known any more"): \(change.loss)"
            )
            return
        }
        try self.writeJSON { writer in
            writer.field("partition", change.partition.rawValue)
            writer.field("key", change.key)
            writer.field("change", change.what)
            writer.field("loss", change.loss)
            writer.field("isApplied", isApplied)
        }
    }

    private func writeJSON(_ body: (inout JSONWriter) -> Void) throws(OutputClosed) {
        try self.output.writeLine(String(decoding: JSONWriter.object(body), as: UTF8.self))
    }
}
