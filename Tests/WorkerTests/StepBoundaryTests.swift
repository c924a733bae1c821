// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Threads
import Values
import WorkbenchSandbox

@testable import Worker

/// A worker that ends at any boundary of any creating step is succeeded by another one, and the same objects stand there.
@Suite(.timeLimit(.minutes(3)))
struct StepBoundaryTests {
    @Test(arguments: Boundary.allCases)
    func whateverTheBoundaryAtWhichWorkersEndNothingIsMadeTwice(boundary: Boundary) async throws {
        let isGenuine = KafkaFixture.genuineBootstrap != nil
        let clock = LifeCycleClock(fixed: .milliseconds(100))
        try await WorkerFixture.with(genuine: isGenuine, partitionCount: 1, clock: clock) { bed in
            let runs = try await bed.seedRuns(1)
            try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
            var ends = 0
            // Where an end leaves the step as it was, a successor passes its boundary and ends at the next one's.
            let isPassedByEnding = boundary == .afterCall || boundary == .afterJournal
            while try await Self.endsAt(boundary, time: ends == 0 || isPassedByEnding ? 1 : 2, bed) {
                ends += 1
                guard ends < 20 else { break }
            }
            let isOfOutcomes = boundary == .beforeJournal || boundary == .afterJournal
            // Four creating steps; the outcome of one is written by itself only where it has to be waited for.
            #expect(ends >= (isOfOutcomes ? 2 : 4))
            let statuses = try await bed.phases(untilEnded: 1)
            #expect(statuses.values.map(\.last) == ["deployed"])
            #expect(statuses.values.first?.count { $0 == "deployed" } == 1)
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }

    /// Runs a worker until it ends at a boundary, or until its work is done.
    ///
    /// - Returns: Whether it ended at the boundary.
    private static func endsAt(_ boundary: Boundary, time: Int, _ bed: WorkerFixture) async throws -> Bool {
        let reached = OneShotEvent()
        var settings = bed.settings(.catchAll)
        // Each successor waits for the end of its predecessor's session; brokers allow no shorter one.
        settings.sessionTimeout = .seconds(6)
        settings.policy.requestTimeout = .milliseconds(500)
        settings.policy.settle = .milliseconds(200)
        let tap = BoundaryTap(boundary, time: time, reached: reached)
        let done = OneShotEvent()
        try await bed.withCrashingWorker(settings.tapped(by: tap)) { _ in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await reached.wait() }
                group.addTask {
                    do {
                        _ = try await bed.phases(untilEnded: 1)
                        if !Task.isCancelled { done.complete() }
                    } catch {
                        Issue.record(error)
                    }
                    reached.complete()
                }
                await group.next()
                group.cancelAll()
            }
        }
        return !done.isComplete
    }
}
