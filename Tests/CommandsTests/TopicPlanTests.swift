// SPDX-License-Identifier: Apache-2.0

import Testing
import Worker

@testable import Commands
@testable import Kafka

/// What `slipway topics check` finds is what a worker refuses, and nothing else is called a problem.
@Suite struct TopicPlanTests {
    private static let names = WorkerSettings.Topics()
    private static let day: Int64 = 86_400_000

    /// The problems of topics that are as they should be, but for some settings of one of them.
    private func problems(_ topic: String, _ changed: [String: String], horizonDays: Int64 = 7) -> [String] {
        let plan = TopicPlan(
            names: Self.names,
            partitionCount: 3,
            replicationFactor: nil,
            dedupeHorizonMilliseconds: horizonDays * Self.day
        )
        var found: [String: Topic] = [:]
        var settings: [String: [String: TopicSetting]] = [:]
        for wanted in plan.topics {
            found[wanted.name] = Topic(name: wanted.name, partitionCount: 3, replicationFactor: 1)
            let values = wanted.required.merging(wanted.proposed) { $1 }
                .merging(wanted.name == topic ? changed : [:]) { $1 }
            for (name, value) in values {
                settings[wanted.name, default: [:]][name] = TopicSetting(
                    name: name,
                    value: value,
                    isOwn: true,
                    isSensitive: false,
                    isReadOnly: false
                )
            }
        }
        return plan.findings(found: found, settings: settings).filter(\.isProblem).map { "\($0.topic): \($0.message)" }
    }

    @Test func whatIsAsPlannedIsNoProblem() {
        #expect(self.problems("", [:]) == [])
    }

    @Test(arguments: [names.events, names.status, names.journal, names.dead])
    func aTopicThatTakesSmallRecordsOnlyIsNamed(topic: String) {
        #expect(
            self.problems(topic, ["max.message.bytes": "65535"])
                == ["\(topic): max.message.bytes is 65535, must be 65536 or more"]
        )
        #expect(self.problems(topic, ["max.message.bytes": "65536"]) == [])
    }

    @Test func eventsMustNotOutliveTheHorizon() {
        let events = Self.names.events
        #expect(self.problems(events, ["retention.ms": "\(7 * Self.day)"]) == [])
        #expect(self.problems(events, ["retention.ms": "\(7 * Self.day + 1)"]).count == 1)
        #expect(self.problems(events, ["retention.ms": "-1"]).count == 1)
        // Nothing longer can be set, so it does for events that are kept for ever.
        #expect(self.problems(events, ["retention.ms": "-1"], horizonDays: 3_650) == [])
    }

    @Test func aJournalIsCompactedOnly() {
        let journal = Self.names.journal
        #expect(
            self.problems(journal, ["cleanup.policy": "compact,delete"])
                == ["\(journal): cleanup.policy is 'compact,delete', must be 'compact'"]
        )
    }
}
