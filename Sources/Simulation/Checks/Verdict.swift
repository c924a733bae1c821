// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values
import WorkbenchSandbox

/// What has become of a world.
package struct Verdict: Sendable {
    /// What happened, in numbers.
    package struct Counts: Sendable, Equatable {
        /// Rollouts for which a creating call was applied or sent.
        package var rollouts = 0
        /// Rollouts of which a build was made.
        package var built = 0
        /// Events that a rollout was expected of.
        package var events = 0
        /// Requests that arrived at the workbench.
        package var requests = 0
        /// Objects that were made.
        package var objects = 0
        /// Restores of journal partitions.
        package var restores = 0
        /// Transactions that were committed.
        package var transactions = 0
        /// Faults that took effect.
        package var faults = 0
        /// Inputs that machines took, by turns.
        package var turns = 0
        /// Moments at which nothing was under way.
        package var quietPoints = 0
        /// How long it took in the world, in seconds.
        package var seconds = 0
    }

    /// What is not as it must be.
    package let violations: [Violation]
    /// What happened, in numbers.
    package let counts: Counts
    /// A hash of all that happened: the same world gives the same.
    package let hash: UInt64
    /// Which pairs of state and input were taken, where that was wanted.
    package let coverage: Coverage
    /// How often each fault of the plan took effect.
    package let effects: [Int]

    /// Whether everything is as it must be.
    package var isClean: Bool { self.violations.isEmpty }

    /// What was not as it must be, each check once.
    package var checks: [Check] { Check.allCases.filter { check in self.violations.contains { $0.check == check } } }

    init(_ world: World) {
        var counts = Counts()
        counts.events = world.ledger.expectedOrder.count
        counts.requests = world.gateway.requestCount
        counts.objects = world.ledger.objects.makings.count
        let makings = world.ledger.objects.makings
        counts.rollouts = Set(makings.compactMap(\.rollout)).count
        counts.built = Set(makings.lazy.filter { $0.kind == .build }.compactMap(\.rollout)).count
        for process in world.processes {
            counts.restores += process.journal.restoreCount
            counts.transactions += process.journal.committedCount
            counts.turns += process.turns
        }
        var effects = world.counter.counts
        for (rule, fault) in zip(world.gateway.sandbox.faults.rules, SandboxFaults.owners(world.plan)) {
            effects[fault] += Int(rule.fired)
        }
        counts.faults = effects.count { $0 > 0 }
        counts.quietPoints = world.quietPoints
        counts.seconds = Int((world.clockwork.now.nanoseconds - 1_000_000_000) / 1_000_000_000)
        self.counts = counts
        self.effects = effects
        self.violations = world.ledger.violations
        var trace = world.trace
        trace.mix(UInt64(world.ledger.violations.count))
        trace.mix(UInt64(counts.requests))
        self.hash = trace.hash
        self.coverage = world.ledger.coverage
    }
}
