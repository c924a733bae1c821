// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import Telemetry
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// A stop ends a worker within its deadline, whatever has become of its topics.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(3))
)
struct DeletedTopicTests {
    enum Deleted: CaseIterable {
        case events, inbox, journal, commands, status, dead, all

        /// Whether steps of rollouts can't be written without it.
        var isNeeded: Bool {
            switch self {
            case .inbox, .journal, .status, .all: true
            case .events, .commands, .dead: false
            }
        }

        func names(_ topics: TopicNames) -> [String] {
            switch self {
            case .events: topics.events
            case .inbox: [topics.inbox]
            case .journal: [topics.journal]
            case .commands: [topics.commands]
            case .status: [topics.status]
            case .dead: [topics.dead]
            case .all: topics.all
            }
        }
    }

    /// What the worker would write down next can't be written.
    @Test(arguments: Deleted.allCases)
    func aStopEndsAWorkerInTimeWithoutItsTopics(deleted: Deleted) async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2, clock: .init(fixed: .seconds(3))) { bed in
            let runs = try await bed.seedRuns(2)
            var settings = bed.settings(.catchAll)
            settings.stopTimeout = .seconds(4)
            settings.transactionTimeout = .seconds(4)
            let began = OneShotInstant()
            let (final, log) = (settings, TestLog())
            try await bed.withWorker(final, logger: log.logger) { _ in
                for index in 0..<2 {
                    try await bed.emit(runs[index].data(model: "m\(index)"), id: "\(index)", key: nil)
                }
                // Work is under way, and its next steps are to be written down.
                _ = try await bed.read(bed.topics.status) {
                    $0.count { WorkerFixture.phase(of: $0) == "building" } >= 2
                }
                for topic in deleted.names(bed.topics) { try await bed.delete(topic) }
                if deleted.isNeeded { try await log.failedTransaction() }
                began.set()
            }
            // The deadline, a transaction that is under way, leaving the group, and ending a client.
            let took = began.elapsed
            print("stopped \(took) after \(deleted) was deleted")
            #expect(took < .seconds(4 + 4 + 10 + 5 + 2), "\(took)")
        }
    }
}

extension TestLog {
    /// Waits for a transaction that could not be committed, or for the group to take the inbox away.
    fileprivate func failedTransaction() async throws {
        let told = [
            "transaction aborted, trying again", "transaction refused: the group has moved on",
            "producer unusable; reloading every partition from the journal", "partitions revoked", "partitions lost",
        ]
        guard await self.kept.firstRecord(where: { told.contains("\($0.message)") }) != nil else {
            throw CancellationError()
        }
    }
}

/// A moment that one task notes and another one reads.
private final class OneShotInstant: Sendable {
    private let instant = Mutex<ContinuousClock.Instant?>(nil)

    func set() { self.instant.withLock { $0 = .now } }

    var elapsed: Duration { self.instant.withLock { $0 }.map { .now - $0 } ?? .seconds(3_600) }
}
