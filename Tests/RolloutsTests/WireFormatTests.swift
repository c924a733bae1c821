// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import Values

@testable import Rollouts

/// The texts on the wire, byte by byte as the versions before wrote them: writer and reader could else change together, and
/// no round trip would show it.
struct WireFormatTests {
    private static let writer = JournalRecord.Writer(process: "p", generation: 3)

    private static let state: RolloutState = {
        let plan = RolloutPlan(
            route: "default",
            run: RunReference(projectID: "project", experimentID: "experiment", runID: "r1"),
            modelName: "model",
            artifactPath: "model",
            runtime: .identifier("runtime")
        )
        var state = RolloutState(
            id: RolloutID(high: 1, low: 7),
            partition: 5,
            origin: Origin(topic: "experiments.finished", partition: 2, offset: 7_000_000_000),
            event: EventReference(id: "event-7", source: "test", time: wall(1_700_000_000_123)),
            plan: plan,
            replay: Replay(id: "x", reason: "because", allowsRollback: true),
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            acceptedAt: wall(1_700_000_000_001)
        )
        state.enter(.building, at: wall(1_700_000_000_500))
        state.enter(.waiting, at: wall(1_700_000_000_900), cause: Cause(.unavailable, "down", httpStatus: 503))
        state.step = .build
        state.stepAt = wall(1_700_000_000_777)
        state.run = ResolvedRun(
            projectID: "project",
            experimentID: "experiment",
            order: RunOrder(start: wall(1_700_000_000_003), runID: "r3")
        )
        state.made.modelID = "m"
        state.intent = .deployment
        state.nonce = 0x5a5a
        state.doubt(.version)
        state.askedAt = wall(1_700_000_000_500)
        state.doubt(.build, until: wall(1_700_000_090_500))
        state.aftermath?.looks = 1
        state.aftermath?.orphans = [Orphan(kind: .build, id: "b9", outcome: .removed)]
        return state
    }()

    private static let lane: LaneState = {
        var lane = LaneState(
            projectID: "project",
            modelName: "model",
            newestDeployed: RunOrder(start: wall(1_700_000_000_009), runID: "r9"),
            live: state.run
        )
        lane.place = DeploymentPlace(projectID: "project", modelID: "m", buildID: "b", deploymentID: "d")
        lane.rolledBackFrom = RunOrder(start: wall(1_700_000_000_009), runID: "r9")
        lane.newestAccepted = state.acceptance
        return lane
    }()

    private static func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

    private static func headers(_ headers: [RecordHeader]) -> String {
        headers.map { "\($0.name)=\($0.text ?? "")" }.joined(separator: " ")
    }

    private static func headers(_ record: JournalRecord) -> String {
        self.headers(record.headers.map { RecordHeader($0.name, $0.value) })
    }

    @Test func aRolloutIsWrittenAndReadAsBefore() throws {
        let record = JournalRecord(Self.state, writer: Self.writer)
        #expect(Self.text(record.key) == "00000000000000010000000000000007")
        #expect(Self.text(record.value) == Self.rolloutText)
        #expect(Self.headers(record) == Self.rolloutHeaders)
        #expect(try JSONDecoder().decode(RolloutState.self, from: Data(Self.rolloutText.utf8)) == Self.state)
    }

    @Test func aLaneIsWrittenAndReadAsBefore() throws {
        let record = JournalRecord(Self.lane, writer: Self.writer)
        #expect(Self.text(record.key) == "lane:project/model")
        #expect(Self.text(record.value) == Self.laneText)
        let fields =
            "slipway_schema=4 slipway_kind=lane slipway_process=p slipway_generation=3 slipway_lane=project/model"
        #expect(Self.headers(record) == fields)
        #expect(try JSONDecoder().decode(LaneState.self, from: Data(Self.laneText.utf8)) == Self.lane)
    }

    @Test func aStatusIsWrittenAsBefore() {
        let record = StatusFacts(Self.state, endpointURL: "http://x").record(source: "/slipway/g", topic: "status")
        #expect(Self.text(record.value) == Self.statusText)
        #expect(Self.headers(record.headers) == Self.statusHeaders)
    }

    @Test func aDeadLetterCarriesTheSameFields() throws {
        let record = OriginalRecord(
            origin: Origin(topic: "events", partition: 3, offset: 42),
            timestamp: wall(1_000),
            key: Array("k".utf8),
            value: Array(#"{"experimentId":"e"}"#.utf8)
        )
        let letter = DeadLetter.record(
            record,
            reason: DeadLetterReason(.empty, "m"),
            time: wall(1_770_091_506_789),
            topic: "dead",
            maximumBytes: 1_000_000
        )
        #expect(Self.headers(letter.headers) == Self.letterHeaders)
        // Its identity hashes place and time.
        let event = try EventDecoder.decode(record).get()
        #expect(RolloutID(of: event, workspace: "w").description == "e07a526f5d19ef080f9cdba10afa495a")
    }

    /// The body of a rollout's journal record.
    private static let rolloutText = #"""
        {"id":"00000000000000010000000000000007","sequence":3,"phase":"waiting","step":"build",\#
        "partition":5,"origin":{"topic":"experiments.finished","partition":2,"offset":7000000000},\#
        "event":{"id":"event-7","source":"test","time":1700000000123},"plan":{"route":"default",\#
        "run":{"projectID":"project","experimentID":"experiment","runID":"r1"},"modelName":"model",\#
        "artifactPath":"model","modelDescription":"","disableAuthentication":false,\#
        "runtime":{"identifier":{"_0":"runtime"}},"buildComment":"","deployment":{"cpu":2,"memoryGB":4,\#
        "gpus":0,"replicas":1,"environment":{}},"gates":[],"queue":"latest","deadlines":{"resolve":60000,\#
        "register":300000,"build":1800000,"deploy":1800000,"verify":120000}},"replay":{"id":"x",\#
        "reason":"because","allowsRollback":true},\#
        "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","acceptedAt":1700000000001,\#
        "phaseAt":1700000000900,"previousPhase":"building","previousPhaseMilliseconds":400,\#
        "stepAt":1700000000777,"run":{"projectID":"project","experimentID":"experiment",\#
        "order":{"startMilliseconds":1700000000003,"runID":"r3"}},"made":{"modelID":"m"},\#
        "intent":"deployment","nonce":23130,"askedAt":1700000000500,"cause":{"class":"unavailable","message":"down","httpStatus":503},\#
        "aftermath":{"doubts":[{"step":"version"},{"step":"build","from":1700000000500,"until":1700000090500}],\#
        "orphans":[{"kind":"build","id":"b9","outcome":"removed"}],"looks":1,\#
        "isChanging":false}}
        """#

    /// Its header fields.
    private static let rolloutHeaders = #"""
        slipway_schema=4 slipway_kind=rollout slipway_process=p slipway_generation=3 slipway_sequence=3 \#
        slipway_phase=waiting slipway_step=build \#
        slipway_lane=project/model
        """#

    /// The body of a lane's journal record.
    private static let laneText = #"""
        {"projectID":"project","modelName":"model","newestDeployed":{"startMilliseconds":1700000000009,\#
        "runID":"r9"},"live":{"projectID":"project","experimentID":"experiment",\#
        "order":{"startMilliseconds":1700000000003,"runID":"r3"}},"place":{"projectID":"project",\#
        "modelID":"m","buildID":"b","deploymentID":"d"},\#
        "rolledBackFrom":{"startMilliseconds":1700000000009,"runID":"r9"},\#
        "newestAccepted":{"milliseconds":1700000000001,"id":"00000000000000010000000000000007"}}
        """#

    /// The body of a status event.
    private static let statusText = #"""
        {"rolloutId":"00000000000000010000000000000007","sequence":3,"phase":"waiting",\#
        "previousPhase":"building","time":"2023-11-14T22:13:20.900Z",\#
        "acceptedAt":"2023-11-14T22:13:20.001Z","previousPhaseMilliseconds":400,"totalMilliseconds":899,\#
        "route":"default","model":{"name":"model"},"run":{"projectId":"project","experimentId":"experiment",\#
        "runId":"r3","startTime":"2023-11-14T22:13:20.003Z"},"ids":{"modelId":"m"},"endpointUrl":"http://x",\#
        "cause":{"class":"unavailable","message":"down","retryable":true,"httpStatus":503,\#
        "nextStep":"Nothing: work goes on when the workbench is back."},"orphans":[{"kind":"build",\#
        "id":"b9","outcome":"removed"}],"replay":{"id":"x","reason":"because","allowRollback":true},\#
        "event":{"id":"event-7","source":"test","time":"2023-11-14T22:13:20.123Z",\#
        "topic":"experiments.finished","partition":2,"offset":7000000000},\#
        "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
        """#

    /// Its header fields.
    private static let statusHeaders = #"""
        ce_specversion=1.0 ce_type=dev.slipway.rollout.waiting.v1 ce_source=/slipway/g \#
        ce_id=00000000000000010000000000000007-3 ce_time=2023-11-14T22:13:20.900Z ce_subject=model \#
        ce_traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 content-type=application/json
        """#

    /// The header fields of a dead letter.
    private static let letterHeaders = #"""
        slipway_class=empty slipway_reason=m slipway_next_step=Correct the producer's JSON, then emit the \#
        event again: slipway emit. slipway_time=2026-02-03T04:05:06.789Z slipway_origin_topic=events \#
        slipway_origin_partition=3 slipway_origin_offset=42
        """#
}
