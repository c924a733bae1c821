// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Worker

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
                partitionCount: counts[wanted.name] ?? (wanted.role == .commands ? 1 : 3),
                replicationFactor: 3
            )
            let values = wanted.settings.merging(plan.durability(brokers: 3).settings) { $1 }
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
        return plan.findings(found: found, settings: settings, brokers: 3)
    }

    /// The problems among them.
    private func problems(_ topic: String, _ changed: [String: String], horizonDays: Int64 = 7) -> [String] {
        self.findings(topic, changed, horizonDays: horizonDays).filter(\.isProblem).map { "\($0.topic): \($0.message)" }
    }

    @Test func whatIsAsPlannedIsNoProblem() {
        #expect(self.problems("", [:]) == [])
    }

    /// Commands count in the order in which they stand.
    @Test func moreThanOnePartitionOfCommandsIsAProblem() {
        let name = Self.names.commands
        let found = self.findings("", [:], counts: [name: 2]).filter(\.isProblem)
        #expect(found.map(\.topic) == [name] && found.map(\.kind) == [.partitionCount])
        #expect(found.first?.message.hasPrefix("it has 2 partitions, must have 1") == true)
        #expect(found.first?.nextStep.contains("topics.commands") == true)
        let wanted = Self.plan().topics.first { $0.role == .commands }
        #expect(wanted.map { Self.plan().partitionCount(of: $0, found: [:]) } == 1)
    }

    @Test(arguments: names.all)
    func aTopicThatTakesSmallRecordsOnlyIsNamed(topic: String) {
        let found = self.problems(topic, ["max.message.bytes": "65535"])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("\(topic): max.message.bytes is 65535, must be 65536 or more") == true)
        #expect(self.problems(topic, ["max.message.bytes": "65536"]) == [])
    }

    @Test func eventsMustNotOutliveTheHorizon() {
        let events = Self.names.events[1]
        // A segment is deleted as a whole, when its newest record is old enough.
        #expect(self.problems(events, ["retention.ms": "\(6 * Self.day)", "segment.ms": "\(Self.day)"]) == [])
        for changed in [["retention.ms": "\(6 * Self.day + 1)"], ["segment.ms": "\(Self.day + 1)"]] {
            let found = self.findings(events, changed).filter(\.isProblem)
            #expect(found.count == 1)
            #expect(found.first?.message.contains("(retention.ms)") == true)
            #expect(found.first?.message.contains("(journal.dedupeHorizon, \(7 * Self.day) ms)") == true)
            #expect(
                found.first?.nextStep.contains("set journal.dedupeHorizon to \(7 * Self.day + 1)ms or more") == true
            )
            #expect(found.first?.shortens == true)
        }
        #expect(self.problems(events, ["retention.ms": "-1"]).count == 1)
        // Nothing longer can be set, so it does for events that are kept for ever.
        #expect(self.problems(events, ["retention.ms": "-1"], horizonDays: 3_650) == [])
    }

    /// Which settings the rules ask for, of which topic.
    private func wanted(_ topic: String, _ changed: [String: String]) -> [String: String] {
        let found = self.findings(topic, changed)
        #expect(found.allSatisfy { $0.topic == topic && !$0.nextStep.isEmpty })
        return found.reduce(into: [:]) { $0.merge($1.changes) { first, _ in first } }
    }

    @Test(arguments: names.all)
    func whatIsCommittedOutlivesABroker(topic: String) {
        #expect(self.wanted(topic, ["min.insync.replicas": "1"]) == ["min.insync.replicas": "2"])
        #expect(self.problems(topic, ["min.insync.replicas": "1"]).first?.contains("wanted 2 of 3 replicas") == true)
        // Nothing could be written while one is away: that keeps what is committed, all the same.
        #expect(self.wanted(topic, ["min.insync.replicas": "3"]) == ["min.insync.replicas": "2"])
        #expect(self.problems(topic, ["min.insync.replicas": "3"]) == [])
        let unclean = ["unclean.leader.election.enable": "true"]
        #expect(self.wanted(topic, unclean) == ["unclean.leader.election.enable": "false"])
        #expect(self.problems(topic, unclean).count == 1)
    }

    @Test(arguments: [(1, false), (2, false), (3, true)])
    func oneCopyIsAProblemWhereThereAreThreeBrokers(brokers: Int, isProblem: Bool) throws {
        let topic = DescribedTopic(role: .journal, name: "j", replicationFactor: 1, settings: [:])
        let found = TopicRules.problems(of: topic, brokers: brokers, horizonMilliseconds: nil)
        #expect(found.count == 1)
        let problem = TopicFinding(try #require(found.first), topic: "j")
        #expect(problem.isProblem == isProblem)
        #expect(problem.message.contains("replication factor is 1, wanted 3 (the cluster has \(brokers) brokers)"))
        #expect(problem.changes == [:])
    }

    @Test func topicsThatAreMadeOutliveABroker() {
        let plan = Self.plan()
        #expect(plan.durability(brokers: 1).replicationFactor == nil)
        #expect(plan.durability(brokers: 3).replicationFactor == 3)
        #expect(
            plan.durability(brokers: 4).settings
                == ["min.insync.replicas": "2", "unclean.leader.election.enable": "false"]
        )
    }

    /// What others write is unpacked by the brokers: a worker's client ends at a batch of 120 bytes.
    @Test(arguments: names.events + [names.commands])
    func whatOthersWriteIsUnpackedByTheBrokers(topic: String) {
        for found in ["producer", "gzip", "zstd"] {
            #expect(self.wanted(topic, ["compression.type": found]) == ["compression.type": "uncompressed"])
            let problem = self.problems(topic, ["compression.type": found]).first
            #expect(problem?.hasPrefix("\(topic): compression.type is '\(found)', must be 'uncompressed'") == true)
        }
        #expect(self.problems(topic, ["compression.type": "uncompressed"]) == [])
        #expect(self.problems(Self.names.inbox, ["compression.type": "producer"]) == [])
    }

    @Test func deadLettersAndStatusesAreNotCompacted() {
        #expect(self.wanted(Self.names.dead, ["cleanup.policy": "compact"]) == ["cleanup.policy": "delete"])
        #expect(self.problems(Self.names.dead, ["cleanup.policy": "compact"]).count == 1)
        #expect(self.wanted(Self.names.status, ["cleanup.policy": "compact"]) == ["cleanup.policy": "delete"])
        #expect(self.problems(Self.names.status, ["cleanup.policy": "compact"]) == [])
        #expect(self.problems(Self.names.events[0], ["cleanup.policy": "compact"]).count == 1)
    }

    @Test func aJournalIsCompactedOnly() {
        let journal = Self.names.journal
        #expect(
            self.problems(journal, ["cleanup.policy": "compact,delete"])
                == [
                    "\(journal): cleanup.policy is 'compact,delete', must be 'compact': unfinished work would be deleted in a "
                        + "long outage"
                ]
        )
    }

    @Test func anInboxIsDeletedFromOnly() {
        let inbox = Self.names.inbox
        #expect(
            self.problems(inbox, ["cleanup.policy": "compact"])
                == [
                    "\(inbox): cleanup.policy is 'compact', must be 'delete': of events that share a key all but the newest "
                        + "would be dropped, read or not"
                ]
        )
    }

    @Test func whatWasPassedOnIsKeptAsLongAsWhatWasNot() {
        let inbox = Self.names.inbox
        let found = self.findings(inbox, ["retention.ms": "\(6 * Self.day - 1)"]).filter(\.isProblem)
        #expect(found.map(\.topic) == [inbox])
        #expect(found.first?.changes == ["retention.ms": "\(6 * Self.day)"])
        #expect(found.first?.shortens == false)
        // Nobody knows what is older than the horizon.
        #expect(self.problems(inbox, ["retention.ms": "\(6 * Self.day + 1)"]).count == 1)
    }

    @Test func inboxAndJournalHaveTheSameNumberOfPartitions() {
        let (inbox, journal) = (Self.names.inbox, Self.names.journal)
        for counts in [[inbox: 4], [journal: 4]] {
            let found = self.findings("", [:], counts: counts).filter(\.isProblem)
            #expect(found.map(\.kind) == [.partitionCount])
            #expect(found.map(\.topic) == Array(counts.keys), "the one that has grown")
        }
        #expect(self.findings("", [:], counts: [inbox: 4, journal: 4]).isEmpty)
    }

    @Test func eventTopicsMayGrow() {
        #expect(self.findings("", [:], counts: [Self.names.events[0]: 40, Self.names.events[1]: 1]).isEmpty)
    }

    @Test func largerEventsThanOtherTopicsTakeAreAdvisedAgainst() {
        let found = self.findings(Self.names.events[1], ["max.message.bytes": "3000000"])
        #expect(found.map(\.topic) == [Self.names.inbox, Self.names.commands, Self.names.dead])
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
