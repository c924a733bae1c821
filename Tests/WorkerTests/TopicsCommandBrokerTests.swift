// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Commands
import Kafka
import Machine
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values

@testable import Worker

/// `slipway topics` on a genuine cluster: rule 24, as far as settings go.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct TopicsCommandBrokerTests {
    /// Runs a command line of `slipway topics`.
    private func run(_ topics: TopicNames, _ words: String...) async -> (isSuccess: Bool, text: String) {
        let capture = CapturedOutput()
        let settings = [
            "kafka.bootstrap.servers=\(KafkaFixture.genuineBootstrap ?? "")", "topics.inbox=\(topics.inbox)",
            "topics.journal=\(topics.journal)", "topics.events=\(topics.events[0])", "topics.status=\(topics.status)",
            "topics.commands=\(topics.commands)", "topics.dead=\(topics.dead)", "workbench.url=https://workbench.test",
        ]
        let status = await Program.table().run(
            ["topics"] + words + settings.flatMap { ["--set", $0] },
            environment: [:],
            output: Output(to: capture)
        )
        return (status.code == 0, capture.text + capture.errorText)
    }

    private func withNames(_ body: (TopicNames, Admin) async throws -> Void) async throws {
        let suffix = KafkaFixture.uniqueName("t")
        let names = TopicNames(
            events: ["events-\(suffix)"],
            inbox: "inbox-\(suffix)",
            journal: "journal-\(suffix)",
            commands: "commands-\(suffix)",
            status: "status-\(suffix)",
            dead: "dead-\(suffix)"
        )
        let admin = try Admin(properties: try KafkaProperties(bootstrapServers: KafkaFixture.genuineBootstrap ?? ""))
        do {
            try await body(names, admin)
        } catch {
            _ = try await admin.deleteTopics(names.all)
            throw error
        }
        _ = try await admin.deleteTopics(names.all)
        await admin.close()
    }

    @Test func aDryRunShowsAndAltersNothingAndNoRetentionIsShortenedUnasked() async throws {
        try await self.withNames { names, admin in
            let planned = await self.run(names, "ensure", "--partitions", "2", "--event-partitions", "2", "--dry-run")
            #expect(planned.text.contains("\(names.journal): would be created with 2 partitions"))
            #expect(planned.text.contains("unclean.leader.election.enable=false"))
            #expect(try await admin.topic(names.journal) == nil)
            let made = await self.run(names, "ensure", "--partitions", "2", "--event-partitions", "2")
            #expect(made.isSuccess, "\(made.text)")
            #expect(await self.run(names, "check").isSuccess)

            try await admin.changeSettings(ofTopic: names.dead, ["cleanup.policy": "compact"])
            try await admin.changeSettings(ofTopic: names.status, ["unclean.leader.election.enable": "true"])
            try await admin.changeSettings(ofTopic: names.events[0], ["retention.ms": "-1"])
            let check = await self.run(names, "check")
            #expect(!check.isSuccess)
            #expect(check.text.contains("\(names.dead): setting: cleanup.policy is 'compact', must be 'delete'"))
            #expect(check.text.contains("\(names.status): "))
            #expect(check.text.contains("unclean.leader.election.enable is 'true', must be 'false'"))
            #expect(check.text.contains("\(names.events[0]): setting: it keeps events for -1 ms (retention.ms)"))

            let dry = await self.run(names, "ensure", "--alter", "--dry-run")
            #expect(dry.text.contains("\(names.dead): would set cleanup.policy=delete (was compact)"))
            #expect(!dry.text.contains("retention.ms="))
            #expect(try await admin.settings(ofTopic: names.dead)["cleanup.policy"]?.value == "compact")

            let altered = await self.run(names, "ensure", "--alter")
            #expect(!altered.isSuccess, "the retention is still longer than the horizon")
            #expect(try await admin.settings(ofTopic: names.dead)["cleanup.policy"]?.value == "delete")
            #expect(try await admin.settings(ofTopic: names.events[0])["retention.ms"]?.value == "-1")
            #expect(altered.text.contains("ensure --alter --shorten-retention"))

            let shortened = await self.run(names, "ensure", "--alter", "--shorten-retention")
            #expect(shortened.isSuccess, "\(shortened.text)")
            #expect(try await admin.settings(ofTopic: names.events[0])["retention.ms"]?.value == "2505600000")
        }
    }

    /// What a worker says of topics on which it starts all the same.
    @Test func aWorkerNamesAtItsStartWhatMayBreakAPromise() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            let policies = [(bed.topics.dead, "compact"), (bed.topics.events[0], "compact,delete")]
            for (topic, policy) in policies { try await bed.change(topic, "cleanup.policy", to: policy) }
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in try await log.first("started")
            }
            let told = log.kept.records.filter { $0.message == "topic is not as the guarantees need it" }
            let texts = told.map { record in record.fields.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }
            for (topic, policy) in policies {
                let text = try #require(texts.first { $0.contains(topic) && $0.contains("cleanup.policy") })
                #expect(text.contains(policy) && text.contains("must be") && text.contains("share a key"))
                #expect(text.contains("slipway topics ensure --alter"))
            }
        }
    }

    @Test func aCompactedInboxIsRefused() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            try await bed.change(bed.topics.inbox, "cleanup.policy", to: "compact")
            let failure = await bed.failureAtStart(bed.settings(.catchAll))
            #expect(failure?.kind == .topics)
            #expect(failure?.description.contains("'\(bed.topics.inbox)': cleanup.policy is 'compact'") == true)
        }
    }
}
