// SPDX-License-Identifier: Apache-2.0

import JSON
import SandboxPrograms

extension HostileLedger {
    /// The ledger as a table for people.
    ///
    /// - Parameter linesPerColumn: The most lines that are shown of one column.
    /// - Returns: Lines without line feeds.
    package func table(linesPerColumn: Int = 10) -> [String] {
        var lines = self.facts.map { Self.row($0, $1) } + [""]
        for column in Column.allCases {
            let count = self.count(column)
            lines.append(Self.row(column.words, "\(count)" + (count == 0 ? "" : "   WRONG")))
        }
        for column in Column.allCases where self.count(column) > 0 {
            lines += ["", "\(column.words):"]
            lines += (self.wrong[column] ?? []).prefix(linesPerColumn).map { "    \($0)" }
            let more = self.count(column) - linesPerColumn
            if more > 0 { lines.append("    and \(more) more") }
        }
        return lines + ["", self.isClean ? "clean" : "NOT CLEAN"]
    }

    private static func row(_ name: String, _ value: String) -> String {
        name + String(repeating: " ", count: max(1, 26 - name.count)) + value
    }

    private var facts: [(String, String)] {
        let counts = self.counts
        let outcomes = Self.outcomes.map { "\($0.rawValue) \(counts.outcomes[$0] ?? 0)" }
        return [
            (
                "access rules",
                self.isConfined
                    ? "the tenant may write to its own topic alone, tried" : "none: the tenant keeps to its topic"
            ),
            ("honest events", "\(counts.honest), deployed \(counts.honestDeployed)"),
            ("tenant's records", "\(counts.tenant), and \(counts.refused) that brokers refused"),
            ("what became of them", "\(outcomes.joined(separator: ", ")), dead letters \(counts.deadLetters)"),
            ("objects made", "\(counts.objects)"),
            ("tenant's under way", "\(self.highestUnderWay) at a time, quota \(HostileRoutes.underWay)"),
            ("workers killed", "\(self.kills)"),
            ("honest, before", self.times(self.calm)),
            ("honest, beside it", self.times(self.siege) + (self.bound.map { ", bound \($0.tenths) s" } ?? "")),
        ]
    }

    private static let outcomes = [EventOutcome.deployed, .superseded, .skipped, .failed]

    private func times(_ times: [Duration]) -> String {
        guard let last = times.last else { return "-" }
        return "p50 \(times[times.count / 2].tenths) s, longest \(last.tenths) s"
    }

    /// The ledger as one object of JSON.
    package func json(seed: UInt64, seconds: Double) -> String {
        let bytes = JSONWriter.object { writer in
            writer.field("seed", seed)
            writer.field("hostile", true)
            writer.field("clean", self.isClean)
            writer.field("seconds", seconds)
            writer.field("confined", self.isConfined)
            writer.object("counts") { object in
                object.field("honest", self.counts.honest)
                object.field("honestDeployed", self.counts.honestDeployed)
                object.field("tenant", self.counts.tenant)
                object.field("refused", self.counts.refused)
                for outcome in Self.outcomes {
                    object.field(named: outcome.rawValue) { $0.integer(self.counts.outcomes[outcome] ?? 0) }
                }
                object.field("deadLetters", self.counts.deadLetters)
                object.field("objects", self.counts.objects)
                object.field("underWay", self.highestUnderWay)
                object.field("kills", self.kills)
            }
            writer.object("wrong") { object in
                for column in Column.allCases {
                    object.field(named: column.rawValue) { $0.integer(self.count(column)) }
                }
            }
            writer.object("honestSeconds") { object in
                object.field("longestBefore", self.calm.last?.tenths)
                object.field("longestBeside", self.siege.last?.tenths)
                object.field("bound", self.bound?.tenths)
            }
            writer.array("evidence") { list in
                for column in Column.allCases {
                    for line in self.wrong[column] ?? [] { list.string("\(column.rawValue): \(line)") }
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension HostileLedger.Column {
    /// The column in words.
    var words: String {
        switch self {
        case .outside: "deployed outside rights"
        case .displaced: "displaced"
        case .suppressed: "suppressed"
        case .stuck: "stuck"
        case .delayed: "delayed"
        case .overQuota: "beyond its quota"
        case .unescaped: "told unescaped"
        case .lost: "tenant's records lost"
        case .unheard: "attacks never heard"
        case .unexpectedEnds: "unexpected ends"
        }
    }
}
