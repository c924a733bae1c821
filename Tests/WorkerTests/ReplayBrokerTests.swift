// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Commands
import Kafka
import Rollouts
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// `slipway replay --apply` beside the worker that it is for: what the copies become.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct ReplayBrokerTests {
    @Test func anOlderRunEndsSupersededAndMakesNothing() async throws {
        try await self.withTwoDeployed { bed, runs in
            let older = runs[0]
            let words = ["--run", older.runID, "--reason", "endpoint was deleted", "--replay-id", "again"]
            try await self.replay(bed, words)
            let last = try await self.ends(bed, 3)[2]
            #expect(last.phase == .superseded)
            #expect(last.cause?.class == CauseClass.newerRun.rawValue)
            #expect(last.run.runID == older.runID)
            #expect(last.replayID == "again")
            #expect(last.replayReason == "endpoint was deleted")
            #expect(try await bed.audit().created == Self.twoDeployed, "nothing is made for a run that stays out")
        }
    }

    @Test func aRollbackAdoptsTheVersionBuildsAndDeploysAnewAndOnce() async throws {
        try await self.withTwoDeployed { bed, runs in
            let words = [
                "--run", runs[0].runID, "--allow-rollback", "--reason", "r1 was better", "--replay-id", "back",
            ]
            try await self.replay(bed, words)
            let ends = try await self.ends(bed, 3)
            #expect(ends.map(\.phase) == [.deployed, .deployed, .deployed])
            let (first, back) = (ends[0], ends[2])
            #expect(back.run.runID == runs[0].runID && back.replayID == "back")
            #expect(back.rolloutID != first.rolloutID, "a rollout of its own")
            #expect(back.made.versionID == first.made.versionID, "the version that is registered")
            #expect(back.made.modelID == first.made.modelID)
            #expect(back.made.buildID != first.made.buildID)
            #expect(back.made.deploymentID != first.made.deploymentID)
            let audit = try await bed.audit()
            #expect(audit.created == ["version": 2, "model": 1, "build": 3, "deployment": 3])
            #expect(audit.deployedRuns == [runs[0].runID, runs[1].runID, runs[0].runID])

            try await self.nothingComesOfTheSameReplay(bed, words)
        }
    }

    /// The same replay said again is the same commands, which the worker knows.
    private func nothingComesOfTheSameReplay(_ bed: WorkerFixture, _ words: [String]) async throws {
        let made = try await bed.audit().created
        try await self.replay(bed, words)
        // There is one partition: when what comes behind has ended, the command has been seen.
        let behind = try await bed.seedRuns(1)[0]
        try await bed.emit(behind.data(model: "other"), id: "behind", key: "other")
        let ends = try await self.ends(bed, 4)
        #expect(ends.last?.run.runID == behind.runID)
        let outcomes = try await self.all(bed, bed.topics.status).compactMap { record in
            CommandStatus.decode(headers: record.headers, value: record.value)?.outcome
        }
        #expect(outcomes == ["accepted", "known"])
        let now = try await bed.audit().created
        #expect(now == made.mapValues { $0 + 1 }, "one of each, for the run behind it")
    }

    // MARK: Helpers

    private static let twoDeployed = ["version": 2, "model": 1, "build": 2, "deployment": 2]

    /// Runs `body` when two runs of one model have been deployed, the older first, and no worker is there.
    private func withTwoDeployed(_ body: (WorkerFixture, [WorkerFixture.SeededRun]) async throws -> Void) async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            let runs = try await bed.seedRuns(2)
            for (index, run) in runs.enumerated() {
                try await bed.emit(run.data(model: "churn"), id: "\(index)", key: "churn")
                let ends = try await self.ends(bed, index + 1)
                #expect(ends.map(\.phase) == Array(repeating: .deployed, count: index + 1))
            }
            #expect(try await bed.audit().created == Self.twoDeployed)
            try await body(bed, runs)
        }
    }

    /// Runs a worker until so many rollouts have ended, and returns how, in the order in which they ended.
    private func ends(_ bed: WorkerFixture, _ count: Int) async throws -> [StatusEvent] {
        try await bed.withWorker(bed.settings(.catchAll)) { _ in _ = try await bed.phases(untilEnded: count) }
        // The worker has stopped in order, so whatever else it had begun is there as well.
        let statuses = try await self.all(bed, bed.topics.status).compactMap { record in
            StatusEvent.decode(headers: record.headers, value: record.value)
        }
        #expect(Set(statuses.map(\.rolloutID)).count == count, "no other rollout was begun")
        let ends = statuses.filter(\.isTerminal)
        #expect(ends.count == count)
        return ends
    }

    /// All records of a topic's only partition.
    private func all(_ bed: WorkerFixture, _ topic: String) async throws -> [ConsumedRecord] {
        let reader = try PartitionReader(properties: bed.kafka, isolation: .committed)
        try await reader.assign([TopicPartition(topic, 0): Offset(rawValue: 0)])
        var records: [ConsumedRecord] = []
        var isAtEnd = false
        while !isAtEnd, !Task.isCancelled {
            let batch = try await reader.poll(timeout: .milliseconds(200))
            records += batch.records
            isAtEnd = !batch.ends.isEmpty
        }
        await reader.close()
        return records
    }

    /// Runs `slipway replay --apply` while no worker is there, and sees that it leaves the group's offsets as they are.
    ///
    /// - Returns: What it wrote to standard output.
    @discardableResult
    private func replay(_ bed: WorkerFixture, _ words: [String]) async throws -> String {
        let before = try await bed.committedOffsets()
        let captured = CapturedOutput()
        let status = await Program.table().run(
            ["replay", "--apply", "--json", "--no-wait"] + words,
            environment: [
                "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": KafkaFixture.genuineBootstrap ?? "",
                "SLIPWAY_KAFKA_GROUP_ID": bed.groupID,
                "SLIPWAY_TOPICS_EVENTS": bed.events,
                "SLIPWAY_TOPICS_COMMANDS": bed.topics.commands,
                "SLIPWAY_ROUTES": "",
            ],
            output: Output(to: captured)
        )
        #expect(status == .success, "\(captured.errorText)")
        #expect(try await bed.committedOffsets() == before)
        #expect(before.count == 1, "there are offsets that could have moved")
        return captured.text
    }
}
