// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// A model that only the run can name: the rollout begins with the owner of its id, and moves to its lane's owner once.
@Suite(.timeLimit(.minutes(3)))
struct MovingTests {
    private static func routes() throws -> Routes {
        Routes([
            Route(
                name: "by run",
                modelName: try ModelNameTemplate("model-{runId}"),
                runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil)
            )
        ])
    }

    /// An event that names no run: the newest finished one is meant.
    private static func newest(_ run: WorkerFixture.SeededRun) -> String {
        #"{"projectId":"\#(run.projectID)","experimentId":"\#(run.experimentID)","status":"FINISHED"}"#
    }

    @Test(arguments: WorkerFixture.clusters)
    func rolloutsThatMoveEndOnceWithSequencesThatGrow(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine, partitionCount: 4) { bed in
            // A project each, so that each has a newest run of its own.
            var runs: [WorkerFixture.SeededRun] = []
            for _ in 0..<8 { runs += try await bed.seedRuns(1) }
            try await bed.withWorker(bed.settings(try Self.routes())) { [runs] _ in
                for (index, run) in runs.enumerated() { try await bed.emit(Self.newest(run), id: "\(index)", key: nil) }
                let statuses = try await bed.statuses(untilEnded: 8)
                #expect(statuses.count == 8)
                for (id, events) in statuses {
                    #expect(
                        events.map(\.phase) == [.accepted, .registering, .building, .deploying, .deployed],
                        "\(id)"
                    )
                    #expect(events.map(\.sequence) == Array(1...5), "\(id)")
                }
                // Said twice: whoever has it knows it, where it was accepted and where it went.
                for (index, run) in runs.enumerated() { try await bed.emit(Self.newest(run), id: "\(index)", key: nil) }
                try await bed.emit(Self.newest(runs[0]), id: "last", key: nil)
                #expect(try await bed.statuses(untilEnded: 9).count == 9)
            }
            #expect(try await bed.audit().created == ["version": 8, "model": 8, "build": 8, "deployment": 8])
            let moved = try await bed.read(bed.topics.inbox) { !$0.isEmpty }
            #expect(moved.contains { $0.headers.contains { $0.name == Forwarding.HeaderName.moved } })
        }
    }

    /// An event that names the run and one that doesn't mean one model: they meet in its lane.
    @Test func aRunThatIsNamedAndOneThatIsFoundMeetInOneLane() async throws {
        try await WorkerFixture.with(partitionCount: 4) { bed in
            let run = try await bed.seedRuns(1)[0]
            try await bed.withWorker(bed.settings(try Self.routes())) { _ in
                let named = Self.newest(run).dropLast() + #","runId":"\#(run.runID)"}"#
                try await bed.emit(String(named), id: "named", key: nil)
                _ = try await bed.phases(untilEnded: 1)
                try await bed.emit(Self.newest(run), id: "found", key: nil)
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.compactMap(\.last).sorted() == ["deployed", "skipped"])
            }
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }

    /// Its inbox belongs to another worker, which is not there yet: the rollout waits in it, whole.
    @Test func aRolloutThatMovedToAnotherWorkerGoesOnThere() async throws {
        try await WorkerFixture.with(partitionCount: 2) { bed in
            let run = try await bed.seedRuns(1)[0]
            let owner = Ownership.owner(of: "model-\(run.runID)", count: 2)
            let settings = bed.settings(try Self.routes())
            // Accepted by the owner of its id, whichever that is: until one is found that is not the model's.
            let isElsewhere = owner == Partition(rawValue: 1)
            try await bed.withWorker(isElsewhere ? settings.tapped(by: BlindTap(inbox: 1)) : settings) { _ in
                try await bed.emit(Self.newest(run), id: "1", key: nil)
                if isElsewhere {
                    _ = try await bed.read(bed.topics.inbox) { !$0.isEmpty }
                } else {
                    _ = try await bed.phases(untilEnded: 1)
                }
            }
            try await bed.withWorker(settings) { _ in
                let statuses = try await bed.statuses(untilEnded: 1)
                let events = try #require(statuses.values.first)
                #expect(events.map(\.sequence) == Array(1...5))
                #expect(events.last?.phase == .deployed)
            }
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }
}

extension WorkerFixture {
    /// The status events of each rollout, in order, once so many have ended.
    func statuses(untilEnded count: Int) async throws -> [String: [StatusEvent]] {
        func decode(_ records: [ConsumedRecord]) -> [StatusEvent] {
            records.compactMap { StatusEvent.decode(headers: $0.headers, value: $0.value) }
        }
        let records = try await self.read(self.topics.status) { decode($0).count(where: \.isTerminal) >= count }
        return Dictionary(grouping: decode(records)) { "\($0.rolloutID)" }
    }
}
