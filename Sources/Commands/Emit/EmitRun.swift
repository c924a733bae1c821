// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Rollouts
import Values

/// The work of `slipway emit`.
struct EmitRun: Sendable {
    let options: EmitOptions
    let access: KafkaAccess
    let output: Output

    /// Sends the events, or prints them.
    ///
    /// A cancelled task sends nothing further, waits for what is under way, and says how far it got.
    ///
    /// - Returns: Success if every event was sent.
    /// - Throws: `KafkaError`, `MissingTopic`, `UsageError`, and what reading the file throws.
    func run() async throws -> ExitStatus {
        let topic = try self.access.eventTopics(choosing: self.options.topic)[0]
        var source = try EmitSource(self.options, topic: topic)
        do {
            let status =
                self.options.isDryRun ? try await self.show(&source, topic) : try await self.send(&source, topic)
            await source.close()
            return status
        } catch {
            await source.close()
            throw error
        }
    }

    private func send(_ source: inout EmitSource, _ name: String) async throws -> ExitStatus {
        let topic = try await self.access.topic(name)
        if let partition = self.options.partition, partition.rawValue >= topic.partitionCount {
            throw UsageError("'\(topic.name)' has \(topic.partitionCount) partitions, none has number \(partition)")
        }
        let milliseconds = max(1, self.options.timeout.wholeMilliseconds)
        let properties = try self.access.properties(or: [.init("message.timeout.ms", String(milliseconds))])
        let producer = try Producer(properties: properties)
        do {
            let status = try await self.send(&source, topic.name, with: producer)
            await producer.close()
            return status
        } catch {
            await producer.close()
            throw error
        }
    }

    private func send(
        _ source: inout EmitSource,
        _ topic: String,
        with producer: Producer
    ) async throws -> ExitStatus {
        let clock = ContinuousClock()
        let start = clock.now
        let pace = EmitPace(rate: self.options.rate)
        var report = EmitReport(self.output, topic: topic, json: self.options.json)
        var isInterrupted = false
        do {
            while true {
                try Task.checkCancellation()
                let maximum = pace.portion(sent: report.total, elapsed: clock.now - start)
                guard maximum > 0 else {
                    try await clock.sleep(until: start + pace.due(afterSending: report.total))
                    continue
                }
                let candidates = try await source.next(maximum: maximum)
                guard !candidates.isEmpty else { break }
                await self.send(candidates, with: producer, &report)
                try report.flush()
            }
        } catch is CancellationError {
            isInterrupted = true
        }
        try report.finish(elapsed: clock.now - start)
        guard !isInterrupted else { return .interrupted }
        return self.status(report)
    }

    private func send(_ candidates: [EmitCandidate], with producer: Producer, _ report: inout EmitReport) async {
        let accepted = candidates.filter { $0.problem == nil }
        let records = accepted.map { candidate in
            var record = candidate.record
            record.partition = self.options.partition
            return record
        }
        var results = await producer.sendAll(records).makeIterator()
        for candidate in candidates {
            if let problem = candidate.problem {
                report.refuse(candidate, problem)
            } else if let result = results.next() {
                report.note(candidate, result)
            }
        }
    }

    private func status(_ report: EmitReport) -> ExitStatus {
        guard report.total > 0 else {
            self.output.writeErrorLine("slipway emit: there was no event in \(self.options.file ?? "the input")")
            return .failure
        }
        if report.sent == 0, report.metOutage { return .unavailable }
        return report.refused + report.failed == 0 ? .success : .failure
    }

    /// Prints each record as one JSON line: its key, header fields and value.
    private func show(_ source: inout EmitSource, _ topic: String) async throws -> ExitStatus {
        var report = EmitReport(self.output, topic: topic, json: self.options.json)
        var shown = 0
        while true {
            try Task.checkCancellation()
            let candidates = try await source.next(maximum: EmitPace.largestPortion)
            guard !candidates.isEmpty else { break }
            for candidate in candidates {
                if let problem = candidate.problem {
                    report.refuse(candidate, problem)
                } else {
                    shown += 1
                    try self.output.writeLine(Self.line(candidate.record))
                }
            }
            try report.flush()
        }
        return shown > 0 && report.refused == 0 ? .success : .failure
    }

    private static func line(_ record: ProducerRecord) -> String {
        let bytes = JSONWriter.object { writer in
            writer.field("key", record.key.map { String(decoding: $0, as: UTF8.self) })
            writer.object("headers") { object in
                for header in record.headers {
                    object.field(named: header.name) { $0.string(header.text ?? "") }
                }
            }
            writer.field("value", record.value.map { String(decoding: $0, as: UTF8.self) })
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
