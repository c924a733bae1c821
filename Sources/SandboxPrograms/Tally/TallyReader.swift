// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPValues
import Kafka
import Values

/// Where a tally is taken.
struct TallySources: Sendable {
    /// "host:port" of Kafka, comma-separated.
    var bootstrapServers: String
    /// Names of the topics.
    var topics = DemoHost.Topics()
    /// Root of the sandbox.
    var url: String
    /// Key of the sandbox; a secret.
    var apiKey: String
    /// `host:port` of each worker's operations endpoint.
    var operations: [String]
}

/// Reads topics, metrics and audit until every expected event has its outcome.
final class TallyReader {
    private let sources: TallySources
    private let expected: [RecordedEvent]
    private let client: HTTPClient
    private let reader: PartitionReader
    private var observations = Tally.Observations()

    /// - Throws: `KafkaPropertyError` or `KafkaError` if no client can be made of the address.
    init(_ sources: TallySources, expected: [RecordedEvent]) throws {
        self.sources = sources
        self.expected = expected
        self.reader = try PartitionReader(properties: try KafkaProperties(bootstrapServers: sources.bootstrapServers))
        self.client = HTTPClient()
    }

    /// Ends both clients.
    func close() async {
        await self.reader.close()
        await self.client.close()
    }

    /// Reads until nothing more is to come.
    ///
    /// - Parameter timeout: The longest wait for that; what was seen by then is tallied as it is.
    /// - Returns: The comparison.
    /// - Throws: `KafkaError`, `TallyFailure` or `CancellationError`.
    func tally(timeout: Duration) async throws -> Tally {
        try await self.assign()
        let deadline = ContinuousClock.now + timeout
        repeat {
            try Task.checkCancellation()
            try await self.read()
            self.observations.duplicates = try await self.duplicates()
        } while !Tally(expected: self.expected, self.observations).isComplete && ContinuousClock.now < deadline
        // What came between the last read and the last look at the metrics, and anything that should not have come.
        while try await self.read() { try Task.checkCancellation() }
        self.observations.duplicates = try await self.duplicates()
        self.observations.audit = try AuditLedger(lines: try await self.audit())
        return Tally(expected: self.expected, self.observations)
    }

    private func assign() async throws {
        let admin = try Admin(properties: try KafkaProperties(bootstrapServers: self.sources.bootstrapServers))
        let found: Result<[String: Topic], KafkaError>
        do throws(KafkaError) {
            found = .success(try await admin.topics())
        } catch {
            found = .failure(error)
        }
        await admin.close()
        let topics = try found.get()
        var starts: [TopicPartition: Offset] = [:]
        for name in [self.sources.topics.events, self.sources.topics.status, self.sources.topics.dead] {
            guard let topic = topics[name] else { throw TallyFailure(description: "there is no topic '\(name)'") }
            for place in TopicPartition.all(of: name, count: topic.partitionCount) {
                starts[place] = try await self.reader.lowWatermark(place)
            }
        }
        try await self.reader.assign(starts)
    }

    /// Takes what there is.
    ///
    /// - Returns: Whether there was anything.
    @discardableResult
    private func read() async throws -> Bool {
        let batch = try await self.reader.poll(timeout: .milliseconds(250))
        for record in batch.records {
            switch record.topicPartition.topic {
            case self.sources.topics.events: self.takeEvent(record)
            case self.sources.topics.status:
                guard !Barrier.isEvent(record) else { continue }
                guard let value = record.value, try self.observations.rollouts.add(value) else { continue }
                self.tookOutcome(record)
            default:
                guard !Barrier.isEvent(record) else { continue }
                self.observations.deadLetters.append(record.value ?? [])
                self.tookOutcome(record)
            }
        }
        return !batch.records.isEmpty
    }

    private func takeEvent(_ record: ConsumedRecord) {
        self.observations.events += 1
        guard let time = record.timestamp else { return }
        self.observations.firstEventAt = min(self.observations.firstEventAt ?? time, time)
    }

    private func tookOutcome(_ record: ConsumedRecord) {
        guard let time = record.timestamp else { return }
        self.observations.lastOutcomeAt = max(self.observations.lastOutcomeAt ?? time, time)
    }

    /// Repeated events, as the workers' metrics count them.
    private func duplicates() async throws -> Int {
        var sum = 0
        for address in self.sources.operations {
            let response = try await self.get("http://\(address)/metrics", headers: [])
            sum += TallyReader.duplicates(inMetrics: String(decoding: response, as: UTF8.self))
        }
        return sum
    }

    /// Reads the counter from a text in Prometheus' format; 0 if it is not there, as before the first repetition.
    static func duplicates(inMetrics text: String) -> Int {
        for line in text.split(separator: "\n") where line.hasPrefix(#"slipway_events_total{outcome="duplicate"} "#) {
            guard let value = line.split(separator: " ").last.flatMap({ Double($0) }) else { continue }
            return Int(value)
        }
        return 0
    }

    private func audit() async throws -> [UInt8] {
        try await self.get(
            "\(self.sources.url)/sandbox/audit",
            headers: [(name: "Authorization", value: "Bearer \(self.sources.apiKey)")]
        )
    }

    private func get(_ url: String, headers: [(name: String, value: String)]) async throws -> [UInt8] {
        let response: HTTPResponse
        do {
            response = try await self.client.send(
                HTTPRequest(method: "GET", url: url, headers: headers, maximumResponseBytes: 1 << 30)
            )
        } catch {
            throw TallyFailure(description: "GET \(url): \(error)")
        }
        guard response.status == 200 else { throw TallyFailure(description: "GET \(url): status \(response.status)") }
        return response.body
    }
}
