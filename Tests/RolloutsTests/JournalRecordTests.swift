// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Testing
import Values

@testable import Rollouts

/// What is written to the journal and what is read back.
struct JournalRecordTests {
    private static let writer = JournalRecord.Writer(process: "slipway-group-1", generation: 3)

    /// A state in which every field has a value of its own.
    private static var full: RolloutState {
        var plan = RolloutPlan.sample(
            gates: [
                Gate(source: .metric, key: "a", minimum: 0.1, maximum: 1e300, betterThanDeployed: .lower),
                Gate(source: .tag, key: "b", equals: "c \"quoted\" \\ \u{1} \u{7F} é 🚢"),
            ],
            verification: Verification(request: "{\"a\":1}", expect: "[2]")
        )
        plan.run = RunReference(
            projectID: "p",
            projectName: "pn",
            experimentID: "e",
            experimentName: "en",
            runID: "r"
        )
        plan.modelDescription = "line\nbreak\ttab"
        plan.disableAuthentication = true
        plan.runtime = .newest(kernel: "Python 3.10", edition: "Standard", editor: "JupyterLab")
        plan.buildComment = "comment"
        plan.deployment = DeploymentSize(
            cpu: 0.5,
            memoryGB: 1.25,
            gpus: 1,
            replicas: 3,
            environment: ["A": "1", "": "é"]
        )
        plan.queue = .every
        plan.deadlines = StepDeadlines(resolve: 1, register: 2, build: 3, deploy: 4, verify: 31_622_400_000)
        plan.naming = PendingName(template: "m-{runId}", subject: "subject \"é\"")
        let replay = Replay(id: "x", reason: "because", allowsRollback: true)
        var state = RolloutState.sample(7, partition: 5, plan: plan, replay: replay)
        state.origin.partition = 2
        state.enter(.building, at: wall(1_700_000_000_500))
        state.enter(.waiting, at: wall(1_700_000_000_900), cause: Cause(.unavailable, "down", httpStatus: 503))
        state.step = .build
        state.run = .sample(3)
        state.made.registeredModelID = "rm"
        state.made.versionID = "v"
        state.made.modelID = "m"
        state.made.runtimeIdentifier = "runtime"
        state.made.buildID = "b"
        state.made.deploymentID = "d"
        state.intent = .deployment
        state.movedFrom = 9
        state.nonce = 0x5a5a
        state.askedAt = wall(1_700_000_001_000)
        state.doubt(.build, until: wall(1_700_000_090_000))
        state.aftermath?.looks = 1
        state.aftermath?.orphans = [Orphan(kind: .version, id: "v2", outcome: .left)]
        return state
    }

    private static let states: [RolloutState] = {
        var reduced = full
        reduced.plan.runtime = .newest(kernel: "k", edition: "e", editor: nil)
        reduced.plan.verification = Verification(request: "")
        return [.sample(), full, reduced]
    }()

    private func snapshot(_ records: [JournalRecord]) -> JournalSnapshot {
        var snapshot = JournalSnapshot()
        for record in records { record.add(to: &snapshot) }
        return snapshot
    }

    private func record(_ state: RolloutState) -> JournalRecord {
        JournalRecord(state, writer: Self.writer)
    }

    @Test(arguments: states)
    func aRolloutIsReadBackAsItWas(state: RolloutState) throws {
        #expect(self.snapshot([self.record(state)]).restored().unfinished == [state])
    }

    /// The writer written by hand says the same as the compiler's own encoder.
    @Test(arguments: states)
    func theTextSaysWhatTheCompilersEncoderSays(state: RolloutState) throws {
        let ours = try JSONValue(parsing: self.record(state).value ?? [])
        let theirs = try JSONValue(parsing: Array(JSONEncoder().encode(state)))
        #expect(ours.sorted == theirs.sorted)
    }

    @Test(arguments: [nil, .sample(2)] as [ResolvedRun?])
    func aLaneIsReadBackAsItWas(live: ResolvedRun?) throws {
        var lane = LaneState(
            projectID: "p",
            modelName: "m/ü",
            newestDeployed: RunFacts.sample(4).order,
            live: live
        )
        if live != nil {
            lane.place = DeploymentPlace(projectID: "p", modelID: "m", buildID: "b", deploymentID: "d")
            lane.registeredModel = KnownRegisteredModel(id: "rm", name: "p-m")
            lane.rolledBackFrom = RunFacts.sample(4).order
            lane.newestAccepted = Acceptance(at: wall(5), id: RolloutID(6))
            lane.liveHolders = [
                LiveHolder(.sample(5)), LiveHolder(.sample(6, replay: Replay(id: "x", reason: "because"))),
            ]
        }
        let record = JournalRecord(lane, writer: Self.writer)
        #expect(self.snapshot([record]).restored().lanes == [lane])
    }

    @Test
    func headersSayWhatARestoreMustKnow() throws {
        let record = self.record(Self.full)
        func text(_ name: String) -> String? { record.header(name).map { String(decoding: $0, as: UTF8.self) } }
        #expect(text(JournalRecord.HeaderName.schema) == "4")
        #expect(text(JournalRecord.HeaderName.kind) == "rollout")
        #expect(text(JournalRecord.HeaderName.sequence) == "3")
        #expect(text(JournalRecord.HeaderName.phase) == "waiting")
        #expect(text(JournalRecord.HeaderName.step) == "build")
        #expect(text(JournalRecord.HeaderName.process) == "slipway-group-1")
        #expect(text(JournalRecord.HeaderName.generation) == "3")
        #expect(text(JournalRecord.HeaderName.lane) == Self.full.laneKey?.journalText)
    }

    @Test
    func fieldsOfALaterVersionAreIgnored() throws {
        var record = self.record(Self.full)
        record.value = Array("{\"later\":{\"a\":[1]},".utf8) + (record.value?.dropFirst() ?? [])
        record.headers.append(RecordHeader("slipway_later", [1]))
        #expect(self.snapshot([record]).restored().unfinished == [Self.full])
    }

    @Test
    func theLastRecordOfAKeyCounts() throws {
        var later = Self.full
        later.enter(.deploying, at: wall(1_700_000_002_000))
        #expect(self.snapshot([self.record(Self.full), self.record(later)]).restored().unfinished == [later])
        later.enter(.deployed, at: wall(1_700_000_003_000))
        let restored = self.snapshot([self.record(Self.full), self.record(later)]).restored()
        #expect(restored.unfinished == [])
        #expect(restored.known.contains(later.id))
    }

    @Test
    func anEndedRolloutIsNotDecoded() throws {
        var state = Self.full
        state.enter(.failed, at: wall(1_700_000_003_000))
        // Nor is anything of it still to be swept.
        state.aftermath?.doubts = []
        var record = self.record(state)
        record.value = [0xFF]
        #expect(self.snapshot([record]).restored().known.contains(state.id))
    }

    @Test
    func aTombstoneTakesAwayWhatItNames() throws {
        let lane = LaneState(projectID: "p", modelName: "m", newestDeployed: RunFacts.sample(4).order, live: nil)
        let records = [self.record(Self.full), JournalRecord(lane, writer: Self.writer)]
        let tombstones = records.map { JournalRecord(key: $0.key, value: nil, headers: []) }
        let restored = self.snapshot(records + tombstones).restored()
        #expect(restored.unfinished == [])
        #expect(restored.lanes == [])
    }

    @Test(
        arguments: [
            nil, .unreadable, .command(id: "c", time: wall(7)), .command(id: "", time: nil),
        ] as [CommandsPosition.Sign?]
    )
    func aPositionInTheCommandsComesBack(last: CommandsPosition.Sign?) {
        let position = CommandsPosition(next: 5, last: last)
        let record = JournalRecord(position, writer: Self.writer)
        #expect(self.snapshot([record]).commands == position)
    }

    /// It goes on elsewhere, and its event must not be accepted here a second time.
    @Test
    func aRolloutThatHasMovedIsKnownAndOver() throws {
        let move = Coordinator.Move(ticket: 1, rollout: Self.full, to: 3)
        let moved = JournalRecord(moved: move, writer: Self.writer)
        #expect(moved.key == self.record(Self.full).key)
        var snapshot = self.snapshot([self.record(Self.full)])
        moved.add(to: &snapshot, time: wall(5_000))
        let restored = snapshot.restored()
        #expect(restored.unfinished == [])
        #expect(restored.unswept == [])
        #expect(restored.known.contains(Self.full.id))
        #expect(restored.known.ended(before: wall(6_000), limit: 9) == [Self.full.id])
    }
}

extension JSONValue {
    /// The same value with the members of every object in the order of their names.
    fileprivate var sorted: JSONValue {
        switch self {
        case .object(let members):
            .object(
                members.map { Member($0.name, $0.value.sorted) }.sorted { $0.name < $1.name }
            )
        case .array(let elements): .array(elements.map(\.sorted))
        case .null, .bool, .integer, .double, .string: self
        }
    }
}
