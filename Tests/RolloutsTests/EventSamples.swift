// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// Records of events as producers send them.
enum EventSamples {
    /// The smallest `data` that names a run.
    static let data =
        #"{"projectId":"yb6f-4drz-a176-rs8r","experimentId":"2tv3-479z-x02f-jndi","runId":"1ip4-kluf-v7zb-ag2q"}"#

    /// A `data` that says all there is to say.
    static let fullData = #"""
        {"projectId":"p-1","projectName":"Churn","experimentId":"e-1","experimentName":"xgb telco","runId":"r-1",
        "status":"EXPERIMENT_RUN_FINISHED","unknown":[1,{"a":null}],
        "model":{"name":"churn-model","artifactPath":"artifacts/best","description":"Line 1\nLine 2"},
        "build":{"runtime":"registry/ml-runtime-python3.10-standard:2024.10.1-b12","comment":"weekly"},
        "deployment":{"cpu":4,"memoryGB":8.5,"gpus":0,"replicas":2,"environment":{"MODE":"fast"}}}
        """#

    /// Header fields of binary mode.
    static let headers = [
        RecordHeader("ce_specversion", "1.0"), RecordHeader("ce_type", RunFinishedEvent.type),
        RecordHeader("ce_source", "/jobs/train"), RecordHeader("ce_id", "event-1"),
        RecordHeader("ce_time", "2026-02-03T04:05:06.789Z"), RecordHeader("content-type", "application/json"),
    ]

    /// A record at partition 3, offset 42 of topic `events`.
    static func record(_ value: [UInt8]?, headers: [RecordHeader] = []) -> ConsumedRecord {
        ConsumedRecord(
            topicPartition: TopicPartition("events", 3),
            offset: 42,
            timestamp: wall(1_000),
            key: Array("churn-model".utf8),
            value: value,
            headers: headers
        )
    }

    /// A record of that text.
    static func record(_ text: String, headers: [RecordHeader] = []) -> ConsumedRecord {
        self.record(Array(text.utf8), headers: headers)
    }

    /// A structured event with those members beside the required attributes.
    static func structured(_ members: String) -> ConsumedRecord {
        self.record(
            #"{"specversion":"1.0","type":"\#(RunFinishedEvent.type)","source":"s","id":"i",\#(members)}"#,
            headers: [RecordHeader("content-type", "application/cloudevents+json; charset=UTF-8")]
        )
    }

    /// An event as it was read in the inbox, after it was passed on from where it stood first.
    static func forwarded(_ record: ConsumedRecord, hops: Int = 0) -> ConsumedRecord {
        var original = OriginalRecord(record)
        original.hops = hops
        let event = ForwardedEvent(record: original, id: RolloutID(1), owner: 9, time: wall(2_000))
        let written = Forwarding.record(event, inbox: "inbox")
        return ConsumedRecord(
            topicPartition: TopicPartition("inbox", 9),
            offset: 7,
            timestamp: written.timestamp,
            key: written.key,
            value: written.value,
            headers: written.headers
        )
    }

    /// The event of a record that is a good one.
    static func event(_ record: ConsumedRecord) throws -> RunFinishedEvent {
        try EventDecoder.decode(OriginalRecord(record)).get()
    }
}
