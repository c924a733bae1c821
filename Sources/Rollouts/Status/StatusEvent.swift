// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// A status event as a reader of the status topic sees it.
///
/// Lenient: written by any version of the program, so phases and classes are words, and everything but the rollout's id,
/// the sequence number and the phase may be missing.
package struct StatusEvent: Sendable, Equatable {
    /// The rollout.
    package var rolloutID: String
    /// Number of the event in its rollout, from 1.
    package var sequence: Int
    /// Phase, also one that this version does not know.
    package var phaseWord: String
    /// Phase before it.
    package var previousPhaseWord: String?
    /// When the phase began.
    package var time: Timestamp?
    /// When the rollout was accepted.
    package var acceptedAt: Timestamp?
    /// How long the phase before lasted, in milliseconds.
    package var previousPhaseMilliseconds: Int64?
    /// Time since the rollout was accepted, in milliseconds.
    package var totalMilliseconds: Int64?
    /// Which try of the step.
    package var attempt: Int?
    /// Route that matched.
    package var route: String?
    /// Name of the model; empty where it is not known.
    package var modelName: String
    /// The run, as resolved or else as named.
    package var run: RunReference
    /// What was made or adopted.
    package var made: MadeObjects
    /// Where the model is served.
    package var endpointURL: String?
    /// Why it ended or waits.
    package var cause: StatusCause?
    /// Id of the replay it comes from.
    package var replayID: String?
    /// Why the operator replayed it.
    package var replayReason: String?
    /// W3C trace context.
    package var traceparent: String?

    /// The phase, if this version knows it.
    package var phase: Phase? { Phase(rawValue: self.phaseWord) }

    /// Whether nothing follows, as far as this version knows the phase.
    package var isTerminal: Bool { self.phase?.isTerminal ?? false }

    private static let typePrefix = "dev.slipway.rollout."

    /// The CloudEvents type for a phase.
    package static func type(of phase: Phase) -> String { self.type(ofWord: phase.rawValue) }

    static func type(ofWord word: String) -> String { "\(self.typePrefix)\(word).v1" }

    /// Stands in place of a phase in the report of what a sweep has found after a rollout's end.
    package static let orphanWord = "orphan"

    /// Whether this is such a report: it changes nothing about the rollout's end.
    package var isOrphanReport: Bool { self.phaseWord == Self.orphanWord }

    /// Reads a record of the status topic.
    ///
    /// - Parameters:
    ///   - headers: Its header fields.
    ///   - value: Its value.
    /// - Returns: The event; `nil` if it is none of Slipway's.
    package static func decode(headers: [RecordHeader], value: [UInt8]?) -> StatusEvent? {
        guard let type = headers.first(where: { $0.name == "ce_type" })?.text, type.hasPrefix(self.typePrefix),
            let value, let json = try? JSONValue(parsing: value),
            let rolloutID = json["rolloutId"]?.text, let phase = json["phase"]?.text,
            let sequence = json["sequence"]?.wholeNumber
        else { return nil }
        return StatusEvent(json, rolloutID: rolloutID, sequence: Int(sequence), phase: phase)
    }

    private init(_ json: JSONValue, rolloutID: String, sequence: Int, phase: String) {
        self.rolloutID = rolloutID
        self.sequence = sequence
        self.phaseWord = phase
        self.previousPhaseWord = json["previousPhase"]?.text
        self.time = json["time"]?.time
        self.acceptedAt = json["acceptedAt"]?.time
        self.previousPhaseMilliseconds = json["previousPhaseMilliseconds"]?.wholeNumber
        self.totalMilliseconds = json["totalMilliseconds"]?.wholeNumber
        self.attempt = json["attempt"]?.wholeNumber.flatMap { Int(exactly: $0) }
        self.route = json["route"]?.text
        self.modelName = json["model"]?["name"]?.text ?? ""
        let run = json["run"]
        self.run = RunReference(
            projectID: run?["projectId"]?.text,
            projectName: run?["projectName"]?.text,
            experimentID: run?["experimentId"]?.text,
            experimentName: run?["experimentName"]?.text,
            runID: run?["runId"]?.text
        )
        self.made = MadeObjects(json["ids"])
        self.endpointURL = json["endpointUrl"]?.text
        self.cause = StatusCause(json["cause"])
        self.replayID = json["replay"]?["id"]?.text
        self.replayReason = json["replay"]?["reason"]?.text
        self.traceparent = json["traceparent"]?.text
    }
}

/// Why a rollout ended or waits, as a reader sees it.
package struct StatusCause: Sendable, Equatable {
    /// Named kind of cause, also one that this version does not know.
    package var `class`: String
    /// One line for people.
    package var message: String
    /// Whether a replay may end otherwise without anyone changing anything.
    package var isRetryable: Bool
    /// HTTP status, where there was one.
    package var httpStatus: Int?
    /// What an operator does next.
    package var nextStep: String?

    init?(_ json: JSONValue?) {
        guard let `class` = json?["class"]?.text else { return nil }
        self.class = `class`
        self.message = json?["message"]?.text ?? ""
        self.isRetryable = json?["retryable"]?.flag ?? false
        self.httpStatus = json?["httpStatus"]?.wholeNumber.flatMap { Int(exactly: $0) }
        self.nextStep = json?["nextStep"]?.text
    }
}

extension MadeObjects {
    fileprivate init(_ json: JSONValue?) {
        self.init()
        self.registeredModelID = json?["registeredModelId"]?.text
        self.versionID = json?["versionId"]?.text
        self.modelID = json?["modelId"]?.text
        self.runtimeIdentifier = json?["runtimeIdentifier"]?.text
        self.buildID = json?["buildId"]?.text
        self.deploymentID = json?["deploymentId"]?.text
    }
}

extension JSONValue {
    /// A time, if this is a text of RFC 3339.
    fileprivate var time: Timestamp? { self.text.flatMap { Timestamp(rfc3339: $0) } }
}
