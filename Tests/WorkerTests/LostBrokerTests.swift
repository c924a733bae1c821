// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// What a broker that is lost right after a commit may have left open is ended without being asked, on every topic.
@Suite(.timeLimit(.minutes(2)))
struct LostBrokerTests {
    private static let ended = "what the last transaction may have left open is ended"

    @Test func anIdleWorkerEndsWhatItsLastTransactionMayHaveLeftOpen() async throws {
        try await WorkerFixture.with { bed in
            let mock = try #require(bed.mock)
            let runs = try await bed.seedRuns(2)
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in
                try await bed.emit(runs[0].data(model: "m0"), id: "0", key: "m0")
                _ = try await bed.phases(untilEnded: 1)
                #expect(log.count(Self.ended) == 0)
                try await mock.setBroker(1, isUp: false)
                try await mock.setBroker(1, isUp: true)
                try await log.first(Self.ended)
                let statuses = try await bed.read(bed.topics.status) { $0.contains(where: Barrier.isEvent) }
                // Where the last status of the rollout stands.
                let places = statuses.filter { WorkerFixture.phase(of: $0) == "deployed" }.map(\.partition)
                #expect(statuses.filter(Barrier.isEvent).map(\.partition) == places)
                try await bed.emit(runs[1].data(model: "m1"), id: "1", key: "m1")
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.count == 2 && phases.values.allSatisfy { $0.last == "deployed" })
            }
            #expect(try await bed.audit().created["deployment"] == 2)
        }
    }

    /// It is away for longer than a transaction may take, and nobody asks for anything meanwhile.
    @Test func soItDoesWhereTheBrokerStaysAwayForLonger() async throws {
        try await WorkerFixture.with { bed in
            let mock = try #require(bed.mock)
            let runs = try await bed.seedRuns(1)
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in
                try await bed.emit(runs[0].data(model: "m0"), id: "0", key: "m0")
                _ = try await bed.phases(untilEnded: 1)
                try await mock.setBroker(1, isUp: false)
                try await log.first("what a lost broker may have left open can't be ended yet")
                try await mock.setBroker(1, isUp: true)
                try await log.first(Self.ended)
            }
        }
    }
}
