// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Rollouts
import Values

/// Says what a replay would send, or has sent.
struct ReplayReport: Sendable {
    /// What became of one event.
    enum Outcome: Sendable, Equatable {
        /// It would be sent.
        case planned
        /// Its command was sent, and lies there.
        case sent(RecordMetadata)
        /// The brokers did not confirm it.
        case failed(KafkaError, topic: String)
        /// The workers have answered its command.
        case answered(CommandStatus)
        /// Nobody has answered its command, which has that id.
        case unanswered(String)
        /// It can't be sent.
        case left(ReplayPlan.Problem)

        /// Whether its command lies in the topic, and no more is known of it.
        var isSent: Bool {
            if case .sent = self { true } else { false }
        }
    }

    let output: Output
    let json: Bool
    let replay: Replay
    let isApplied: Bool
    /// Whether events of several topics are shown.
    let namesTopics: Bool

    /// Writes all events.
    ///
    /// - Throws: `OutputClosed` when nobody reads any more.
    func write(_ rows: [(entry: ReplayPlan.Entry, outcome: Outcome)]) throws(OutputClosed) {
        guard !rows.isEmpty else { return }
        if self.json {
            try self.output.write(rows.map { self.line($0.entry, $0.outcome) + "\n" }.joined())
            return
        }
        var table = TextTable(
            (self.namesTopics ? ["TOPIC"] : []) + ["PARTITION", "OFFSET", "TIME", "MODEL", "RUN", "EVENT", "REPLAY"]
        )
        for (entry, outcome) in rows {
            let cells = [
                entry.record.partition.description, entry.record.offset.description, Self.time(entry) ?? "-",
                entry.model ?? "-", entry.run ?? "-", entry.eventID.isEmpty ? "-" : entry.eventID, Self.words(outcome),
            ]
            table.add((self.namesTopics ? [entry.record.topic] : []) + cells)
        }
        let width = self.output.style.isTerminal ? self.output.width : nil
        try self.output.write(table.lines(width: width).map { $0 + "\n" }.joined())
    }

    /// Writes the sum and what to do next, for people.
    ///
    /// - Parameters:
    ///   - plan: What was found.
    ///   - rows: What became of it.
    /// - Throws: `OutputClosed` when nobody reads any more.
    func finish(_ plan: ReplayPlan, _ rows: [(entry: ReplayPlan.Entry, outcome: Outcome)]) throws(OutputClosed) {
        var counts = (ready: 0, sent: 0, failed: 0, left: 0, unanswered: 0)
        var answers: [String: Int] = [:]
        for row in rows {
            switch row.outcome {
            case .planned: counts.ready += 1
            case .sent: counts.sent += 1
            case .failed: counts.failed += 1
            case .answered(let status): answers[status.outcome, default: 0] += 1
            case .unanswered: counts.unanswered += 1
            case .left: counts.left += 1
            }
        }
        var parts = self.isApplied ? [] : ["\(counts.ready) to be sent"]
        if counts.sent > 0 { parts.append("\(counts.sent) sent") }
        for (word, count) in answers.sorted(by: { $0.key < $1.key }) { parts.append("\(count) \(word)") }
        if counts.unanswered > 0 { parts.append("\(counts.unanswered) not answered by any worker") }
        if counts.failed > 0 { parts.append("\(counts.failed) not delivered") }
        if counts.left > 0 { parts.append("\(counts.left) not replayable") }
        if plan.older > 0 { parts.append("\(plan.older) older events of the same runs left out") }
        if parts.isEmpty { parts.append("nothing to be sent") }
        let text = "\(parts.joined(separator: ", ")); \(plan.read) records read"
        guard !self.json else {
            self.output.writeErrorLine(text)
            return
        }
        try self.output.writeLine(text)
        if self.isApplied {
            try self.output.writeLine("replay id: \(self.replay.id); given again, it sends and deploys nothing twice")
        } else if counts.ready > 0 {
            try self.output.writeLine("Nothing was sent. To send: the same command with --apply --reason TEXT.")
        }
    }

    private static func time(_ entry: ReplayPlan.Entry) -> String? {
        entry.record.timestamp?.description
    }

    private static func words(_ outcome: Outcome) -> String {
        switch outcome {
        case .planned: "would be sent"
        case .sent(let place): "sent: command at offset \(place.offset)"
        case .answered(let status):
            status.outcome + (status.cause.map { ": \($0.class): \($0.message)" } ?? "")
                + (status.rolloutIDs.first.map { ": rollout \($0)" } ?? "")
        case .unanswered(let id): "not answered: command \(id)"
        case .failed(let error, let topic): "not delivered to \(topic): \(error.message) (\(error.code))"
        case .left(let problem): "not: \(problem.class): \(problem.message)"
        }
    }

    private func line(_ entry: ReplayPlan.Entry, _ outcome: Outcome) -> String {
        let bytes = JSONWriter.object { writer in
            writer.field("topic", entry.record.topic)
            writer.field("partition", entry.record.partition.rawValue)
            writer.field("offset", entry.record.offset.rawValue)
            writer.field("time", Self.time(entry))
            writer.field("model", entry.model)
            writer.field("run", entry.run)
            writer.field("eventId", entry.eventID.isEmpty ? nil : entry.eventID)
            writer.field("replayId", self.isApplied ? self.replay.id : nil)
            switch outcome {
            case .planned: writer.field("action", "wouldSend")
            case .sent(let place):
                writer.field("action", "sent")
                writer.object("sentTo") { object in
                    object.field("partition", place.partition.rawValue)
                    object.field("offset", place.offset.rawValue)
                }
            case .answered(let status):
                writer.field("action", status.outcome)
                writer.field("commandId", status.commandID)
                writer.field("rolloutId", status.rolloutIDs.first)
                if let cause = status.cause {
                    writer.object("reason") { object in
                        object.field("class", cause.class)
                        object.field("message", cause.message)
                        object.field("nextStep", cause.nextStep)
                    }
                }
            case .unanswered(let id):
                writer.field("action", "unanswered")
                writer.field("commandId", id)
            case .failed(let error, let topic):
                self.reason("failed", error.code, "not delivered to \(topic): \(error.message)", &writer)
            case .left(let problem): self.reason("left", problem.class, problem.message, &writer)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func reason(_ action: String, _ class: String, _ message: String, _ writer: inout JSONWriter) {
        writer.field("action", action)
        writer.object("reason") { object in
            object.field("class", `class`)
            object.field("message", message)
        }
    }
}
