// SPDX-License-Identifier: Apache-2.0

import Kafka
import Telemetry
import TestSupport
import Testing
import Values

@testable import Rollouts
@testable import Worker

/// Rule 5: no creating call without an intent that is committed, fresh, and of a partition that is still held.
@Suite(.timeLimit(.minutes(2)))
struct Rule05IntentTests {
    @Test(arguments: WorkerFixture.clusters)
    func aStaleIntentLeadsToANewOneAndToNoCall(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            let runs = try await bed.seedRuns(1)
            var settings = bed.settings(.catchAll)
            // Every intent is too old by the time its commit has ended.
            settings.policy.intentValidity = Span(nanoseconds: 1)
            try await bed.withWorker(settings) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let records = try await bed.read(bed.topics.journal) { records in
                    let steps = records.map { WorkerFixture.step(of: $0) }
                    return steps.count { $0 == "register" } >= 6 || steps.contains { $0 == "finished" }
                }
                #expect(records.count { WorkerFixture.step(of: $0) == "register" } >= 6)
            }
            #expect(try await bed.audit().created == [:])
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                let phases = try await bed.phases(untilEnded: 1)
                #expect(phases.values.map(\.last) == ["deployed"])
            }
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }

    /// What the last look before the request finds.
    enum Finding: CaseIterable {
        case fresh
        case tooOld
        case leaving
        case restoredAgain
        case gone
    }

    @Test(arguments: Finding.allCases)
    func theLastLookIsRightBeforeTheRequest(finding: Finding) async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            let worker = Worker(
                settings: bed.settings(.catchAll),
                runner: CallRunner(client: bed.client, credentials: bed.credentials),
                logger: .disabled,
                metrics: WorkerMetrics(MetricsRegistry())
            )
            let limits = TopicCheck.Result(partitionCount: 3, maximumRecordBytes: 1, maximumDeadBytes: 1)
            let parts = try worker.makeParts(limits, .silent)
            let holdings = worker.holdings
            let epoch = holdings.beginRestoring(0)
            #expect(holdings.beginHolding(0, epoch: epoch, position: Offset(rawValue: 0), seek: 0))
            switch finding {
            case .fresh, .tooOld: break
            case .leaving: holdings.beginLeaving([0])
            case .restoredAgain:
                for (partition, epoch) in holdings.beginRestoringAgain() {
                    #expect(holdings.beginHolding(partition, epoch: epoch, position: Offset(rawValue: 0), seek: 0))
                }
            case .gone: holdings.remove([0])
            }
            let request = ModelRequest(
                projectID: runs[0].projectID,
                name: "churn",
                description: "",
                registeredModelID: "",
                disableAuthentication: false
            )
            let planned = Driver.PlannedCall(
                id: 1,
                call: .createModel(request),
                partition: 0,
                epoch: epoch,
                notAfter: worker.clock.monotonic + (finding == .tooOld ? .zero : .seconds(3_600))
            )
            await worker.makeCallLoop(parts).perform(planned)
            #expect(try await bed.audit().created == (finding == .fresh ? ["model": 1] : [:]))
            #expect(holdings.creatingCalls([0]) == 0)
            await worker.close(parts)
        }
    }
}
