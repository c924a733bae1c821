// SPDX-License-Identifier: Apache-2.0

import Testing
import Worker

@testable import Drill

/// A worker stops at every boundary between two steps.
///
/// Two suites, so that two drills are held at a time and no more.
enum BoundaryDrill {
    /// Holds a drill in which the first worker freezes or kills itself at a boundary.
    static func ledger(_ checkpoint: Checkpoint, _ verb: String) async throws -> DrillLedger {
        var settings = try DrillFixture.settings()
        // Every partition taken over begins with a transaction of its own, before there is any work.
        let number = checkpoint == .beforeCommit ? 5 : 2
        settings.firstEnvironment["DRILL_STOP"] = "\(checkpoint.rawValue):\(number):\(verb)"
        return try await DrillFixture.hold(settings)
    }
}

@Suite("drill: frozen at step boundaries", DrillFixture.isThere, .serialized, .timeLimit(.minutes(15)))
struct FrozenBoundaryTests {
    @Test("thawed when its partitions are gone: nothing lost, nothing twice", arguments: Checkpoint.allCases)
    func frozen(checkpoint: Checkpoint) async throws {
        let ledger = try await BoundaryDrill.ledger(checkpoint, "freeze")
        #expect(ledger.counts.freezes == 1 && ledger.counts.kills == 0)
        #expect(ledger.isClean, "\(ledger.table().joined(separator: "\n"))")
    }
}

@Suite("drill: killed at step boundaries", DrillFixture.isThere, .serialized, .timeLimit(.minutes(15)))
struct KilledBoundaryTests {
    @Test("killed: nothing lost, nothing twice, no orphan", arguments: Checkpoint.allCases)
    func killed(checkpoint: Checkpoint) async throws {
        let ledger = try await BoundaryDrill.ledger(checkpoint, "kill")
        #expect(ledger.counts.kills == 1 && ledger.counts.freezes == 0)
        #expect(ledger.isClean && ledger.orphans.isEmpty, "\(ledger.table().joined(separator: "\n"))")
    }
}
