// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Rollouts
import TestSupport
import Values

@testable import Commands

/// The three commands on a mock cluster that has the topics.
struct CommandFixture: Sendable {
    static let eventsTopic = "events"
    static let statusTopic = "status"
    static let commandsTopic = "commands"

    /// Absent on a genuine Kafka.
    var mock: MockCluster?
    let properties: KafkaProperties
    let access: KafkaAccess

    /// Runs `body` with a cluster of its own.
    ///
    /// - Parameters:
    ///   - partitions: Of every topic.
    ///   - others: Further event topics.
    ///   - body: The test.
    /// - Throws: What `body` throws, and what keeps a cluster from starting.
    static func with(
        partitions: Int = 3,
        others: [String] = [],
        _ body: (CommandFixture) async throws -> Void
    ) async throws {
        let events = [self.eventsTopic] + others
        var topics = Dictionary(uniqueKeysWithValues: (events + [self.statusTopic]).map { ($0, partitions) })
        topics[self.commandsTopic] = 1
        try await KafkaFixture.withMock(topics: topics) { cluster, properties in
            let access = KafkaAccess(
                properties: [.init("bootstrap.servers", cluster.bootstrapServers)],
                eventTopics: events,
                statusTopic: self.statusTopic,
                commandsTopic: self.commandsTopic
            )
            try await body(CommandFixture(mock: cluster, properties: properties, access: access))
        }
    }

    /// What a command line did.
    struct Result {
        let status: ExitStatus
        let text: String
        let errorText: String

        var lines: [String] { self.text.split(separator: "\n").map(String.init) }

        /// Standard output as JSON values, one a line.
        var json: [JSONValue] {
            get throws { try self.lines.map { try JSONValue(parsing: Array($0.utf8)) } }
        }
    }

    /// Runs a command line as the program would, but for signals.
    func run(_ words: String..., environment: [String: String] = [:]) async -> Result {
        await CommandFixture.run(words, access: self.access, environment: environment)
    }

    static func run(
        _ words: [String],
        access: KafkaAccess,
        environment: [String: String] = [:],
        capture: CapturedOutput = CapturedOutput()
    ) async -> Result {
        let loader: KafkaAccess.Loader = { _, _ in access }
        let table = CommandTable(
            name: "slipway",
            summary: "Test",
            version: { "0" },
            commands: [EmitCommand.command(loader), WatchCommand.command(loader), ReplayCommand.command(loader)]
        )
        let status = await table.run(words, environment: environment, output: Output(to: capture))
        return Result(status: status, text: capture.text, errorText: capture.errorText)
    }

    /// Reads all records of a topic.
    func records(of topic: String) async throws -> [ConsumedRecord] {
        let reader = try PartitionReader(properties: self.properties)
        let pass = TopicPass(reader, [try await self.access.topic(topic)])
        var records: [ConsumedRecord] = []
        try await pass.run(from: try await pass.starts(.beginning), to: try await pass.ends()) { records.append($0) }
        await reader.close()
        return records
    }

    func send(_ records: [ProducerRecord]) async throws {
        let producer = try Producer(properties: self.properties)
        for result in await producer.sendAll(records) { _ = try result.get() }
        await producer.close()
    }
}

/// Status events as the worker writes them.
enum StatusSamples {
    static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return digits + String(repeating: "0", count: 32 - digits.count)
    }

    static func json(
        _ number: Int,
        _ phase: String,
        sequence: Int,
        model: String = "churn-clf",
        time: Int64 = 0,
        cause: String? = nil
    ) -> [UInt8] {
        JSONWriter.object { writer in
            writer.field("rolloutId", self.id(number))
            writer.field("sequence", sequence)
            writer.field("phase", phase)
            writer.field("time", Timestamp(millisecondsSinceEpoch: time).description)
            writer.field("acceptedAt", Timestamp(millisecondsSinceEpoch: 0).description)
            writer.field("totalMilliseconds", time)
            writer.object("model") { $0.field("name", model) }
            writer.object("run") { $0.field("runId", "run-\(number)") }
            if phase == "deployed" { writer.field("endpointUrl", "https://models.example/\(number)") }
            if let cause {
                writer.object("cause") { object in
                    object.field("class", cause)
                    object.field("message", "it broke")
                    object.field("nextStep", "Mend it.")
                }
            }
        }
    }

    static func headers(_ phase: String) -> [RecordHeader] {
        [
            RecordHeader("ce_specversion", "1.0"), RecordHeader("ce_type", "dev.slipway.rollout.\(phase).v1"),
            RecordHeader("ce_source", "/slipway/test"), RecordHeader("ce_id", "1"),
            RecordHeader("content-type", "application/json"),
        ]
    }

    static func event(
        _ number: Int,
        _ phase: String,
        sequence: Int,
        model: String = "churn-clf",
        time: Int64 = 0,
        cause: String? = nil
    ) throws -> StatusEvent {
        struct Undecodable: Error {}
        let value = self.json(number, phase, sequence: sequence, model: model, time: time, cause: cause)
        guard let event = StatusEvent.decode(headers: self.headers(phase), value: value) else { throw Undecodable() }
        return event
    }

    static func record(
        _ number: Int,
        _ phase: String,
        sequence: Int,
        model: String = "churn-clf",
        cause: String? = nil
    ) -> ProducerRecord {
        ProducerRecord(
            topic: CommandFixture.statusTopic,
            key: Array(self.id(number).utf8),
            value: self.json(number, phase, sequence: sequence, model: model, cause: cause),
            headers: self.headers(phase).map { RecordHeader($0.name, $0.value) }
        )
    }
}
