// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

/// Every kind of bad input has one outcome, with a name.
@Suite struct BadEventTests {
    private func reason(
        _ record: ConsumedRecord,
        limits: EventLimits = EventLimits(),
        _ location: SourceLocation = #_sourceLocation
    ) -> DeadLetterReason? {
        switch EventDecoder.decode(OriginalRecord(record), limits: limits) {
        case .success:
            Issue.record("the event was taken", sourceLocation: location)
            return nil
        case .failure(let reason): return reason
        }
    }

    @Test func tombstoneAndEmptyValueAreNamed() {
        #expect(self.reason(EventSamples.record(nil))?.class == .tombstone)
        #expect(self.reason(EventSamples.record([]))?.class == .empty)
        #expect(self.reason(EventSamples.record("  "))?.class == .truncated)
    }

    @Test func hugeRecordIsRefusedBeforeItIsParsed() {
        let text = #"{"experimentId":"e","padding":"\#(String(repeating: "x", count: 300_000))"}"#
        #expect(self.reason(EventSamples.record(text))?.class == .tooLarge)
        let headers = [RecordHeader("x", [UInt8](repeating: 0, count: 300_000))]
        #expect(self.reason(EventSamples.record(EventSamples.data, headers: headers))?.class == .tooLarge)
        #expect(
            self.reason(EventSamples.record(EventSamples.data), limits: EventLimits(maximumBytes: 50))?.class
                == .tooLarge
        )
    }

    @Test func tooManyHeaderFieldsAreRefused() {
        let headers = (0..<257).map { RecordHeader("ce_x\($0)", "") }
        #expect(self.reason(EventSamples.record(EventSamples.data, headers: headers))?.class == .tooLarge)
    }

    @Test(arguments: [
        (#"{"experimentId":"e""#, DeadLetterReason.Class.truncated), (#"{"experimentId":"#, .truncated),
        (#"{"experimentId":e}"#, .malformedJSON), ("experimentId=e", .malformedJSON),
        (#"{"experimentId":"e","experimentId":"f"}"#, .duplicateField),
        (#"{"experimentId":"e","cpu":NaN}"#, .malformedJSON), (#"["e"]"#, .wrongType), (#""e""#, .wrongType),
        ("null", .wrongType), ("17", .wrongType),
        (#"{"experimentId":"e","x":\#(String(repeating: "[", count: 100_000))"#, .nestedTooDeeply),
        ("{}", .missingField), (#"{"projectId":"p","runId":"r"}"#, .missingField),
    ])
    func bodyThatIsNoEventIsNamed(text: String, class: DeadLetterReason.Class) {
        #expect(self.reason(EventSamples.record(text))?.class == `class`)
        #expect(self.reason(EventSamples.record(text, headers: EventSamples.headers))?.class == `class`)
    }

    @Test func bytesThatAreNotUTF8AreNamed() {
        let latin1 = Array(#"{"experimentName":"caf"#.utf8) + [0xE9] + Array(#""}"#.utf8)
        #expect(self.reason(EventSamples.record(latin1))?.class == .notUTF8)
        #expect(self.reason(EventSamples.record([0xFF, 0xFE, 0x7B, 0x00]))?.class == .notUTF8)
        let headers = EventSamples.headers + [RecordHeader("ce_subject", [0xC3, 0x28])]
        #expect(self.reason(EventSamples.record(EventSamples.data, headers: headers))?.class == .notUTF8)
    }

    @Test(arguments: [
        (#""projectId":7"#, "data.projectId is a number, must be a string"),
        (#""runId":true"#, "data.runId is a boolean, must be a string"),
        (#""experimentName":["a"]"#, "data.experimentName is an array, must be a string"),
        (#""status":{}"#, "data.status is an object, must be a string"),
        (#""model":"churn""#, "data.model is a string, must be an object"),
        (#""model":{"name":1}"#, "data.model.name is a number, must be a string"),
        (#""build":[]"#, "data.build is an array, must be an object"),
        (#""deployment":4"#, "data.deployment is a number, must be an object"),
        (#""deployment":{"cpu":"4"}"#, "data.deployment.cpu is a string, must be a number"),
        (#""deployment":{"gpus":"0"}"#, "data.deployment.gpus is a string, must be a whole number"),
        (#""deployment":{"environment":{"A":1}}"#, "data.deployment.environment.A is a number, must be a string"),
    ])
    func wrongTypeNamesFieldFoundAndWanted(member: String, message: String) {
        let reason = self.reason(EventSamples.record(#"{"experimentId":"e",\#(member)}"#))
        #expect(reason == DeadLetterReason(.wrongType, message))
    }

    @Test(arguments: [
        #""projectId":"../etc""#, #""projectId":"a/b""#, #""projectId":"..""#, #""projectId":"a%2Fb""#,
        #""projectId":"""#, #""projectId":"a b""#, #""runId":"a\u0000b""#, #""runId":"é""#, #""runId":"🚀""#,
        #""runId":"\#(String(repeating: "a", count: 300))""#, #""experimentName":"a\nb""#, #""experimentName":"""#,
        #""experimentName":"a\u202Eb""#, #""experimentName":"\#(String(repeating: "a", count: 1025))""#,
        #""projectName":"a\u0000""#, #""status":"FINISHED NOW""#, #""model":{"artifactPath":"../../etc/passwd"}"#,
        #""model":{"artifactPath":"/etc"}"#, #""model":{"artifactPath":"a//b"}"#, #""model":{"artifactPath":"a/./b"}"#,
        #""model":{"artifactPath":"a\\b"}"#, #""model":{"name":""}"#, #""model":{"description":"\u0007"}"#,
        #""build":{"runtime":"image name"}"#, #""build":{"comment":"a\nb"}"#,
        #""build":{"comment":"of Slipway:0123456789abcdef"}"#, #""deployment":{"cpu":0}"#,
        #""deployment":{"cpu":-1}"#, #""deployment":{"cpu":1e300}"#, #""deployment":{"replicas":0}"#,
        #""deployment":{"replicas":1.5}"#, #""deployment":{"gpus":-1}"#, #""deployment":{"gpus":99999999999999999999}"#,
        #""deployment":{"environment":{"A-B":"x"}}"#, #""deployment":{"environment":{"1A":"x"}}"#,
        #""deployment":{"environment":{"A":"\u0000"}}"#,
    ])
    func valueThatAFieldCantHaveIsNamed(member: String) throws {
        let reason = try #require(self.reason(EventSamples.record(#"{"experimentId":"e",\#(member)}"#)))
        #expect(reason.class == .invalidValue)
        #expect(reason.message.hasPrefix("data."))
        #expect(reason.message.utf8.count <= 300)
    }

    @Test(arguments: ["ce_specversion", "ce_type", "ce_source", "ce_id"])
    func missingAttributeIsNamed(name: String) {
        for value in [nil, [UInt8]?.some([])] {
            let headers =
                EventSamples.headers.filter { $0.name != name } + (value.map { [RecordHeader(name, $0)] } ?? [])
            let reason = self.reason(EventSamples.record(EventSamples.data, headers: headers))
            #expect(reason?.class == .missingAttribute)
            #expect(reason?.message == "attribute \(name.dropFirst(3)) is missing")
        }
    }

    @Test(arguments: [
        ("ce_specversion", "0.3", DeadLetterReason.Class.unsupportedSpecVersion),
        ("ce_specversion", "1", .unsupportedSpecVersion),
        ("ce_type", "com.example.order.v1", .unknownType), ("ce_type", "ai.experiment.run.finished.v2", .unknownType),
        ("content-type", "application/avro", .unsupportedContent),
        ("content-type", "application/cloudevents+protobuf", .unsupportedContent),
        ("content-type", "application/cloudevents-batch+json; charset=utf-8", .unsupportedContent),
        ("ce_time", "yesterday", .malformedAttribute), ("ce_source", "a\u{0}b", .malformedAttribute),
        ("ce_id", String(repeating: "i", count: 1025), .malformedAttribute),
    ])
    func attributeWithAWrongValueIsNamed(name: String, value: String, class: DeadLetterReason.Class) {
        let headers = EventSamples.headers.filter { $0.name != name } + [RecordHeader(name, value)]
        let reason = self.reason(EventSamples.record(EventSamples.data, headers: headers))
        #expect(reason?.class == `class`)
    }

    @Test(arguments: ["ce-", "CE-", "cloudEvents_", "cloudEvents:", "cloudevents-", "ce:", "ce."])
    func attributesNamedAsOtherTransportsDoAreNamed(prefix: String) {
        let headers = EventSamples.headers.map {
            RecordHeader($0.name.replacing("ce_", with: prefix, maxReplacements: 1), $0.value)
        }
        let other = [RecordHeader(prefix + "type", "com.acme.model.deleted.v1")]
        for headers in [headers, other] {
            let reason = self.reason(EventSamples.record(EventSamples.data, headers: headers))
            #expect(reason?.class == .wrongPrefix)
            let (found, right) = (headers[0].name, headers[0].name.replacing(prefix, with: "ce_"))
            #expect(reason?.message == "header '\(found)' has another transport's prefix, must be '\(right)'")
        }
    }

    @Test func missingAttributeNamesTheHeaderThatWasMeant() {
        let headers = EventSamples.headers.filter { $0.name != "ce_type" } + [RecordHeader("ce-type", "x")]
        let reason = self.reason(EventSamples.record(EventSamples.data, headers: headers))
        let message = "header 'ce-type' has another transport's prefix, must be 'ce_type'"
        #expect(reason == DeadLetterReason(.wrongPrefix, message))
    }

    @Test func framingOfASchemaRegistryIsNamed() {
        for id: [UInt8] in [[0, 0, 0, 7], [0, 0, 0xC3, 0x28]] {
            let number = id.reduce(0) { $0 << 8 | Int($1) }
            let record = EventSamples.record([0] + id + Array(EventSamples.data.utf8), headers: EventSamples.headers)
            let message =
                "the value begins as a schema registry's serializer frames it (a zero byte and schema id \(number)), must be JSON alone"
            #expect(self.reason(record) == DeadLetterReason(.unsupportedContent, message))
        }
        #expect(self.reason(EventSamples.record([0, 0, 0]))?.class == .malformedJSON)
    }

    @Test(arguments: ["NaN", "Infinity", "-Infinity"])
    func aNumberThatJSONDoesNotHaveIsNamed(number: String) {
        let reason = self.reason(EventSamples.record(#"{"experimentId":"e","auc":\#(number)}"#))
        #expect(reason == DeadLetterReason(.malformedJSON, "\(number) is not JSON at byte 26"))
    }

    @Test(arguments: [
        "2026-02-03T04:05:06", "2026-02-03 04:05:06 GMT", "2026-02-03T04:05:06Z[UTC]", "2026-02-03T04:05:06+0000",
    ])
    func aTimeOfAnotherFormIsShownBesideAnExample(time: String) {
        let headers = EventSamples.headers.filter { $0.name != "ce_time" } + [RecordHeader("ce_time", time)]
        let reason = self.reason(EventSamples.record(EventSamples.data, headers: headers))
        let wanted = "must be an RFC 3339 time with its zone, such as 2026-02-03T04:05:06Z"
        #expect(reason == DeadLetterReason(.malformedAttribute, "attribute time is '\(time)', \(wanted)"))
    }

    @Test(arguments: [
        ("application/avro; charset=x", "the content type is 'application/avro', must be application/json"),
        (
            " application/cloudevents+protobuf",
            "the content type is 'application/cloudevents+protobuf', must be application/cloudevents+json"
        ),
        (
            "application/cloudevents-batch+json",
            "the content type is 'application/cloudevents-batch+json', must be one event a record as application/cloudevents+json"
        ),
    ])
    func aContentTypeOfAnotherKindIsShown(type: String, message: String) {
        let headers = EventSamples.headers.filter { $0.name != "content-type" } + [RecordHeader("content-type", type)]
        let reason = self.reason(EventSamples.record(EventSamples.data, headers: headers))
        #expect(reason == DeadLetterReason(.unsupportedContent, message))
    }

    @Test(arguments: ["ce_id", "CE_ID", "ce_type", "content-type", "ce_unknown"])
    func duplicateHeaderIsNamed(name: String) {
        let headers = EventSamples.headers + [RecordHeader("ce_unknown", "1"), RecordHeader(name, "x")]
        let doubled = name == "ce_unknown" ? headers : headers + [RecordHeader(name, "x")]
        #expect(self.reason(EventSamples.record(EventSamples.data, headers: doubled))?.class == .duplicateHeader)
    }

    @Test(arguments: [
        (#""data":null"#, DeadLetterReason.Class.wrongType), (#""data":"{}""#, .wrongType),
        (#""data":[]"#, .wrongType), (#""data_base64":"e30=""#, .unsupportedContent),
        (#""subject":7,"data":{"experimentId":"e"}"#, .malformedAttribute),
        (#""datacontenttype":"text/xml","data":"<a/>""#, .unsupportedContent), (#""x":1"#, .missingField),
    ])
    func wrongStructuredEventIsNamed(members: String, class: DeadLetterReason.Class) {
        #expect(self.reason(EventSamples.structured(members))?.class == `class`)
    }

    @Test func everyReasonHasANextStep() {
        for reason in DeadLetterReason.Class.allCases { #expect(!DeadLetterReason(reason, "").nextStep.isEmpty) }
        #expect(DeadLetterReason(.empty, String(repeating: "é", count: 400)).message.utf8.count <= 300)
    }
}
