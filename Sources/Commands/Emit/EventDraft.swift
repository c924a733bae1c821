// SPDX-License-Identifier: Apache-2.0

import JSON
import Kafka
import Rollouts
import Values

/// An event about to be sent: its CloudEvents attributes and its data, kept as given, so that nothing is lost.
///
/// Unknown attributes pass, as they do at the worker.
struct EventDraft: Sendable, Equatable {
    /// Content mode of the CloudEvents binding for Kafka.
    enum Mode: Sendable, Equatable {
        /// Attributes as headers, data as value.
        case binary
        /// The whole event as value.
        case structured
    }

    /// Attributes in their order; the value is a string, a number or a boolean.
    private(set) var attributes: [JSONValue.Member]
    /// The `data` of the event.
    private(set) var data: JSONValue

    /// Creates a draft from data only.
    init(data: JSONValue) {
        self.attributes = []
        self.data = data
    }

    /// Takes a document: a structured CloudEvent, known by its `specversion`, or the plain `data` object.
    ///
    /// It fails for what no draft can hold: no object, or an event whose data is not JSON.
    ///
    /// - Parameter document: Any JSON.
    init?(document: JSONValue) {
        guard case .object(let members) = document else { return nil }
        guard document["specversion"] != nil else {
            self.init(data: document)
            return
        }
        guard let data = document["data"], document["data_base64"] == nil else { return nil }
        self.init(data: data)
        self.attributes = members.filter { $0.name != "data" && $0.value != .null }
    }

    /// The text of an attribute as headers have it; `nil` where it is absent.
    func attribute(_ name: String) -> String? {
        self.attributes.first { $0.name == name }.map { EventDraft.text($0.value) }
    }

    /// Sets an attribute, in its old place if it is there.
    mutating func set(_ name: String, _ text: String) {
        let member = JSONValue.Member(name, .string(text))
        if let index = self.attributes.firstIndex(where: { $0.name == name }) {
            self.attributes[index] = member
        } else {
            self.attributes.append(member)
        }
    }

    /// Replaces the data.
    mutating func set(data: JSONValue) { self.data = data }

    /// The model's name, if the event says it.
    var modelName: String? { self.data["model"]?["name"]?.text }

    /// The run's id, if the event says it.
    var runID: String? { self.data["runId"]?.text }

    /// Adds the attributes that are required or usual and not there yet.
    ///
    /// - Parameters:
    ///   - source: Who sends it, for events that do not say.
    ///   - id: Its id, for events that do not say.
    ///   - time: Its time, for events that do not say.
    mutating func complete(source: @autoclosure () -> String, id: @autoclosure () -> String, time: Timestamp) {
        if self.attribute("specversion") == nil {
            self.attributes.insert(JSONValue.Member("specversion", .string("1.0")), at: 0)
        }
        if self.attribute("type") == nil { self.set("type", RunFinishedEvent.type) }
        if self.attribute("source") == nil { self.set("source", source()) }
        if self.attribute("id") == nil { self.set("id", id()) }
        if self.attribute("time") == nil { self.set("time", time.description) }
        if self.attribute("subject") == nil, let run = self.runID { self.set("subject", run) }
        if self.attribute("datacontenttype") == nil { self.set("datacontenttype", "application/json") }
        if self.attribute("partitionkey") == nil, let model = self.modelName { self.set("partitionkey", model) }
    }

    /// The event as a record.
    ///
    /// - Parameters:
    ///   - mode: How attributes travel.
    ///   - topic: The events topic.
    ///   - key: The key, or `nil` for that of the model: its name, which decides about the partition.
    /// - Returns: The record.
    func record(_ mode: Mode, topic: String, key: String? = nil) -> ProducerRecord {
        let key = (key ?? self.modelName ?? self.attribute("partitionkey")).map { Array($0.utf8) }
        var writer = JSONWriter()
        switch mode {
        case .structured:
            writer.value(.object(self.attributes + [JSONValue.Member("data", self.data)]))
            return ProducerRecord(
                topic: topic,
                key: key,
                value: writer.bytes,
                headers: [RecordHeader("content-type", "application/cloudevents+json")]
            )
        case .binary:
            writer.value(self.data)
            let headers = self.attributes.map { member in
                let name = member.name == "datacontenttype" ? "content-type" : "ce_\(member.name)"
                return RecordHeader(name, EventDraft.text(member.value))
            }
            return ProducerRecord(topic: topic, key: key, value: writer.bytes, headers: headers)
        }
    }

    private static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension ProducerRecord {
    /// The record as intake would read it, so that the worker's own decoder can judge it.
    var asRead: ConsumedRecord {
        ConsumedRecord(
            topicPartition: TopicPartition(self.topic, self.partition ?? 0),
            offset: 0,
            key: self.key,
            value: self.value,
            headers: self.headers
        )
    }
}
