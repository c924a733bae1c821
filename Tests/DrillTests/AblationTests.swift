// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Drill

/// A guarantee is taken away, and the drill sees it: else its zeros would mean nothing.
@Suite("drill: without a guarantee", DrillFixture.isThere, .serialized, .timeLimit(.minutes(10)))
struct AblationTests {
    @Test("without the journal, what a killed worker had accepted never ends")
    func journal() async throws {
        var settings = try DrillFixture.settings()
        settings.environment["DRILL_ABLATE"] = "journal"
        settings.firstEnvironment["DRILL_STOP"] = "afterJournal:4:kill"
        settings.timeLimit = .seconds(75)
        let ledger = try await DrillFixture.hold(settings)
        #expect(ledger.counts.kills == 1)
        #expect(ledger.count(.unended) > 0, "\(ledger.table().joined(separator: "\n"))")
    }

    @Test("without adopting, lost answers make versions, builds and deployments twice")
    func adoption() async throws {
        var settings = try DrillFixture.settings()
        let rules = ["/api/v2/registry/**", "**/builds", "**/deployments"].map { path in
            #"{"match":{"method":"POST","path":"\#(path)"},"fault":"drop-after-apply","every":2}"#
        }
        settings.lastingFaults = "[\(rules.joined(separator: ","))]"
        settings.environment["DRILL_ABLATE"] = "adoption"
        let ledger = try await DrillFixture.hold(settings)
        for column in [DrillLedger.Column.duplicatedVersions, .duplicatedBuilds, .duplicatedDeployments] {
            #expect(ledger.count(column) > 0, "\(column): \(ledger.table().joined(separator: "\n"))")
        }
    }

    private static func fenceDrill(_ ablation: String, seed: UInt64) async throws -> DrillLedger {
        var settings = try DrillFixture.settings(seed: seed)
        settings.eventSpan = .seconds(1)
        settings.environment["DRILL_ABLATE"] = ablation
        settings.firstEnvironment["DRILL_STOP"] = "beforeJournal:6:freeze"
        return try await DrillFixture.hold(settings)
    }

    @Test("without the fence, a thawed worker writes behind its successor, though no new event has arrived")
    func fence() async throws {
        // A transaction that happens to hold a new event is fenced by that, and a successor may be slow to write: then the
        // next seed shows it.
        for seed: UInt64 in 1...4 {
            let ledger = try await Self.fenceDrill("fence", seed: seed)
            guard ledger.count(.staleWrites) == 0 else { return }
        }
        Issue.record("no stale write was seen in four drills")
    }

    @Test("with the fence, the same drill is clean")
    func fenceInPlace() async throws {
        let ledger = try await Self.fenceDrill("", seed: 1)
        #expect(ledger.counts.freezes == 1 && ledger.isClean, "\(ledger.table().joined(separator: "\n"))")
    }
}
