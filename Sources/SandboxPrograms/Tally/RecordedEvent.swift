// SPDX-License-Identifier: Apache-2.0

import Files
import JSON

/// A recorded event with the outcome that it has to have.
struct RecordedEvent: Sendable, Equatable {
    let name: String
    let expected: EventOutcome
    let reason: String
    /// The record's value, byte for byte.
    let value: [UInt8]
    /// `nil` for a value that is no event.
    let identity: RolloutIdentity?

    /// Largest file that is taken.
    private static let maximumBytes = 64 << 20

    /// Reads a file of such events, one object of JSON a line.
    ///
    /// - Throws: `TallyFailure` that names the line.
    static func read(file: String) throws(TallyFailure) -> [RecordedEvent] {
        let bytes: [UInt8]
        do {
            bytes = try FileReader.read(file, maximumBytes: self.maximumBytes)
        } catch {
            throw TallyFailure(description: "expected outcomes: \(error)")
        }
        var events: [RecordedEvent] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            do {
                events.append(try RecordedEvent(line: Array(line)))
            } catch {
                throw TallyFailure(description: "\(file):\(index + 1): \(error)")
            }
        }
        return events
    }

    /// Reads one line.
    ///
    /// - Throws: `TallyFailure` if it is no such object.
    init(line: [UInt8]) throws(TallyFailure) {
        let object: JSONValue
        do {
            object = try JSONValue(parsing: line)
        } catch {
            throw TallyFailure(description: "not JSON: \(error)")
        }
        guard let name = object["name"]?.text, let value = object["value"]?.text else {
            throw TallyFailure(description: "'name' and 'value' are expected")
        }
        guard let expected = object["expected"]?.text.flatMap(EventOutcome.init) else {
            let words = EventOutcome.allCases.map(\.rawValue).joined(separator: ", ")
            throw TallyFailure(description: "'expected': one of \(words) is expected")
        }
        self.name = name
        self.expected = expected
        self.reason = object["reason"]?.text ?? ""
        self.value = Array(value.utf8)
        self.identity = RecordedEvent.identity(self.value)
    }

    private static func identity(_ value: [UInt8]) -> RolloutIdentity? {
        let event: JSONValue
        do {
            event = try JSONValue(parsing: value)
        } catch {
            return nil
        }
        let data = event["data"] ?? event
        guard let runID = data["runId"]?.text else { return nil }
        return RolloutIdentity(runID: runID, modelName: data["model"]?["name"]?.text ?? "")
    }
}
