// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

@Suite struct EventDecoderTests {
    @Test func binaryModeIsRead() throws {
        let headers =
            EventSamples.headers + [
                RecordHeader("ce_subject", "run/r-1"), RecordHeader("ce_partitionkey", "churn-model"),
                RecordHeader("ce_traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                RecordHeader("ce_unknown", "x"), RecordHeader("other", nil),
            ]
        let event = try EventSamples.event(EventSamples.record(EventSamples.fullData, headers: headers))
        #expect(event.isCloudEvent)
        #expect(event.source == "/jobs/train")
        #expect(event.id == "event-1")
        #expect(event.time == wall(1_770_091_506_789))
        #expect(event.subject == "run/r-1")
        #expect(event.partitionKey == "churn-model")
        #expect(event.traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        #expect(event.replay == nil)
        #expect(event.origin == Origin(topic: "events", partition: 3, offset: 42))
        #expect(event.data.run.projectID == "p-1")
        #expect(event.data.run.experimentName == "xgb telco")
        #expect(event.data.run.runID == "r-1")
        #expect(event.data.status == "EXPERIMENT_RUN_FINISHED")
        #expect(event.data.model.name == "churn-model")
        #expect(event.data.model.artifactPath == "artifacts/best")
        #expect(event.data.model.description == "Line 1\nLine 2")
        #expect(event.data.build.comment == "weekly")
        let size = RunFinishedData.DeploymentWish(
            cpu: 4,
            memoryGB: 8.5,
            gpus: 0,
            replicas: 2,
            environment: ["MODE": "fast"]
        )
        #expect(event.data.deployment == size)
    }

    @Test func structuredModeIsRead() throws {
        let record = EventSamples.structured(
            #""time":"2026-02-03T04:05:06Z","slipwayreplayid":"rp-1","slipwayallowrollback":true,"data":\#(EventSamples.data)"#
        )
        let event = try EventSamples.event(record)
        #expect(event.source == "s")
        #expect(event.id == "i")
        #expect(event.time == wall(1_770_091_506_000))
        #expect(event.replay == nil && event.claimsAuthority, "no event makes an operator")
        #expect(event.data.run.runID == "1ip4-kluf-v7zb-ag2q")
    }

    @Test func structuredModeIsKnownWithoutItsContentType() throws {
        var record = EventSamples.structured(#""data":\#(EventSamples.data)"#)
        record.headers = []
        #expect(try EventSamples.event(record).id == "i")
    }

    @Test func plainDataIsReadWithItsPlaceAsIdentity() throws {
        let headers = [RecordHeader("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")]
        let event = try EventSamples.event(EventSamples.record(EventSamples.data, headers: headers))
        #expect(!event.isCloudEvent)
        #expect(event.id.isEmpty && event.source.isEmpty)
        #expect(event.time == wall(1_000))
        #expect(event.traceparent != nil)
    }

    @Test func headerNamesAreReadInAnyCase() throws {
        let headers = EventSamples.headers.map { RecordHeader($0.name.uppercased(), $0.value) }
        #expect(try EventSamples.event(EventSamples.record(EventSamples.data, headers: headers)).id == "event-1")
    }

    @Test(arguments: ["ce-", "cloudEvents_", "cloudEvents:"])
    func headersOfAnotherTransportDontMatterBesideTheRightOnes(prefix: String) throws {
        let others = [RecordHeader(prefix + "type", "com.acme.other.v1"), RecordHeader(prefix + "id", "other")]
        let binary = EventSamples.record(EventSamples.data, headers: others + EventSamples.headers)
        #expect(try EventSamples.event(binary).id == "event-1")
        var structured = EventSamples.structured(#""data":\#(EventSamples.data)"#)
        for headers in [others, others + structured.headers] {
            structured.headers = headers
            #expect(try EventSamples.event(structured).id == "i")
        }
    }

    @Test func headersThatOnlyLookLikeAttributesDontMatter() throws {
        let names = [
            "ce", "ce-", "ce-trace", "cetype", "cloudEventsVersion", "ces-type", "certificate-id", "type", "id",
        ]
        let record = EventSamples.record(EventSamples.data, headers: names.map { RecordHeader($0, "x") })
        #expect(try !EventSamples.event(record).isCloudEvent)
    }

    @Test func aByteOrderMarkInFrontIsPassedOver() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let plain = EventSamples.record(mark + Array(EventSamples.data.utf8))
        #expect(try EventSamples.event(plain).data.run.runID == "1ip4-kluf-v7zb-ag2q")
        var structured = EventSamples.structured(#""data":\#(EventSamples.data)"#)
        structured.value = structured.value.map { mark + $0 }
        #expect(try EventSamples.event(structured).id == "i")
    }

    @Test(arguments: [" application/json", "\tapplication/json ; charset=utf-8", "Application/JSON;", " ", ";x"])
    func blanksAroundTheContentTypeDontMatter(type: String) throws {
        let headers = EventSamples.headers.filter { $0.name != "content-type" } + [RecordHeader("content-type", type)]
        #expect(try EventSamples.event(EventSamples.record(EventSamples.data, headers: headers)).id == "event-1")
    }

    /// Whatever it is worth: an event that says so is an ordinary event.
    @Test func noEventAsksForAReplayOrARollback() throws {
        let claims = [
            RecordHeader("ce_slipwayreplayid", "../x"), RecordHeader("ce_slipwayreplayreason", [0xFF]),
            RecordHeader("ce_slipwayallowrollback", "yes"),
        ]
        let plain = try EventSamples.event(EventSamples.record(EventSamples.data, headers: EventSamples.headers))
        let event = try EventSamples.event(
            EventSamples.record(EventSamples.data, headers: EventSamples.headers + claims)
        )
        #expect(event == plain && event.replay == nil)
    }

    @Test func nullAndUnknownFieldsCountAsAbsent() throws {
        let text = #"{"projectId":null,"experimentName":"é🚀 x","runId":null,"model":null,"deployment":{},"more":{}}"#
        let event = try EventSamples.event(EventSamples.record(text))
        #expect(event.data.run == RunReference(experimentName: "é🚀 x"))
        #expect(event.data.model == RunFinishedData.ModelWish())
        #expect(event.data.deployment == RunFinishedData.DeploymentWish())
    }

    @Test func wholeNumbersMayBeWrittenWithAFraction() throws {
        let text = #"{"experimentId":"e","deployment":{"replicas":2.0,"cpu":0.5}}"#
        let event = try EventSamples.event(EventSamples.record(text))
        #expect(event.data.deployment.replicas == 2)
        #expect(event.data.deployment.cpu == 0.5)
    }

    @Test func malformedTraceContextIsIgnored() throws {
        let malformed = [
            "", "00-xyz", String(repeating: "z", count: 55), String(repeating: "0", count: 1000),
            // Of the right length and alphabet, and still none.
            String(repeating: "-", count: 55), "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ]
        for text in malformed {
            let headers = EventSamples.headers + [RecordHeader("ce_traceparent", text)]
            #expect(try EventSamples.event(EventSamples.record(EventSamples.data, headers: headers)).traceparent == nil)
        }
    }

    @Test func forwardedEventKeepsItsOrigin() throws {
        let record = EventSamples.record(EventSamples.data, headers: EventSamples.headers)
        let forwarded = EventSamples.forwarded(record)
        #expect(forwarded.key == Array(RolloutID(1).description.utf8))
        #expect(forwarded.timestamp == wall(2_000))
        guard case .event(let met) = InboxRecord(forwarded) else {
            Issue.record("it is not read as an event")
            return
        }
        #expect(met.key == record.key)
        #expect(met.timestamp == record.timestamp)
        #expect(met.headers == record.headers)
        let event = try EventDecoder.decode(met).get()
        #expect(event.origin == Origin(topic: "events", partition: 3, offset: 42))
        #expect(RolloutID(of: event, workspace: "w") == RolloutID(of: try EventSamples.event(record), workspace: "w"))
    }
}
