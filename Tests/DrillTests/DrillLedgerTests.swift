// SPDX-License-Identifier: Apache-2.0

import SandboxPrograms
import Testing
import Values

@testable import Drill

@Suite("drill: ledger")
struct DrillLedgerTests {
    /// The columns that are wrong.
    private static func red(_ crafted: CraftedObservations) -> [DrillLedger.Column: Int] {
        DrillLedger(crafted.seen).wrong.mapValues(\.count)
    }

    @Test("what went well is clean, and counted")
    func clean() throws {
        var crafted = try CraftedObservations.clean()
        crafted.seen.faultedCalls = ["status": 3, "latency": 4]
        let ledger = DrillLedger(crafted.seen)
        #expect(ledger.wrong.isEmpty && ledger.isClean && ledger.orphans.isEmpty)
        #expect(ledger.counts.rollouts == 2 && ledger.counts.outcomes == [.deployed: 2])
        #expect(ledger.counts.objects == 7 && ledger.counts.faultedCalls == 7)
        #expect(ledger.table().last == "clean")
        #expect(ledger.json(seed: 5, seconds: 1.5).contains(#""clean":true"#))
    }

    // MARK: Every column is seen red

    @Test("lost: an event without a rollout, an unreadable one without a dead letter")
    func lost() throws {
        var crafted = try CraftedObservations.clean()
        try crafted.addRun(rank: 2)
        crafted.seen.deadLetters = []
        // The newest run is not deployed either.
        #expect(Self.red(crafted) == [.lost: 2, .staleOverNew: 1])
    }

    @Test(
        "duplicated: each kind, where nothing outside the worker explains it",
        arguments: [
            (DrillLedger.Column.duplicatedVersions, "CreateRegisteredModel", #""version_id":"v9""#, "/x"),
            (.duplicatedModels, "CreateModel", #""model_id":"m9""#, "/x"),
            (.duplicatedBuilds, "CreateModelBuild", #""build_id":"b9""#, "/x"),
            (
                .duplicatedDeployments, "CreateModelDeployment", #""build_id":"b0","deployment_id":"d9""#,
                "/builds/b0/deployments"
            ),
        ]
    )
    func duplicated(column: DrillLedger.Column, operation: String, ids: String, path: String) throws {
        var crafted = try CraftedObservations.clean()
        let markers =
            switch column {
            case .duplicatedVersions: CraftedObservations.version(0, "rollout-0")
            case .duplicatedModels: #""name":"churn""#
            default: #""comment":"slipway:rollout-0","registered_model_version_id":"v0""#
            }
        crafted.make(operation, ids, markers, path: path, at: 20_000)
        try crafted.sealAudit()
        #expect(Self.red(crafted) == [column: 1])
    }

    @Test("reordered: an older run is deployed after a newer one, and stale over new: it stays")
    func reordered() throws {
        var crafted = CraftedObservations()
        for rank in [0, 1] { try crafted.addRun(rank: rank) }
        for (place, rank) in [1, 0].enumerated() { try crafted.deploy(rank: rank, at: Int64(place) * 10_000) }
        #expect(Self.red(crafted) == [.reordered: 1, .staleOverNew: 1])
        // A third one puts the end right, not the way there.
        try crafted.addRun(rank: 2)
        try crafted.deploy(rank: 2, at: 30_000)
        #expect(Self.red(crafted) == [.reordered: 1])
    }

    @Test("stale writes: a generation that goes back, and two writers in one")
    func staleWrites() throws {
        var crafted = try CraftedObservations.clean()
        crafted.journal("rollout-1", at: 16_000, "b", 3, isTerminal: true)
        #expect(Self.red(crafted) == [:])
        crafted.journal("rollout-1", at: 16_100, "a", 2, isTerminal: true)
        #expect(Self.red(crafted) == [.staleWrites: 1])
        crafted.journal("rollout-1", at: 16_200, "c", 3, isTerminal: true)
        #expect(Self.red(crafted) == [.staleWrites: 2])
    }

    @Test("a rollout without a last status, and one with two")
    func lastStatuses() throws {
        var crafted = try CraftedObservations.clean()
        try crafted.addRun(rank: 2)
        try crafted.status(rank: 2, phase: "building")
        try crafted.status(rank: 1, phase: "deployed")
        #expect(Self.red(crafted) == [.unended: 1, .endedTwice: 1, .staleOverNew: 1])
    }

    @Test("a rollout that failed or was skipped, and one that nobody asked for")
    func failedAndUnasked() throws {
        var crafted = try CraftedObservations.clean()
        for (rank, phase) in [(2, "failed"), (3, "skipped")] {
            try crafted.addRun(rank: rank)
            try crafted.status(rank: rank, phase: phase, cause: "serverError")
        }
        try crafted.status(rank: 4, phase: "superseded")
        #expect(Self.red(crafted) == [.failed: 2, .unasked: 1, .staleOverNew: 1])
    }

    @Test("another event about a run: a duplicate of the one that is served, and not served too")
    func anotherEvent() throws {
        var crafted = try CraftedObservations.clean()
        try crafted.status(rank: 1, phase: "skipped", cause: "duplicate", rollout: "another-1")
        #expect(Self.red(crafted) == [:])
        try crafted.status(rank: 1, phase: "skipped", cause: "gate", rollout: "another-2")
        #expect(Self.red(crafted) == [.failed: 1])
        try crafted.status(rank: 1, phase: "deployed", rollout: "another-3")
        #expect(Self.red(crafted)[.unasked] == 1)
        try crafted.addRun(rank: 2)
        try crafted.status(rank: 2, phase: "skipped", cause: "duplicate")
        #expect(Self.red(crafted)[.lost] == 1, "each is a duplicate of another")
    }

    @Test("wrongly dead-lettered: a good event, one put aside twice, one of unknown origin")
    func wronglyDead() throws {
        var crafted = try CraftedObservations.clean()
        crafted.seen.deadLetters += [
            .init(partition: 0, offset: 1), .init(partition: 1, offset: 7), nil,
        ]
        #expect(Self.red(crafted) == [.wronglyDead: 3])
    }

    @Test("unexpected ends and stalls that no readiness names")
    func endsAndStalls() throws {
        var crafted = try CraftedObservations.clean()
        crafted.seen.unexpectedEnds = ["worker 1 ended by itself"]
        crafted.seen.stallLimit = .seconds(4)
        let ledger = DrillLedger(crafted.seen)
        #expect(ledger.wrong.mapValues(\.count) == [.unexpectedEnds: 1, .unnamedStalls: 2])
        #expect(ledger.longestStall == .init(length: .seconds(5), cause: nil))
        // Between the two rollouts there was no work, so that was no stall.
        crafted.seen.health = [
            .init(at: wall(3_000), cause: "workbench: down"), .init(at: wall(12_000), cause: "group: waiting"),
        ]
        #expect(Self.red(crafted) == [.unexpectedEnds: 1])
        #expect(DrillLedger(crafted.seen).longestStall?.cause == "workbench: down")
    }

    // MARK: Orphans

    /// A second build of a rollout, made at 20 s.
    private static func withSecondBuild(fault: String? = nil, isTold: Bool = true) throws -> CraftedObservations {
        var crafted = try CraftedObservations.clean()
        let markers = #""comment":"slipway:rollout-0","registered_model_version_id":"v0""#
        crafted.make("CreateModelBuild", #""build_id":"b9""#, markers, at: 20_000, fault: fault)
        try crafted.sealAudit()
        if isTold { try crafted.status(rank: 0, phase: "orphan", sequence: 7, orphans: #"{"id":"b9"}"#) }
        return crafted
    }

    @Test("an object too many is an orphan where a late call explains it")
    func lateCall() throws {
        let ledger = DrillLedger(try Self.withSecondBuild(fault: "apply-late").seen)
        #expect(ledger.isClean && ledger.orphans.count == 1)
        #expect(ledger.orphans.first?.explanation.contains("apply-late") == true)
    }

    @Test("and where a gateway had sent the call on twice")
    func twin() throws {
        let ledger = DrillLedger(try Self.withSecondBuild(fault: "twice").seen)
        #expect(ledger.isClean && ledger.orphans.count == 1)
        #expect(ledger.orphans.first?.explanation.contains("twice") == true)
        var crafted = try Self.withSecondBuild(fault: "twice", isTold: false)
        #expect(Self.red(crafted) == [.untoldOrphans: 1])
        // A replay of the run that goes by the second one tells it.
        try crafted.status(rank: 9, phase: "superseded", rollout: "rollout-0")
        #expect(Self.red(crafted)[.untoldOrphans] == nil)
    }

    @Test("an explained orphan that no worker tells of is not clean")
    func untold() throws {
        let crafted = try Self.withSecondBuild(fault: "apply-late", isTold: false)
        #expect(Self.red(crafted) == [.untoldOrphans: 1])
    }

    @Test(
        "a freeze explains an object only if that worker had the rollout and sent the call when it was thawed",
        arguments: [("a", Int64(19_500), true), ("b", 19_500, false), ("a", 21_000, false), ("a", 6_000, false)]
    )
    func freeze(worker: String, thawedAt: Int64, explains: Bool) throws {
        var crafted = try Self.withSecondBuild()
        crafted.seen.injectedFaults = [
            InjectedFault(kind: .freeze, worker: worker, from: wall(3_000), until: wall(thawedAt))
        ]
        let ledger = DrillLedger(crafted.seen)
        #expect(ledger.isClean == explains)
        #expect(ledger.count(.duplicatedBuilds) == (explains ? 0 : 1) && ledger.orphans.count == (explains ? 1 : 0))
    }

    @Test("an object that its own rollout does not know is an unexplained orphan")
    func unknownObject() throws {
        var crafted = try CraftedObservations.clean()
        try crafted.addRun(rank: 2)
        try crafted.status(rank: 2, phase: "superseded")
        crafted.make(
            "CreateRegisteredModel",
            #""version_id":"v77""#,
            CraftedObservations.version(2, "rollout-2"),
            at: 9_000
        )
        try crafted.sealAudit()
        #expect(Self.red(crafted)[.unexplainedOrphans] == 1)
    }

    // MARK: Figures

    @Test("recoveries run from a kill to the next step of a partition with unfinished work")
    func recoveries() throws {
        var crafted = try CraftedObservations.clean()
        crafted.seen.injectedFaults = [
            InjectedFault(kind: .kill, worker: "a", from: wall(1_000), until: wall(1_000)),
            // Nothing was under way then, and nothing of the partition was that worker's.
            InjectedFault(kind: .kill, worker: "a", from: wall(7_000), until: wall(7_000)),
            InjectedFault(kind: .kill, worker: "b", from: wall(12_000), until: wall(12_000)),
        ]
        let ledger = DrillLedger(crafted.seen)
        #expect(ledger.recoveries == [.seconds(4)])
        #expect(ledger.recovery(percentile: 50) == .seconds(4) && ledger.recovery(percentile: 99) == .seconds(4))
        #expect(DrillLedger(try CraftedObservations.clean().seen).recovery(percentile: 50) == nil)
    }

    @Test("the table names what is behind a red column, and how much is left out")
    func table() throws {
        var crafted = try CraftedObservations.clean()
        crafted.seen.unexpectedEnds = (1...12).map { "worker \($0) ended" }
        let table = DrillLedger(crafted.seen).table(linesPerColumn: 10)
        #expect(table.contains { $0.hasPrefix("unexpected ends") && $0.hasSuffix("12   WRONG") })
        #expect(table.contains("    worker 1 ended") && table.contains("    and 2 more"))
        #expect(table.last == "NOT CLEAN")
    }
}
