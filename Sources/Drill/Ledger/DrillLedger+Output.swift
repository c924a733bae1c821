// SPDX-License-Identifier: Apache-2.0

import JSON
import SandboxPrograms

extension DrillLedger {
    /// The ledger as a table for people: what happened, then every column, and what is behind those that are not zero.
    ///
    /// - Parameter linesPerColumn: The most lines that are shown of one column.
    /// - Returns: Lines without line feeds.
    package func table(linesPerColumn: Int = 10) -> [String] {
        var lines: [String] = []
        for (name, value) in self.facts { lines.append(DrillLedger.row(name, value)) }
        lines.append("")
        for column in Column.allCases {
            let count = self.count(column)
            lines.append(DrillLedger.row(column.words, "\(count)" + (count == 0 ? "" : "   WRONG")))
        }
        lines.append(DrillLedger.row("orphans explained", "\(self.orphans.count)"))
        for orphan in self.orphans.prefix(linesPerColumn) {
            lines.append("    \(orphan.object): \(orphan.explanation)")
        }
        for column in Column.allCases where self.count(column) > 0 {
            lines.append("")
            lines.append("\(column.words):")
            for line in (self.wrong[column] ?? []).prefix(linesPerColumn) { lines.append("    \(line)") }
            let more = self.count(column) - linesPerColumn
            if more > 0 { lines.append("    and \(more) more") }
        }
        lines.append("")
        lines.append(self.isClean ? "clean" : "NOT CLEAN")
        return lines
    }

    private static func row(_ name: String, _ value: String) -> String {
        name + String(repeating: " ", count: max(1, 26 - name.count)) + value
    }

    private var facts: [(String, String)] {
        let counts = self.counts
        let outcomes = [EventOutcome.deployed, .superseded, .skipped, .failed].map { outcome in
            "\(outcome.rawValue) \(counts.outcomes[outcome] ?? 0)"
        }
        let percentiles = [50, 99].map { percentile in
            "p\(percentile) " + (self.recovery(percentile: percentile).map { "\($0.tenths) s" } ?? "-")
        }
        let stall = self.longestStall.map { stall in
            "\(stall.length.tenths) s, " + (stall.cause.map { "named: \($0)" } ?? "every worker was ready")
        }
        return [
            (
                "events",
                "\(counts.events) (forwarded \(counts.forwarded), moved \(counts.moved), dead letters \(counts.deadLetters))"
            ),
            ("rollouts", "\(counts.rollouts): \(outcomes.joined(separator: ", "))"),
            ("objects made", "\(counts.objects)"),
            ("journal records", "\(counts.journalRecords)"),
            ("kills", "\(counts.kills)"),
            ("freezes", "\(counts.freezes)"),
            ("workers added, removed", "\(counts.changes)"),
            ("rebalances", "\(counts.rebalances)"),
            ("broker restarts", "\(counts.brokerRestarts)"),
            ("done to topics", "\(counts.operatorDeeds)"),
            ("faulted calls", "\(counts.faultedCalls)"),
            ("recoveries", "\(self.recoveries.count): \(percentiles.joined(separator: ", "))"),
            ("longest stall", stall ?? "-"),
        ]
    }

    /// The ledger as one object of JSON; its numbers can be summed over drills.
    package func json(seed: UInt64, seconds: Double) -> String {
        let bytes = JSONWriter.object { writer in
            writer.field("seed", seed)
            writer.field("clean", self.isClean)
            writer.field("seconds", seconds)
            writer.object("counts") { self.write(self.counts, &$0) }
            writer.object("wrong") { object in
                for column in Column.allCases {
                    object.field(named: column.rawValue) { $0.integer(self.count(column)) }
                }
            }
            writer.array("orphans") { list in
                for orphan in self.orphans {
                    list.object { object in
                        object.field("object", orphan.object)
                        object.field("explanation", orphan.explanation)
                    }
                }
            }
            writer.object("recoverySeconds") { object in
                object.field("count", self.recoveries.count)
                object.field("p50", self.recovery(percentile: 50)?.tenths)
                object.field("p99", self.recovery(percentile: 99)?.tenths)
            }
            writer.object("longestStall") { object in
                object.field("seconds", self.longestStall?.length.tenths)
                object.field("cause", self.longestStall?.cause)
            }
            writer.array("evidence") { list in
                for column in Column.allCases {
                    for line in self.wrong[column] ?? [] { list.string("\(column.rawValue): \(line)") }
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(_ counts: Counts, _ writer: inout JSONWriter) {
        writer.field("events", counts.events)
        writer.field("forwarded", counts.forwarded)
        writer.field("moved", counts.moved)
        writer.field("deadLetters", counts.deadLetters)
        writer.field("rollouts", counts.rollouts)
        for outcome in [EventOutcome.deployed, .superseded, .skipped, .failed] {
            writer.field(named: outcome.rawValue) { $0.integer(counts.outcomes[outcome] ?? 0) }
        }
        writer.field("objects", counts.objects)
        writer.field("journalRecords", counts.journalRecords)
        writer.field("kills", counts.kills)
        writer.field("freezes", counts.freezes)
        writer.field("changes", counts.changes)
        writer.field("rebalances", counts.rebalances)
        writer.field("brokerRestarts", counts.brokerRestarts)
        writer.field("operatorDeeds", counts.operatorDeeds)
        writer.field("faultedCalls", counts.faultedCalls)
    }
}

extension DrillLedger.Column {
    /// The column in words.
    var words: String {
        switch self {
        case .lost: "lost"
        case .duplicatedVersions: "duplicated versions"
        case .duplicatedModels: "duplicated models"
        case .duplicatedBuilds: "duplicated builds"
        case .duplicatedDeployments: "duplicated deployments"
        case .reordered: "reordered"
        case .staleOverNew: "stale over new"
        case .staleWrites: "stale writes"
        case .unended: "without a last status"
        case .endedTwice: "more than one last status"
        case .failed: "failed"
        case .unasked: "rollouts nobody asked for"
        case .wronglyDead: "wrongly dead-lettered"
        case .unexplainedOrphans: "orphans unexplained"
        case .untoldOrphans: "orphans not told"
        case .unnamedStalls: "stalls not named"
        case .unexpectedEnds: "unexpected ends"
        }
    }
}
