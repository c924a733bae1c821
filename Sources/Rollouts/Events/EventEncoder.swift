// SPDX-License-Identifier: Apache-2.0

package import JSON
package import Values

/// Writes events for the events topic.
package enum EventEncoder {
    /// Writes a new event in binary mode.
    ///
    /// - Parameters:
    ///   - event: The event; its source and id must not be empty.
    ///   - topic: The events topic.
    /// - Returns: A record keyed by `partitionKey`, else by the model's name, so that it lands where its model belongs;
    ///   with neither it has no key, and the worker forwards it.
    package static func record(_ event: RunFinishedEvent, topic: String) -> ProducerRecord {
        ProducerRecord(
            topic: topic,
            key: (event.partitionKey ?? event.data.model.name).map { Array($0.utf8) },
            value: event.data.json,
            headers: self.headers(of: event)
        )
    }

    private static func headers(of event: RunFinishedEvent) -> [RecordHeader] {
        var attributes: [(EventAttributes.Name, String)] = [
            (.specVersion, "1.0"), (.type, RunFinishedEvent.type), (.source, event.source), (.id, event.id),
        ]
        if let time = event.time { attributes.append((.time, time.description)) }
        if let subject = event.subject { attributes.append((.subject, subject)) }
        if let key = event.partitionKey ?? event.data.model.name { attributes.append((.partitionKey, key)) }
        if let traceparent = event.traceparent { attributes.append((.traceparent, traceparent)) }
        if let replay = event.replay { attributes += self.attributes(of: replay) }
        attributes.append((.contentType, "application/json"))
        return attributes.map { RecordHeader($0.headerName, $1) }
    }

    /// Writes a past event again, as it was, with the wish to run it again.
    ///
    /// What the producer said stays, unknown attributes and fields included. A plain event becomes a CloudEvent whose id
    /// is its first place, so that the same replay of the same event is the same rollout however often it is sent.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - replay: The wish.
    ///   - topic: The events topic.
    ///   - limits: What is taken at most.
    /// - Returns: The record to be written, keyed by the model's name where that is known, else by the old key.
    /// - Throws: `DeadLetterReason` if the record is no event that can be understood.
    package static func replayed(
        _ record: ConsumedRecord,
        _ replay: Replay,
        topic: String,
        limits: EventLimits = EventLimits()
    ) throws(DeadLetterReason) -> ProducerRecord {
        let original = OriginalRecord(record)
        let event = try EventDecoder.decode(original, limits: limits).get()
        let again = try self.again(original, event, replay, topic, limits)
        // What the operator wrote must pass intake too, before it is sent.
        _ = try EventDecoder.decode(
            OriginalRecord(origin: original.origin, key: again.key, value: again.value, headers: again.headers),
            limits: limits
        ).get()
        return again
    }

    private static func again(
        _ record: OriginalRecord,
        _ event: RunFinishedEvent,
        _ replay: Replay,
        _ topic: String,
        _ limits: EventLimits
    ) throws(DeadLetterReason) -> ProducerRecord {
        let key = (event.partitionKey ?? event.data.model.name).map { Array($0.utf8) } ?? record.key
        let foreign = record.headers.filter { !$0.name.hasPrefix(Forwarding.HeaderName.prefix) }
        if try EventAttributes(headers: record.headers).isBinary {
            let kept = foreign.filter { header in
                !EventAttributes.Name.replay.contains { $0.headerName == header.name.lowercased() }
            }
            let headers = kept + self.attributes(of: replay).map { RecordHeader($0.headerName, $1) }
            return ProducerRecord(topic: topic, key: key, value: record.value, headers: headers)
        }
        if event.isCloudEvent {
            let value = try self.structured(record.value ?? [], replay, limits)
            return ProducerRecord(topic: topic, key: key, value: value, headers: foreign)
        }
        return ProducerRecord(
            topic: topic,
            key: key,
            value: record.value,
            headers: foreign.filter { $0.name.lowercased() != "content-type" } + self.envelope(of: event, replay)
        )
    }

    /// The attributes that make a plain event a CloudEvent.
    private static func envelope(of event: RunFinishedEvent, _ replay: Replay) -> [RecordHeader] {
        var wrapped = event
        wrapped.source = "/kafka/\(event.origin.topic)"
        wrapped.id = "\(event.origin.partition)-\(event.origin.offset)"
        wrapped.replay = replay
        return self.headers(of: wrapped)
    }

    private static func structured(
        _ body: [UInt8],
        _ replay: Replay,
        _ limits: EventLimits
    ) throws(DeadLetterReason) -> [UInt8] {
        guard case .object(let members) = try EventDecoder.parse(body, limits) else {
            throw DeadLetterReason(.wrongType, "the event is no object")
        }
        let kept = members.filter { member in !EventAttributes.Name.replay.contains { $0.rawValue == member.name } }
        var writer = JSONWriter()
        writer.value(
            .object(kept + self.attributes(of: replay).map { JSONValue.Member($0.rawValue, .string($1)) })
        )
        return writer.bytes
    }

    private static func attributes(of replay: Replay) -> [(EventAttributes.Name, String)] {
        var attributes: [(EventAttributes.Name, String)] = [(.replayID, replay.id)]
        if !replay.reason.isEmpty { attributes.append((.replayReason, replay.reason)) }
        if replay.allowsRollback { attributes.append((.allowRollback, "true")) }
        return attributes
    }
}

extension RunFinishedData {
    /// Reads a `data` object, as a file for `slipway emit` has it.
    ///
    /// - Throws: `DeadLetterReason` for what intake would refuse.
    package init(_ value: JSONValue) throws(DeadLetterReason) { self = try EventDataReader.read(value) }

    /// The `data` object as JSON text.
    package var json: [UInt8] {
        JSONWriter.object { writer in
            writer.field("projectId", self.run.projectID)
            writer.field("projectName", self.run.projectName)
            writer.field("experimentId", self.run.experimentID)
            writer.field("experimentName", self.run.experimentName)
            writer.field("runId", self.run.runID)
            writer.field("status", self.status)
            if self.model != ModelWish() {
                writer.object("model") { object in
                    object.field("name", self.model.name)
                    object.field("artifactPath", self.model.artifactPath)
                    object.field("description", self.model.description)
                }
            }
            if self.build != BuildWish() {
                writer.object("build") { object in
                    object.field("runtime", self.build.runtime)
                    object.field("comment", self.build.comment)
                }
            }
            if self.deployment != DeploymentWish() {
                writer.object("deployment") { self.write(self.deployment, &$0) }
            }
        }
    }

    private func write(_ deployment: DeploymentWish, _ writer: inout JSONWriter) {
        writer.field("cpu", deployment.cpu)
        writer.field("memoryGB", deployment.memoryGB)
        writer.field("gpus", deployment.gpus)
        writer.field("replicas", deployment.replicas)
        if !deployment.environment.isEmpty { writer.texts("environment", deployment.environment) }
    }
}
