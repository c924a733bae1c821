// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing

@testable import Commands
@testable import Kafka

/// What `slipway topics check` finds is what a worker refuses, and nothing else is called a problem.
@Suite struct TopicPlanTests {
    private static let names = TopicNames(events: ["events.a", "events.b"])
    private static let day: Int64 = 86_400_000

    private static func plan(horizonDays: Int64 = 7) -> TopicPlan {
        TopicPlan(
            names: Self.names,
            replicationFactor: nil,
            dedupeHorizonMilliseconds: horizonDays * Self.day
        )
    }

    /// What is found of topics that are as they should be, but for some settings of one of them.
    private func findings(
        _ topic: String,
        _ changed: [String: String],
        horizonDays: Int64 = 7,
        counts: [String: Int] = [:]
    ) -> [TopicFinding] {
        let plan = Self.plan(horizonDays: horizonDays)
        var found: [String: Topic] = [:]
        var settings: [String: [String: TopicSetting]] = [:]
        for wanted in plan.topics {
            found[wanted.name] = Topic(
                name: wanted.name,
                partitionCount: counts[wanted.name] ?? 3,
                replicationFactor: 1
            )
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
        return plan.findings(found: found, settings: settings)
    }

    /// The problems among them.
    private func problems(_ topic: String, _ changed: [String: String], horizonDays: Int64 = 7) -> [String] {
        self.findings(topic, changed, horizonDays: horizonDays).filter(\.isProblem).map { "\($0.topic): \($0.message)" }
    }

    @Test func whatIsAsPlannedIsNoProblem() {
        #expect(self.problems("", [:]) == [])
    }

    @Test(arguments: names.all)
    func aTopicThatTakesSmallRecordsOnlyIsNamed(topic: String) {
        #expect(
            self.problems(topic, ["max.message.bytes": "65535"])
                == ["\(topic): max.message.bytes is 65535, must be 65536 or more"]
        )
        #expect(self.problems(topic, ["max.message.bytes": "65536"]) == [])
    }

    @Test func eventsMustNotOutliveTheHorizon() {
        let events = Self.names.events[1]
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

    @Test func anInboxIsDeletedFromOnly() {
        let inbox = Self.names.inbox
        #expect(
            self.problems(inbox, ["cleanup.policy": "compact"])
                == ["\(inbox): cleanup.policy is 'compact', must be 'delete'"]
        )
    }

    @Test func whatWasPassedOnIsKeptAsLongAsWhatWasNot() {
        let inbox = Self.names.inbox
        let found = self.findings(inbox, ["retention.ms": "\(7 * Self.day - 1)"]).filter(\.isProblem)
        #expect(found.map(\.topic) == [inbox])
        #expect(found.first?.changes == ["retention.ms": "\(7 * Self.day)"])
        // Nobody knows what is older than the horizon.
        #expect(self.problems(inbox, ["retention.ms": "\(7 * Self.day + 1)"]).count == 1)
    }

    @Test func inboxAndJournalHaveTheSameNumberOfPartitions() {
        let (inbox, journal) = (Self.names.inbox, Self.names.journal)
        for counts in [[inbox: 4], [journal: 4]] {
            let found = self.findings("", [:], counts: counts).filter(\.isProblem)
            #expect(found.map(\.kind) == [.partitionCount])
            #expect(found.map(\.topic) == [journal])
        }
        #expect(self.findings("", [:], counts: [inbox: 4, journal: 4]).isEmpty)
    }

    @Test func eventTopicsMayGrow() {
        #expect(self.findings("", [:], counts: [Self.names.events[0]: 40, Self.names.events[1]: 1]).isEmpty)
    }

    @Test func largerEventsThanTheInboxTakesAreAdvisedAgainst() {
        let found = self.findings(Self.names.events[1], ["max.message.bytes": "3000000"])
        #expect(found.map(\.topic) == [Self.names.inbox, Self.names.dead])
        #expect(found.allSatisfy { $0.kind == .advice && $0.changes == ["max.message.bytes": "6000000"] })
    }

    @Test func aNewInboxFollowsTheJournal() throws {
        let plan = Self.plan()
        func count(_ name: String, found: [String: Int]) throws -> Int {
            plan.partitionCount(of: try #require(plan.topics.first { $0.name == name }), found: found)
        }
        let (inbox, journal, events) = (Self.names.inbox, Self.names.journal, Self.names.events[0])
        #expect(try count(inbox, found: [:]) == 24)
        #expect(try count(inbox, found: [journal: 7]) == 7)
        #expect(try count(journal, found: [inbox: 5, events: 9]) == 5)
        #expect(try count(events, found: [inbox: 5]) == 12)
    }
}
