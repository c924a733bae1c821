// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// What a status event tells of a rollout.
package struct StatusFacts: Sendable, Equatable {
    /// The rollout, as its journal record in the same transaction has it.
    package var rollout: RolloutState
    /// Which try of the step this is, from 1; `nil` where no step is under way.
    package var attempt: Int?
    /// Where the model is served, once that is known.
    package var endpointURL: String?

    /// Creates facts.
    package init(_ rollout: RolloutState, attempt: Int? = nil, endpointURL: String? = nil) {
        self.rollout = rollout
        self.attempt = attempt
        self.endpointURL = endpointURL
    }

    /// Returns the status event: a CloudEvent in binary mode, keyed by the rollout's id.
    ///
    /// Its id is the rollout's with the sequence number, so that a reader that sees one twice knows it. Nothing in it is
    /// secret: it has no environment variables and no access key.
    ///
    /// - Parameters:
    ///   - source: CloudEvents `source`: which group of workers speaks, such as `/slipway/my-group`.
    ///   - topic: The status topic.
    /// - Returns: The record to be written.
    package func record(source: String, topic: String) -> ProducerRecord {
        self.record(source: source, topic: topic, word: self.rollout.phase.rawValue)
    }

    /// Returns the report of what a sweep has found: a status event of the phase word `orphan`.
    ///
    /// It comes after the rollout's end and is no phase of its own: the rollout stays as it ended.
    ///
    /// - Parameters:
    ///   - source: CloudEvents `source`.
    ///   - topic: The status topic.
    /// - Returns: The record to be written.
    package func orphanReport(source: String, topic: String) -> ProducerRecord {
        self.record(source: source, topic: topic, word: StatusEvent.orphanWord)
    }

    private func record(source: String, topic: String, word: String) -> ProducerRecord {
        let state = self.rollout
        let (key, time) = (state.id.digits, state.phaseAt.description)
        var headers: [RecordHeader] = []
        headers.reserveCapacity(8)
        headers.append(Self.specVersion)
        headers.append(
            word == state.phase.rawValue
                ? Self.types[state.phase] : RecordHeader("ce_type", StatusEvent.type(ofWord: word))
        )
        headers.append(RecordHeader("ce_source", source))
        headers.append(RecordHeader("ce_id", key + "-\(state.sequence)".utf8))
        headers.append(RecordHeader("ce_time", time))
        if ModelName.problem(in: state.plan.modelName) == nil {
            headers.append(RecordHeader("ce_subject", state.plan.modelName))
        }
        if let traceparent = state.traceparent { headers.append(RecordHeader("ce_traceparent", traceparent)) }
        headers.append(Self.contentType)
        return ProducerRecord(
            topic: topic,
            key: key,
            value: JSONWriter.object { self.write(&$0, word: word, digits: key, time: time) },
            headers: headers
        )
    }

    // Made once, for thousands of records a second.
    private static let specVersion = RecordHeader("ce_specversion", "1.0")
    private static let contentType = RecordHeader("content-type", "application/json")
    private static let types = WordHeaders<Phase> { RecordHeader("ce_type", StatusEvent.type(of: $0)) }

    private func write(_ writer: inout JSONWriter, word: String, digits: [UInt8], time: String) {
        let state = self.rollout
        writer.field("rolloutId", plain: digits)
        writer.field("sequence", state.sequence)
        writer.field("phase", word)
        writer.field("previousPhase", (word == state.phase.rawValue ? state.previousPhase : state.phase)?.rawValue)
        writer.field("time", time)
        writer.field("acceptedAt", state.acceptedAt == state.phaseAt ? time : state.acceptedAt.description)
        writer.field("previousPhaseMilliseconds", state.previousPhaseMilliseconds)
        writer.field("totalMilliseconds", max(0, state.phaseAt.milliseconds(since: state.acceptedAt)))
        writer.field("attempt", self.attempt)
        writer.field("route", state.plan.route.isEmpty ? nil : state.plan.route)
        writer.object("model") { $0.field("name", state.plan.modelName) }
        writer.object("run") { self.writeRun(&$0) }
        writer.object("ids") { $0.fields(of: state.made) }
        writer.field("endpointUrl", self.endpointURL)
        if let cause = state.cause { writer.object("cause") { $0.fields(of: cause) } }
        if state.sequence == 1, let unknown = state.plan.claim?.unknownFields, !unknown.isEmpty {
            writer.array("warnings") { writer in for field in unknown { writer.string(field.words) } }
        }
        if let orphans = state.aftermath?.orphans, !orphans.isEmpty { writer.write(orphans) }
        if let replay = state.replay {
            writer.object("replay") { object in
                object.field("id", replay.id)
                object.field("reason", replay.reason)
                object.field("allowRollback", replay.allowsRollback)
            }
        }
        writer.object("event") { object in
            object.field("id", state.event.id.isEmpty ? nil : state.event.id)
            object.field("source", state.event.source.isEmpty ? nil : state.event.source)
            object.time("time", state.event.time)
            object.field("topic", state.origin.topic)
            object.field("partition", state.origin.partition.rawValue)
            object.field("offset", state.origin.offset.rawValue)
        }
        writer.field("traceparent", state.traceparent)
    }

    /// The run as resolved, else as the event names it.
    private func writeRun(_ writer: inout JSONWriter) {
        let (reference, run) = (self.rollout.plan.run, self.rollout.run)
        writer.field("projectId", run?.projectID ?? reference.projectID)
        writer.field("projectName", reference.projectName)
        writer.field("experimentId", run?.experimentID ?? reference.experimentID)
        writer.field("experimentName", reference.experimentName)
        writer.field("runId", run?.runID ?? reference.runID)
        if let start = run?.order.start, start > .epoch { writer.time("startTime", start) }
    }
}

extension JSONWriter {
    /// Writes a time as RFC 3339.
    fileprivate mutating func time(_ name: StaticString, _ time: Timestamp?) {
        self.field(name, time?.description)
    }

    fileprivate mutating func fields(of made: MadeObjects) {
        self.field("registeredModelId", made.registeredModelID)
        self.field("versionId", made.versionID)
        self.field("modelId", made.modelID)
        self.field("runtimeIdentifier", made.runtimeIdentifier)
        self.field("buildId", made.buildID)
        self.field("deploymentId", made.deploymentID)
    }

    fileprivate mutating func fields(of cause: Cause) {
        self.field("class", cause.class.rawValue)
        self.field("message", cause.message)
        self.field("retryable", cause.isRetryable)
        self.field("httpStatus", cause.httpStatus)
        self.field("nextStep", cause.class.nextStep)
    }
}
