// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing

@testable import Simulation

/// The suites above are red against ports that don't keep a promise: an expectation that is never seen to fail says nothing.
///
/// Each of these fails as soon as the expectation passes.
@Suite("Ports that lack a guarantee", .timeLimit(.minutes(1)))
struct SabotagedPortTests {
    @Test("offsets before records are seen (rule 2)")
    func earlyOffsets() async throws {
        let settings = BenchSettings(hasDeadTopic: false, sabotage: .earlyOffsets)
        try await Implementation.modelled.bench(settings) { bench in
            await withKnownIssue { try await JournalPortTests.expectOrder(bench) }
        }
    }

    @Test("a restore to what is stable now is seen (rule 4)", arguments: Implementation.all)
    func shortRestore(implementation: Implementation) async throws {
        try await implementation.bench(BenchSettings(sabotage: .shortRestore)) { bench in
            await withKnownIssue { try await JournalPortTests.expectRestoreToTheEnd(bench) }
        }
    }

    @Test("a transaction that nobody checks is seen (rule 1)", arguments: JournalPortTests.Stranger.allCases)
    func unfenced(stranger: JournalPortTests.Stranger) async throws {
        try await Implementation.modelled.bench(BenchSettings(sabotage: .unfenced)) { bench in
            await withKnownIssue { try await JournalPortTests.expectFence(bench, stranger) }
        }
    }

    @Test("a stale membership that is renewed behind the machine's back is seen (rule 3)")
    func staleMembership() async throws {
        try await Implementation.modelled.bench(BenchSettings(sabotage: .staleMembership)) { bench in
            await withKnownIssue { try await JournalPortTests.expectFence(bench, .olderGeneration) }
        }
    }

    @Test("a request that is sent too late is seen (rule 5)", arguments: WorkbenchImplementation.allCases)
    func lateStart(implementation: WorkbenchImplementation) async throws {
        try await implementation.bench(before: LateStart.init) { bench in
            await withKnownIssue { try await WorkbenchPortTests.expectStartLimit(bench) }
        }
    }
}
