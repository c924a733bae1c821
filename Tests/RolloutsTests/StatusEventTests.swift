// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

@Suite struct StatusEventTests {
    private func state(_ change: (inout RolloutState) -> Void = { _ in }) -> RolloutState {
        var state = RolloutState(
            id: RolloutID(high: 1, low: 2),
            partition: 3,
            origin: Origin(topic: "events", partition: 3, offset: 42),
            event: EventReference(id: "i", source: "s", time: wall(1_770_091_506_789)),
            plan: RolloutPlan(
                route: "default",
                run: RunReference(projectName: "Churn", experimentName: "xgb"),
                modelName: "churn-model",
                artifactPath: "artifacts",
                runtime: .identifier("image"),
                deployment: DeploymentSize(environment: ["TOKEN": "hush"])
            ),
            acceptedAt: wall(1_770_091_507_000)
        )
        change(&state)
        return state
    }

    private func decode(_ record: ProducerRecord) throws -> StatusEvent {
        try #require(StatusEvent.decode(headers: record.headers, value: record.value))
    }

    @Test func acceptedEventHasEnvelopeAndBody() throws {
        let record = StatusFacts(self.state()).record(source: "/slipway/group", topic: "status")
        #expect(record.topic == "status")
        #expect(record.key == Array("00000000000000010000000000000002".utf8))
        #expect(record.headers.first { $0.name == "ce_type" }?.text == "dev.slipway.rollout.accepted.v1")
        #expect(record.headers.first { $0.name == "ce_id" }?.text == "00000000000000010000000000000002-1")
        #expect(record.headers.first { $0.name == "ce_time" }?.text == "2026-02-03T04:05:07.000Z")
        #expect(record.headers.first { $0.name == "ce_source" }?.text == "/slipway/group")
        #expect(record.headers.first { $0.name == "ce_subject" }?.text == "churn-model")
        #expect(record.headers.first { $0.name == "ce_specversion" }?.text == "1.0")
        #expect(record.headers.first { $0.name == "content-type" }?.text == "application/json")
        let event = try self.decode(record)
        #expect(event.rolloutID == "00000000000000010000000000000002")
        #expect(event.sequence == 1)
        #expect(event.phase == .accepted)
        #expect(event.previousPhaseWord == nil)
        #expect(event.time == wall(1_770_091_507_000))
        #expect(event.run == RunReference(projectName: "Churn", experimentName: "xgb"))
        #expect(!event.isTerminal)
    }

    @Test(arguments: Phase.allCases)
    func everyPhaseReadsBack(phase: Phase) throws {
        let state = self.state { state in
            state.enter(
                phase,
                at: state.acceptedAt.advanced(by: .milliseconds(1500)),
                cause: Cause(.build, "build 7 \"failed\"\n", httpStatus: 500)
            )
            state.run = ResolvedRun(
                projectID: "p",
                experimentID: "e",
                order: RunOrder(start: wall(1_770_000_000_000), runID: "r")
            )
            state.made.registeredModelID = "rm"
            state.made.versionID = "v"
            state.made.modelID = "m"
            state.made.runtimeIdentifier = "image"
            state.made.buildID = "b"
            state.made.deploymentID = "d"
            state.replay = Replay(id: "rp", reason: "why", allowsRollback: true)
            state.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        }
        let facts = StatusFacts(state, attempt: 2, endpointURL: "https://modelservice.example/model")
        let event = try self.decode(facts.record(source: "s", topic: "status"))
        #expect(event.phase == phase)
        #expect(event.isTerminal == phase.isTerminal)
        #expect(event.previousPhaseWord == "accepted")
        #expect(event.sequence == 2)
        #expect(event.previousPhaseMilliseconds == 1500)
        #expect(event.totalMilliseconds == 1500)
        #expect(event.acceptedAt == state.acceptedAt)
        #expect(event.attempt == 2)
        #expect(event.route == "default")
        #expect(event.modelName == "churn-model")
        #expect(event.run.projectID == "p" && event.run.experimentID == "e" && event.run.runID == "r")
        #expect(event.made == state.made)
        #expect(event.endpointURL == "https://modelservice.example/model")
        #expect(event.cause?.class == "build")
        #expect(event.cause?.message == "build 7 \"failed\"\n")
        #expect(event.cause?.isRetryable == true)
        #expect(event.cause?.httpStatus == 500)
        #expect(event.cause?.nextStep == CauseClass.build.nextStep)
        #expect(event.replayID == "rp" && event.replayReason == "why")
        #expect(event.traceparent == state.traceparent)
    }

    @Test func environmentNeverShows() {
        let value = StatusFacts(self.state()).record(source: "s", topic: "status").value ?? []
        #expect(!String(decoding: value, as: UTF8.self).contains("hush"))
    }

    @Test func modelNameThatIsNoneIsNoSubject() {
        let record = StatusFacts(self.state { $0.plan.modelName = "bad\u{1b}[2J" }).record(source: "s", topic: "status")
        #expect(!record.headers.contains { $0.name == "ce_subject" })
    }

    @Test func unknownPhasesAndFieldsAreRead() throws {
        let headers = [RecordHeader("ce_type", "dev.slipway.rollout.napping.v7")]
        let text =
            #"{"rolloutId":"x","sequence":3,"phase":"napping","new":{"deep":[1]},"attempt":"two","cause":{"class":"moon"}}"#
        let event = try #require(StatusEvent.decode(headers: headers, value: Array(text.utf8)))
        #expect(event.phase == nil)
        #expect(event.phaseWord == "napping")
        #expect(!event.isTerminal)
        #expect(event.attempt == nil)
        #expect(event.cause?.class == "moon")
    }

    @Test(arguments: ["", "{}", "[]", #"{"rolloutId":1,"sequence":1,"phase":"x"}"#, #"{"rolloutId":"a","phase":"x"}"#])
    func whatIsNoStatusEventIsNotRead(text: String) {
        let headers = [RecordHeader("ce_type", "dev.slipway.rollout.accepted.v1")]
        #expect(StatusEvent.decode(headers: headers, value: Array(text.utf8)) == nil)
        #expect(StatusEvent.decode(headers: headers, value: nil) == nil)
    }

    @Test func eventsOfOthersAreNotRead() {
        let record = StatusFacts(self.state()).record(source: "s", topic: "status")
        #expect(StatusEvent.decode(headers: [], value: record.value) == nil)
        #expect(StatusEvent.decode(headers: [RecordHeader("ce_type", "com.example")], value: record.value) == nil)
    }
}
