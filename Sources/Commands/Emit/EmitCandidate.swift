// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Values

/// One event that `slipway emit` has made or read, with what its report says about it.
struct EmitCandidate: Sendable, Equatable {
    /// Its number, from 1.
    var number: Int
    /// Line of the file on which it begins, if it came from one.
    var line: Int?
    /// CloudEvents `source` and `id`; `nil` for bytes that are no event.
    var source: String?
    var id: String?
    /// The run's id and the model's name, if the event says them.
    var run: String?
    var model: String?
    /// The record.
    var record: ProducerRecord
    /// Why the worker could not understand it.
    var problem: DeadLetterReason?

    /// Where it stands, for messages.
    var place: String { self.line.map { "line \($0)" } ?? "event \(self.number)" }
}

/// Makes records of fields and documents.
///
/// Pure: time and ids are handed in.
struct EmitBuilder: Sendable {
    let options: EmitOptions
    /// Name of the events topic.
    let topic: String
    private var number = 0

    init(_ options: EmitOptions, topic: String) {
        self.options = options
        self.topic = topic
    }

    /// Makes the next event of the fields alone.
    mutating func next(time: Timestamp, newID: () -> String) -> EmitCandidate {
        self.number += 1
        return self.candidate(EventDraft(data: .object([])), line: nil, time: time, newID: newID)
    }

    /// Makes an event of a document.
    mutating func next(_ document: EventLines.Document, time: Timestamp, newID: () -> String) -> EmitCandidate {
        self.number += 1
        do throws(JSONFailure) {
            let value = try JSONValue(parsing: document.bytes)
            if let draft = EventDraft(document: value) {
                return self.candidate(draft, line: document.line, time: time, newID: newID)
            }
        } catch {
            // The decoder below says the same, with the reason's class; unchecked, the bytes go as they are.
        }
        let record = ProducerRecord(topic: self.topic, key: self.key.map { Array($0.utf8) }, value: document.bytes)
        return self.checked(EmitCandidate(number: self.number, line: document.line, record: record))
    }

    private var key: String? { self.options.key.map { EmitFields.numbered($0, self.number) } }

    private func candidate(
        _ draft: EventDraft,
        line: Int?,
        time: Timestamp,
        newID: () -> String
    ) -> EmitCandidate {
        var draft = draft
        draft.set(data: self.options.fields.applied(to: draft.data, number: self.number))
        if let source = self.options.source { draft.set("source", EmitFields.numbered(source, self.number)) }
        if let id = self.options.id { draft.set("id", EmitFields.numbered(id, self.number)) }
        if self.options.fields.fields.contains(where: { !$0.isFallback && $0.path == ["model", "name"] }),
            let model = draft.modelName
        {
            draft.set("partitionkey", model)
        }
        let data = draft.data
        draft.complete(source: EmitBuilder.source(of: data), id: newID(), time: time)
        return self.checked(
            EmitCandidate(
                number: self.number,
                line: line,
                source: draft.attribute("source"),
                id: draft.attribute("id"),
                run: draft.runID,
                model: draft.modelName,
                record: draft.record(self.options.mode, topic: self.topic, key: self.key)
            )
        )
    }

    private func checked(_ candidate: EmitCandidate) -> EmitCandidate {
        guard self.options.checks else { return candidate }
        var candidate = candidate
        switch EventDecoder.decode(OriginalRecord(candidate.record.asRead), limits: self.options.limits) {
        case .failure(let reason): candidate.problem = reason
        case .success(let event): candidate.problem = Self.problem(in: event.data)
        }
        return candidate
    }

    /// Why an event that a worker would take is not what its sender can mean.
    private static func problem(in data: RunFinishedData) -> DeadLetterReason? {
        if !data.unknownFields.isEmpty {
            return DeadLetterReason(.unknownField, data.unknownFields.map(\.words).joined(separator: "; "))
        }
        guard let problem = data.model.name.flatMap({ ModelName.problem(in: $0) }) else { return nil }
        return DeadLetterReason(.invalidValue, "data.model.name: \(problem)")
    }

    /// The source that names the experiment, as training jobs have it.
    private static func source(of data: JSONValue) -> String {
        let project = data["projectId"]?.text ?? data["projectName"]?.text
        let experiment = data["experimentId"]?.text ?? data["experimentName"]?.text
        let parts = [project.map { "/projects/\($0)" }, experiment.map { "/experiments/\($0)" }]
        let source = parts.compactMap { $0 }.joined()
        return source.isEmpty ? "/slipway/emit" : source
    }
}
