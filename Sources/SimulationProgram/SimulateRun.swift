// SPDX-License-Identifier: Apache-2.0

import Simulation

/// Runs the worlds that were asked for, one after the other, and tells what has become of them.
struct SimulateRun {
    private let settings: SimulateSettings
    private var summary = SimulateSummary()
    private var coverage = Coverage()
    private let output: StoryOutput

    init(_ settings: SimulateSettings, _ output: StoryOutput) {
        self.settings = settings
        self.output = output
    }

    /// Whether every world was as it must be; with a sabotage, whether none was noticed, which is for the caller to judge.
    var isClean: Bool { self.summary.failures.isEmpty }

    mutating func run() throws {
        let began = ContinuousClock.now
        if let plan = self.settings.plan {
            try self.run(plan)
        } else {
            let deadline = self.settings.minutes.map { began + .seconds($0 * 60) }
            var seed = self.settings.seeds.lowerBound
            while deadline.map({ ContinuousClock.now < $0 }) ?? (seed <= self.settings.seeds.upperBound) {
                var generator = PlanGenerator(seed: seed, kinds: self.settings.kinds)
                try self.run(generator.plan())
                seed += 1
            }
        }
        self.summary.took = ContinuousClock.now - began
        if self.settings.isJSON {
            try self.output.writeLine(self.summary.json)
        } else {
            for line in self.summary.lines { try self.output.writeLine(line) }
        }
        if self.settings.coverage { for line in self.coverage.lines { try self.output.writeLine(line) } }
    }

    private mutating func run(_ plan: Plan) throws {
        CurrentSeed.set(plan.seed)
        let verdict = self.world(plan, tells: self.settings.tells).run()
        try self.output.rethrow()
        if self.settings.coverage { self.coverage.add(verdict.coverage) }
        self.summary.add(plan, verdict)
        guard !verdict.isClean, !self.settings.isJSON else { return }
        try self.output.writeLine("seed \(plan.seed): \(verdict.checks.map(\.rawValue).joined(separator: ", "))")
        for violation in verdict.violations.prefix(8) {
            try self.output.writeLine("    \(violation.check.rawValue): \(violation.text)")
        }
        if verdict.violations.count > 8 { try self.output.writeLine("    and \(verdict.violations.count - 8) more") }
        try self.output.writeLine("    \(self.command(plan))")
        if self.settings.shrinks { try self.shrink(plan, verdict) }
    }

    private func world(_ plan: Plan, tells: Bool) -> World {
        let output = self.output
        let story: ((String) -> Void)? = tells ? { output.write($0) } : nil
        return World(plan, story: story, covers: self.settings.coverage, sabotage: self.settings.sabotage)
    }

    /// The command that runs the same world again and tells its story.
    private func command(_ plan: Plan) -> String {
        guard self.settings.plan == nil else { return "slipway-sandbox simulate --plan FILE --story" }
        var words = "slipway-sandbox simulate --seeds \(plan.seed)..\(plan.seed)"
        if let faults = self.settings.faultsText { words += " --faults \(faults)" }
        if let sabotage = self.settings.sabotage { words += " --sabotage \(sabotage.rawValue)" }
        return words + " --story"
    }

    private func shrink(_ plan: Plan, _ verdict: Verdict) throws {
        guard let check = verdict.violations.first?.check else { return }
        let sabotage = self.settings.sabotage
        var shrinker = Shrinker { World($0, sabotage: sabotage).run().violations.contains { $0.check == check } }
        let small = shrinker.shrink(plan)
        try self.output.writeLine(
            "shrunk to \(small.events.count) events, \(small.faults.count) faults and \(small.settings.workers) workers in \(shrinker.tries) tries (\(check.rawValue)):"
        )
        _ = self.world(small, tells: true).run()
        try self.output.rethrow()
        try self.output.writeLine("the plan; save it as FILE, then: slipway-sandbox simulate --plan FILE --story")
        try self.output.writeLine(String(decoding: small.json, as: UTF8.self))
    }
}
