// SPDX-License-Identifier: Apache-2.0

import JSON
import Simulation

/// What has become of many worlds, in numbers.
struct SimulateSummary {
    /// A world that was not as it must be.
    struct Failure {
        let seed: UInt64
        let checks: [Check]
        let text: String
    }

    private(set) var failures: [Failure] = []
    private var counts: [Verdict.Counts] = []
    /// All hashes of all worlds in one.
    private var hash: UInt64 = 0
    var took = Duration.zero

    mutating func add(_ plan: Plan, _ verdict: Verdict) {
        self.counts.append(verdict.counts)
        self.hash = (self.hash &* 0x9E37_79B9_7F4A_7C15) ^ verdict.hash
        guard let first = verdict.violations.first else { return }
        self.failures.append(Failure(seed: plan.seed, checks: verdict.checks, text: first.text))
    }

    private func median(_ value: (Verdict.Counts) -> Int) -> Int {
        let sorted = self.counts.map(value).sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }

    private func least(_ value: (Verdict.Counts) -> Int) -> Int { self.counts.map(value).min() ?? 0 }

    private func sum(_ value: (Verdict.Counts) -> Int) -> Int { self.counts.reduce(0) { $0 + value($1) } }

    private var seedsAMinute: Int {
        let (seconds, attoseconds) = self.took.components
        let time = Double(seconds) + Double(attoseconds) / 1e18
        return time > 0 ? Int(Double(self.counts.count) * 60 / time) : 0
    }

    private static let medians: [(name: String, value: @Sendable (Verdict.Counts) -> Int)] = [
        ("events", { $0.events }), ("rollouts", { $0.rollouts }), ("built", { $0.built }),
        ("requests", { $0.requests }), ("creatingCalls", { $0.objects }), ("restores", { $0.restores }),
        ("transactions", { $0.transactions }), ("faults", { $0.faults }), ("turns", { $0.turns }),
        ("quietPoints", { $0.quietPoints }), ("seconds", { $0.seconds }),
    ]

    /// The numbers for people.
    var lines: [String] {
        var lines = [
            "\(self.counts.count) seeds, \(self.seedsAMinute) a minute, \(self.sum { $0.rollouts }) rollouts "
                + "with a creating call, \(self.failures.count) seeds failed",
            "a seed (median, least): "
                + Self.medians.map { "\($0.name) \(self.median($0.value)), \(self.least($0.value))" }.joined(
                    separator: "; "
                ),
            "trace \(String(self.hash, radix: 16))",
        ]
        if !self.failures.isEmpty {
            var checks: [String] = []
            for check in Check.allCases {
                let seeds = self.failures.filter { $0.checks.contains(check) }.map { String($0.seed) }
                guard !seeds.isEmpty else { continue }
                let more = seeds.count > 10 ? " and \(seeds.count - 10) more" : ""
                checks.append(
                    "    \(check.rawValue): \(seeds.count) seeds (\(seeds.prefix(10).joined(separator: ", "))\(more))"
                )
            }
            lines += ["failed:"] + checks
        }
        return lines
    }

    /// The numbers as one object of JSON.
    var json: String {
        let bytes = JSONWriter.object { writer in
            writer.field("seeds", self.counts.count)
            writer.field("seedsAMinute", self.seedsAMinute)
            writer.field("rollouts", self.sum { $0.rollouts })
            writer.field("trace", String(self.hash, radix: 16))
            writer.object("median") { object in
                for (name, value) in Self.medians { object.field(named: name) { $0.integer(self.median(value)) } }
            }
            writer.object("least") { object in
                for (name, value) in Self.medians { object.field(named: name) { $0.integer(self.least(value)) } }
            }
            writer.array("failures") { list in
                for failure in self.failures {
                    list.object { object in
                        object.field("seed", failure.seed)
                        object.array("checks") { list in for check in failure.checks { list.string(check.rawValue) } }
                        object.field("first", failure.text)
                    }
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
