// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing
import Values

@testable import SandboxPrograms

@Suite("Tally")
struct TallyTests {
    /// Three events: one is deployed, one repeats it, one is broken.
    private static let expected: [RecordedEvent] = [
        event("first", .deployed), event("again", .duplicate), event("broken", .deadLettered, value: "{"),
    ]

    private static func event(
        _ name: String,
        _ expected: EventOutcome,
        value: String = #"{"runId": "r-1", "model": {"name": "m"}}"#
    ) -> RecordedEvent {
        let line = JSONWriter.object { writer in
            writer.field("name", name)
            writer.field("expected", expected.rawValue)
            writer.field("value", value)
        }
        do {
            return try RecordedEvent(line: line)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private static func status(_ rollout: String, _ sequence: Int, _ phase: String, run: String = "r-1") -> String {
        #"""
        {"rolloutId": "\#(rollout)", "sequence": \#(sequence), "phase": "\#(phase)", "run": {"runId": "\#(run)"},
         "model": {"name": "m"}, "ids": {"deploymentId": "d-1"}}
        """#
    }

    private static let audit = #"""
        {"operation": "CreateModelDeployment", "applied": true, "path": "/b", "ids": {"deployment_id": "d-1"}}
        """#

    /// What is seen when all goes well, with further statuses.
    private func observations(_ further: String...) throws -> Tally.Observations {
        var observations = Tally.Observations()
        observations.events = 3
        let usual = [TallyTests.status("a", 1, "accepted"), TallyTests.status("a", 2, "deployed")]
        for status in usual + further { _ = try observations.rollouts.add(Array(status.utf8)) }
        observations.deadLetters = [Array("{".utf8)]
        observations.duplicates = 1
        observations.audit = try AuditLedger(lines: Array(TallyTests.audit.utf8))
        observations.firstEventAt = Timestamp(millisecondsSinceEpoch: 1_000)
        observations.lastOutcomeAt = Timestamp(millisecondsSinceEpoch: 3_449)
        return observations
    }

    private func tally(_ observations: Tally.Observations) -> Tally {
        Tally(expected: TallyTests.expected, observations)
    }

    @Test("passes what is as expected, and sums it up in one object")
    func passes() throws {
        let tally = self.tally(try self.observations())
        #expect(tally.problems.isEmpty)
        #expect(tally.isComplete)
        #expect(tally.rows.map(\.outcome) == [.deployed, .duplicate, .deadLettered])
        #expect(
            tally.summary == #"""
                {"events":3,"deployed":1,"skipped":0,"failed":0,"superseded":0,"duplicates":1,"deadLettered":1,"duplicatesInAudit":0,"seconds":2.4}
                """#
        )
    }

    @Test("a status that is read twice is one status")
    func readTwice() throws {
        let tally = self.tally(try self.observations(TallyTests.status("a", 2, "deployed")))
        #expect(tally.problems.isEmpty)
    }

    @Test("is not complete before each event has its outcome and each rollout has ended")
    func waits() throws {
        #expect(!self.tally(Tally.Observations()).isComplete)
        var observations = try self.observations()
        observations.duplicates = 0
        #expect(!self.tally(observations).isComplete)
        observations = try self.observations()
        observations.deadLetters = []
        #expect(!self.tally(observations).isComplete)
        #expect(!self.tally(try self.observations(TallyTests.status("b", 1, "accepted", run: "r-2"))).isComplete)
    }

    @Test("finds a second end of the same rollout")
    func twoEnds() throws {
        let tally = self.tally(try self.observations(TallyTests.status("a", 3, "failed")))
        #expect(tally.problems.contains("rollout a ended more than once: deployed, failed"))
    }

    @Test("finds a rollout and a dead letter that nobody asked for")
    func strangers() throws {
        var observations = try self.observations(TallyTests.status("b", 1, "skipped", run: "r-2"))
        observations.deadLetters.append(Array("[".utf8))
        let problems = self.tally(observations).problems
        #expect(problems.contains("rollout b belongs to no expected event"))
        #expect(problems.contains("1 dead letters belong to no expected event"))
        #expect(problems.contains("5 outcomes for 3 events"))
    }

    @Test("finds what the audit has twice")
    func madeTwice() throws {
        var observations = try self.observations()
        observations.audit = try AuditLedger(lines: Array((TallyTests.audit + "\n" + TallyTests.audit).utf8))
        let tally = self.tally(observations)
        #expect(tally.problems == ["made more than once: CreateModelDeployment /b"])
        #expect(tally.summary.contains(#""duplicatesInAudit":1"#))
    }

    @Test("does not believe a deployment that the workbench never made")
    func unfounded() throws {
        var observations = try self.observations()
        observations.audit = AuditLedger()
        #expect(
            self.tally(observations).problems == [
                "rollout a is called deployed, and the workbench made no such deployment"
            ]
        )
    }

    @Test("says of each event what it is and what it has to be")
    func wrongOutcomes() throws {
        var observations = try self.observations()
        observations.duplicates = 0
        observations.deadLetters = []
        let tally = self.tally(observations)
        #expect(
            tally.problems == [
                "again: duplicate is expected, seen: nothing", "broken: deadLettered is expected, seen: nothing",
                "1 outcomes for 3 events",
            ]
        )
        #expect(tally.table.count { $0.hasPrefix("WRONG") } == 2)
    }

    @Test("finds that events are missing")
    func missingEvents() throws {
        var observations = try self.observations()
        observations.events = 2
        let problems = self.tally(observations).problems
        #expect(problems == ["3 outcomes for 2 events", "2 events were sent, 3 are expected"])
    }

    @Test(
        "reads the counter of repeated events from metrics",
        arguments: [
            ("", 0), ("slipway_events_total{outcome=\"accepted\"} 7\n", 0),
            ("# HELP slipway_events_total x\nslipway_events_total{outcome=\"duplicate\"} 3\n", 3),
        ]
    )
    func metrics(text: String, count: Int) {
        #expect(TallyReader.duplicates(inMetrics: text) == count)
    }

    @Test("the shipped events are read, each with its outcome")
    func shipped() throws {
        let events = try RecordedEvent.read(file: "\(recordedFolder)/events.ndjson")
        for outcome in EventOutcome.allCases { #expect(events.contains { $0.expected == outcome }, "\(outcome)") }
    }

    @Test("a line of the expectations that does not fit is named")
    func badLine() {
        let failure = #expect(throws: TallyFailure.self) {
            try RecordedEvent(line: Array(#"{"name": "a", "value": "", "expected": "gone"}"#.utf8))
        }
        #expect(failure?.description.contains("superseded") == true)
    }
}
