// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Drill

@Suite("drill: plan")
struct DrillPlanTests {
    private static func settings(seed: UInt64, _ faults: Set<DrillFault> = Set(DrillFault.allCases)) -> DrillSettings {
        var settings = DrillSettings(seed: seed, bootstrapServers: "none", workerPath: "none")
        settings.faults = faults
        settings.rollouts = 300
        return settings
    }

    @Test("a seed decides everything, and another one something else")
    func seeded() {
        let plan = DrillPlan(Self.settings(seed: 4))
        #expect(plan == DrillPlan(Self.settings(seed: 4)))
        #expect(plan.events != DrillPlan(Self.settings(seed: 5)).events)
        #expect(plan.incidents != DrillPlan(Self.settings(seed: 5)).incidents)
        #expect(plan.faultWindows != DrillPlan(Self.settings(seed: 5)).faultWindows)
    }

    @Test("asks for as many rollouts as it is told, whatever the faults", arguments: [[], Set(DrillFault.allCases)])
    func counts(faults: Set<DrillFault>) {
        let plan = DrillPlan(Self.settings(seed: 9, faults))
        #expect(plan.expectedRollouts.count == 300)
        #expect(plan.unreadableCount >= 1)
        #expect(plan.events.allSatisfy { $0.at >= .zero && $0.at <= plan.span + .seconds(10) })
        #expect(Set(plan.runs.map(\.model)).count > 20, "many models")
        #expect(plan.runs.contains { $0.rank > 3 }, "with several runs each")
    }

    @Test("without a fault nothing of it happens", arguments: DrillFault.allCases)
    func switches(fault: DrillFault) {
        let with = DrillPlan(Self.settings(seed: 3, [fault]))
        let without = DrillPlan(Self.settings(seed: 3, Set(DrillFault.allCases).subtracting([fault])))
        switch fault {
        case .kill, .freeze, .rebalance, .broker, .operators:
            #expect(!with.incidents.isEmpty && with.incidents.allSatisfy { Self.fault($0.kind) == fault })
            #expect(!without.incidents.isEmpty && without.incidents.allSatisfy { Self.fault($0.kind) != fault })
        case .api, .slow, .late, .proxy, .partial, .lag, .twins, .forget:
            #expect(!with.faultWindows.isEmpty)
            let words = Self.words(of: fault)
            #expect(with.faultWindows.contains { window in words.contains { window.rules.contains($0) } })
            #expect(!without.faultWindows.contains { window in words.contains { window.rules.contains($0) } })
        case .scattered:
            #expect(Self.scattered(with) > 20 && Self.scattered(without) == 0)
        case .replay:
            #expect(
                with.expectedRollouts.contains { $0.replayID != nil }
                    && !without.expectedRollouts.contains { $0.replayID != nil }
            )
            #expect(with.events.count > without.events.count, "repeated events")
        }
    }

    /// What only the rules of a fault have in them.
    private static func words(of fault: DrillFault) -> [String] {
        switch fault {
        case .slow: ["latency"]
        case .late: ["apply-late"]
        case .proxy: ["author"]
        case .partial: ["family", "experiments", "builds**", "deployments**"]
        case .lag: ["shuffled", "stale", "visible-after"]
        case .twins: ["twice"]
        case .forget: ["forget"]
        default: ["drop-", "malformed", "rate-limit", "stall-then-500"]
        }
    }

    private static func scattered(_ plan: DrillPlan) -> Int {
        plan.events.count { if case .rollout = $0.content { $0.placement != .model } else { false } }
    }

    private static func fault(_ kind: DrillPlan.Incident.Kind) -> DrillFault {
        switch kind {
        case .kill: .kill
        case .freeze: .freeze
        case .add, .remove: .rebalance
        case .broker: .broker
        case .grow, .stray: .operators
        }
    }

    @Test("late calls are applied while nobody creates again, but for those that are meant to be orphans")
    func lateness() throws {
        let settings = Self.settings(seed: 8, [.late])
        for window in DrillPlan(settings).faultWindows {
            for rule in window.rules.split(separator: "{") where rule.contains("apply-late") {
                let isOrphan = rule.contains(#""count":1"#)
                let isLong = rule.contains(#""delay":"11000ms""#)
                #expect(isOrphan == isLong, "\(rule)")
            }
        }
    }

    @Test("what may lag is shown before anybody takes it for gone")
    func lags() {
        let settings = Self.settings(seed: 8, [.lag])
        for window in DrillPlan(settings).faultWindows {
            for rule in window.rules.split(separator: "{") where rule.contains("stale") || rule.contains("visible") {
                #expect(rule.contains(#""delay":"2000ms""#), "\(rule)")
            }
        }
    }

    @Test("freezes outlast the session")
    func freezes() {
        let settings = Self.settings(seed: 2, [.freeze])
        for incident in DrillPlan(settings).incidents {
            guard case .freeze(let length) = incident.kind else { continue }
            #expect(length > settings.times.session + .seconds(1))
        }
    }
}
