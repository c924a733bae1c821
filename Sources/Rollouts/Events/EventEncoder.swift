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
        attributes.append((.contentType, "application/json"))
        return attributes.map { RecordHeader($0.headerName, $1) }
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
