// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Drill

/// A worker stops at every boundary between two steps.
///
/// Two suites, so that two drills are held at a time and no more.
enum BoundaryDrill {
    /// The boundaries that `drill-worker` knows.
    static let boundaries = [
        "beforeTransaction", "beforeIntent", "afterIntent", "beforeCall", "afterCall", "beforeJournal", "afterJournal",
    ]

    /// Holds a drill in which the first worker freezes or kills itself at a boundary.
    static func ledger(_ boundary: String, _ verb: String) async throws -> DrillLedger {
        var settings = try DrillFixture.settings()
        // The first transactions make partitions ready, before there is any work.
        let number = boundary == "beforeTransaction" ? 5 : 2
        settings.firstEnvironment["DRILL_STOP"] = "\(boundary):\(number):\(verb)"
        return try await DrillFixture.hold(settings)
    }
}

@Suite("drill: frozen at step boundaries", DrillFixture.isThere, .serialized, .timeLimit(.minutes(15)))
struct FrozenBoundaryTests {
    @Test("thawed when its partitions are gone: nothing lost, nothing twice", arguments: BoundaryDrill.boundaries)
    func frozen(boundary: String) async throws {
        let ledger = try await BoundaryDrill.ledger(boundary, "freeze")
        #expect(ledger.counts.freezes == 1 && ledger.counts.kills == 0)
        #expect(ledger.isClean, "\(ledger.table().joined(separator: "\n"))")
    }
}

@Suite("drill: killed at step boundaries", DrillFixture.isThere, .serialized, .timeLimit(.minutes(15)))
struct KilledBoundaryTests {
    @Test("killed: nothing lost, nothing twice, no orphan", arguments: BoundaryDrill.boundaries)
    func killed(boundary: String) async throws {
        let ledger = try await BoundaryDrill.ledger(boundary, "kill")
        #expect(ledger.counts.kills == 1 && ledger.counts.freezes == 0)
        #expect(ledger.isClean && ledger.orphans.isEmpty, "\(ledger.table().joined(separator: "\n"))")
    }
}
