// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Notation
import Rollouts
import Values

/// Says what `slipway emit` did with each event, and how it went altogether.
struct EmitReport {
    /// Events that are told one by one to people; of more only the sum is told.
    static let mostLines = 20

    private let output: Output
    private let topic: String
    private let json: Bool
    private var text = ""
    private var told = 0
    private var problemsTold = 0

    /// Events that brokers have confirmed.
    private(set) var sent = 0
    /// Events that were not sent because the worker would not understand them.
    private(set) var refused = 0
    /// Events that no broker confirmed.
    private(set) var failed = 0
    /// Whether the brokers were out of reach for one of them.
    private(set) var metOutage = false
    private var partitions: Set<Partition> = []

    init(_ output: Output, topic: String, json: Bool) {
        self.output = output
        self.topic = topic
        self.json = json
    }

    var total: Int { self.sent + self.refused + self.failed }

    /// Notes an event that was not sent.
    mutating func refuse(_ candidate: EmitCandidate, _ reason: DeadLetterReason) {
        self.refused += 1
        if self.json {
            self.line(candidate) { writer in
                writer.object("error") { object in
                    object.field("class", reason.class.rawValue)
                    object.field("message", reason.message)
                    object.field("nextStep", reason.nextStep)
                }
            }
        } else {
            self.problem("\(candidate.place): refused: \(reason.class.rawValue): \(reason.message). \(reason.nextStep)")
        }
    }

    /// Notes the outcome of an event that was sent.
    mutating func note(_ candidate: EmitCandidate, _ result: Result<RecordMetadata, KafkaError>) {
        switch result {
        case .success(let place):
            self.sent += 1
            self.partitions.insert(place.partition)
            if self.json {
                let topic = self.topic
                self.line(candidate) { writer in
                    writer.field("topic", topic)
                    writer.field("partition", place.partition.rawValue)
                    writer.field("offset", place.offset.rawValue)
                }
            } else {
                self.tell(candidate, place)
            }
        case .failure(let error):
            self.failed += 1
            self.metOutage = self.metOutage || error.isOutage || error.isAuthentication
            if self.json {
                self.line(candidate) { writer in
                    writer.object("error") { object in
                        object.field("class", error.code)
                        object.field("message", error.message)
                    }
                }
            } else {
                self.problem("\(candidate.place): not sent: \(error)")
            }
        }
    }

    /// Writes what was noted since the last time.
    ///
    /// - Throws: `OutputClosed` when nobody reads any more.
    mutating func flush() throws(OutputClosed) {
        guard !self.text.isEmpty else { return }
        try self.output.write(self.text)
        self.text = ""
    }

    /// Writes the sum, for people and where there is more than one event.
    ///
    /// - Parameter elapsed: Time since the first event.
    /// - Throws: `OutputClosed` when nobody reads any more.
    mutating func finish(elapsed: Duration) throws(OutputClosed) {
        try self.flush()
        guard !self.json, self.total > 1 else { return }
        let partitions = self.partitions.count == 1 ? "1 partition" : "\(self.partitions.count) partitions"
        var parts = [self.sent == 0 ? "none sent" : "\(self.sent) sent to \(partitions) of \(self.topic)"]
        if self.sent > EmitReport.mostLines {
            let seconds = max(elapsed / .seconds(1), 0.001)
            let rounded = Duration.milliseconds(Int64(seconds * 1000))
            parts[0] += " in \(rounded.notation) (\(Int(Double(self.sent) / seconds)) a second)"
        }
        if self.refused > 0 { parts.append("\(self.refused) refused") }
        if self.failed > 0 { parts.append("\(self.failed) not sent") }
        try self.output.writeLine(parts.joined(separator: ", "))
    }

    private mutating func tell(_ candidate: EmitCandidate, _ place: RecordMetadata) {
        self.told += 1
        guard self.told <= EmitReport.mostLines else { return }
        var words = ["\(self.topic)[\(place.partition)]@\(place.offset)"]
        words.append(candidate.model.map { "model \($0)" } ?? "no model named")
        words.append(candidate.run.map { "run \($0)" } ?? "newest run")
        if let id = candidate.id { words.append("event \(id)") }
        self.text += TerminalText(words.joined(separator: "  ")).text + "\n"
    }

    private mutating func problem(_ message: String) {
        self.problemsTold += 1
        if self.problemsTold <= EmitReport.mostLines {
            self.output.writeErrorLine(TerminalText(message).text)
        } else if self.problemsTold == EmitReport.mostLines + 1 {
            self.output.writeErrorLine("... further ones are only counted")
        }
    }

    private mutating func line(_ candidate: EmitCandidate, _ body: (inout JSONWriter) -> Void) {
        let bytes = JSONWriter.object { writer in
            writer.field("number", candidate.number)
            writer.field("line", candidate.line)
            writer.field("source", candidate.source)
            writer.field("id", candidate.id)
            writer.field("run", candidate.run)
            writer.field("model", candidate.model)
            body(&writer)
        }
        self.text += String(decoding: bytes, as: UTF8.self) + "\n"
    }
}
