// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Kafka
import Testing
import Values
import WorkbenchSandbox

@testable import SandboxPrograms

@Suite("slipway-sandbox demo and tally", .timeLimit(.minutes(1)))
struct DemoHostTests {
    private func withHost(_ body: (DemoHost, JSONValue) async throws -> Void) async throws {
        let host = try await DemoHost(
            sandbox: SandboxServer.Settings(apiKey: "demo-key", seed: 1),
            partitionCounts: DemoHost.PartitionCounts(owning: 3, others: 2)
        )
        do {
            try await body(host, try JSONValue(parsing: Array(host.announcement.utf8)))
        } catch {
            await host.stop()
            throw error
        }
        await host.stop()
    }

    private func write(_ records: [ProducerRecord], to host: DemoHost) async throws {
        let producer = try Producer(properties: try KafkaProperties(bootstrapServers: host.bootstrapServers))
        let reports = await producer.sendAll(records)
        await producer.close()
        for report in reports { _ = try report.get() }
    }

    /// Runs `body` with the address of something that shows metrics as a worker does.
    private func withMetrics(_ text: String, _ body: (String) async throws -> Void) async throws {
        var router = Router()
        router.setFallback { _, responder in responder.reply(HTTPServerReply(status: 200, body: Array(text.utf8))) }
        let server = HTTPServer(settings: HTTPServerSettings(host: "127.0.0.1", port: 0), routes: router)
        let address = try server.start()
        do {
            try await body("\(address.host):\(address.port)")
        } catch {
            await server.stop(grace: .zero)
            throw error
        }
        await server.stop(grace: .zero)
    }

    @Test("says where everything is, and has the topics, inbox and journal with as many partitions")
    func announces() async throws {
        try await self.withHost { host, announced in
            #expect(announced["bootstrapServers"]?.text == host.bootstrapServers)
            #expect(announced["url"]?.text == host.url)
            #expect(announced["apiKey"]?.text == "demo-key")
            #expect(announced["modelServiceURL"]?.text == host.url + "/modelservice")
            let admin = try Admin(properties: try KafkaProperties(bootstrapServers: host.bootstrapServers))
            let topics = try await admin.topics()
            await admin.close()
            #expect(announced["partitions"]?.wholeNumber == 2)
            let names = announced["topics"]
            func count(_ name: String) -> Int? { names?[name]?.text.flatMap { topics[$0]?.partitionCount } }
            #expect(["inbox", "journal"].map(count) == [3, 3])
            #expect(["events", "status", "dead"].map(count) == [2, 2, 2])
            #expect(count("commands") == 1)
        }
    }

    @Test("a tally over the wire is red until all is as expected, and then green")
    func tallies() async throws {
        let expected = recordedFolder + "/events.ndjson"
        try await self.withHost { host, _ in
            try await self.withMetrics("slipway_events_total{outcome=\"duplicate\"} 1\n") { operations in
                let words = [
                    "tally", "--expect", expected, "--bootstrap-servers", host.bootstrapServers, "--url", host.url,
                    "--api-key", "demo-key", "--operations", operations,
                ]
                let red = await runProgram(words + ["--timeout", "0"])
                #expect(red.status == 1)
                #expect(red.errorText.contains("breast-cancer: deployed is expected, seen: nothing"))

                // Everything but what the workbench makes: only the claims of a deployment are doubted then.
                let events = try RecordedEvent.read(file: expected)
                try await self.write(self.history(of: events, host.topics), to: host)
                let doubted = await runProgram(words + ["--timeout", "5s"])
                #expect(doubted.status == 1)
                let deployed = events.count { $0.expected == .deployed }
                let problems = doubted.errorText.split(separator: "\n")
                #expect(problems.count == deployed)
                #expect(problems.allSatisfy { $0.contains("the workbench made no such deployment") })
                let summary = try JSONValue(
                    parsing: Array((doubted.text.split(separator: "\n").last ?? "").utf8)
                )
                #expect(summary["events"]?.wholeNumber == Int64(events.count))
                #expect(summary["deployed"]?.wholeNumber == Int64(deployed))
                #expect(summary["deadLettered"]?.wholeNumber == 1)
            }
        }
    }

    /// Records as the producers and a worker write them when all goes as expected.
    private func history(of events: [RecordedEvent], _ topics: DemoHost.Topics) -> [ProducerRecord] {
        events.enumerated().flatMap { index, event -> [ProducerRecord] in
            let sent = ProducerRecord(topic: topics.events, key: nil, value: event.value)
            switch event.expected {
            case .duplicate: return [sent]
            case .deadLettered: return [sent, ProducerRecord(topic: topics.dead, key: nil, value: event.value)]
            case .deployed, .skipped, .failed, .superseded:
                let status = JSONWriter.object { writer in
                    writer.field("rolloutId", "rollout-\(index)")
                    writer.field("sequence", 1)
                    writer.field("phase", event.expected.rawValue)
                    writer.object("run") { $0.field("runId", event.identity?.runID ?? "") }
                    writer.object("model") { $0.field("name", event.identity?.modelName ?? "") }
                }
                return [sent, ProducerRecord(topic: topics.status, key: Array("rollout-\(index)".utf8), value: status)]
            }
        }
    }

    @Test("a worker that shows no metrics is named")
    func noWorker() async throws {
        try await self.withHost { host, _ in
            let result = await runProgram([
                "tally", "--expect", recordedFolder + "/events.ndjson", "--bootstrap-servers",
                host.bootstrapServers, "--url", host.url, "--api-key", "demo-key", "--operations", "127.0.0.1:1",
                "--timeout", "0",
            ])
            #expect(result.status == 1)
            #expect(result.errorText.contains("http://127.0.0.1:1/metrics"))
            #expect(!result.errorText.contains("demo-key"))
        }
    }
}
