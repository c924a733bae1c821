// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Drill

/// A guarantee is taken away, and the drill sees it: else its zeros would mean nothing.
@Suite("drill: without a guarantee", DrillBed.isThere, .serialized, .timeLimit(.minutes(10)))
struct AblationTests {
    @Test("without the journal, what a killed worker had accepted never ends")
    func journal() async throws {
        var settings = try DrillBed.settings()
        settings.environment["DRILL_ABLATE"] = "journal"
        settings.firstEnvironment["DRILL_STOP"] = "afterJournal:4:kill"
        settings.timeLimit = .seconds(75)
        let ledger = try await DrillBed.hold(settings)
        #expect(ledger.counts.kills == 1)
        #expect(ledger.count(.unended) > 0, "\(ledger.table().joined(separator: "\n"))")
    }

    @Test("without adopting, lost answers make versions, builds and deployments twice")
    func adoption() async throws {
        var settings = try DrillBed.settings()
        let rules = ["/api/v2/registry/**", "**/builds", "**/deployments"].map { path in
            #"{"match":{"method":"POST","path":"\#(path)"},"fault":"drop-after-apply","every":2}"#
        }
        settings.lastingFaults = "[\(rules.joined(separator: ","))]"
        settings.environment["DRILL_ABLATE"] = "adoption"
        let ledger = try await DrillBed.hold(settings)
        for column in [DrillLedger.Column.duplicatedVersions, .duplicatedBuilds, .duplicatedDeployments] {
            #expect(ledger.count(column) > 0, "\(column): \(ledger.table().joined(separator: "\n"))")
        }
    }

    @Test(
        "without the fence, a thawed worker writes behind its successor, though no new event has arrived",
        arguments: ["fence", ""]
    )
    func fence(ablation: String) async throws {
        var settings = try DrillBed.settings()
        settings.eventSpan = .seconds(1)
        settings.environment["DRILL_ABLATE"] = ablation
        settings.firstEnvironment["DRILL_STOP"] = "beforeJournal:4:freeze"
        let ledger = try await DrillBed.hold(settings)
        #expect(ledger.counts.freezes == 1)
        let table = ledger.table().joined(separator: "\n")
        if ablation.isEmpty {
            #expect(ledger.isClean, "\(table)")
        } else {
            #expect(ledger.count(.staleWrites) > 0, "\(table)")
        }
    }
}
