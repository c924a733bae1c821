// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Kafka
import Rollouts
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// The whole worker while the workbench, its registry or the key is out of order: work waits, and one probe asks.
@Suite(.timeLimit(.minutes(3)))
struct OutageTests {
    /// The probe's path.
    static let probe = "/api/v2/auth/validate_key"
    static let models = 12

    static func settings(_ bed: WorkerFixture) -> WorkerSettings {
        var settings = bed.settings(.catchAll)
        settings.policy.retry.maximumAttempts = 2
        settings.policy.retry.backoff.base = .milliseconds(50)
        settings.policy.retry.backoff.cap = .milliseconds(400)
        return settings
    }

    static func emit(_ bed: WorkerFixture, _ runs: [WorkerFixture.SeededRun]) async throws {
        for (index, run) in runs.enumerated() {
            try await bed.emit(run.data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
        }
    }

    /// Waits until so many rollouts have said that they wait, and returns why.
    static func causes(_ bed: WorkerFixture, waiting count: Int) async throws -> Set<String> {
        let statuses = try await bed.read(bed.topics.status) { records in
            records.count { WorkerFixture.phase(of: $0) == "waiting" } >= count
        }
        let waiting = statuses.filter { WorkerFixture.phase(of: $0) == "waiting" }
        return Set(try waiting.map { try WorkerFixture.causeClass(of: $0) })
    }

    @Test func whileNobodyListensWorkWaitsAndOneProbeAtATimeAsks() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(Self.models)
            let detour = Detour(refusing: .everything)
            let settings = Self.settings(bed)
            try await bed.withWorker(settings.tapped(by: detour)) { worker in
                try await Self.emit(bed, runs)
                #expect(try await Self.causes(bed, waiting: Self.models) == ["unavailable"])
                #expect(worker.health.cause(of: "workbench")?.hasPrefix("unavailable: ") == true)
                #expect(!worker.health.isReady)
                let probes = await detour.next(requests: 6)
                #expect(Set(probes.map(\.path)) == [Self.probe], "nothing but probes in an outage")
                #expect(probes.allSatisfy { $0.underWay == 1 }, "one at a time")
                let starts = probes.filter { $0.succeeded == nil }.map(\.at)
                let gaps = zip(starts.dropFirst(), starts).map { $0 - $1 }
                #expect(gaps.allSatisfy { $0 >= .milliseconds(50) }, "never faster than the base: \(gaps)")
                detour.refuse(.nothing)
                let phases = try await bed.phases(untilEnded: Self.models)
                #expect(phases.values.allSatisfy { $0.last == "deployed" }, "two attempts, and none used up")
                #expect(worker.health.cause(of: "workbench") == nil)
            }
            Self.expectRamp(detour.events, maximum: settings.policy.maximumConcurrentCalls)
            #expect(try await bed.audit().created["deployment"] == Self.models)
        }
    }

    /// After the outage two calls at a time, and one more with each that succeeded.
    static func expectRamp(_ events: [Detour.Event], maximum: Int) {
        guard let back = events.firstIndex(where: { $0.path == Self.probe && $0.succeeded == true }) else {
            Issue.record("no probe succeeded")
            return
        }
        var allowed = 2
        for event in events[(back + 1)...] where event.path != Self.probe {
            switch event.succeeded {
            case nil: #expect(event.underWay <= min(allowed, maximum), "work begins again in steps")
            case true?: allowed += 1
            case false?: break
            }
        }
    }

    @Test func aRevokedKeyIsAnOutageWithANameOfItsOwn() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(Self.models)
            try await bed.fault(#"[{"match":{"path":"/api/v2/**"},"fault":"status","status":401}]"#)
            let detour = Detour()
            try await bed.withWorker(Self.settings(bed).tapped(by: detour)) { worker in
                try await Self.emit(bed, runs)
                #expect(try await Self.causes(bed, waiting: Self.models) == ["unauthorized"])
                let cause = worker.health.cause(of: "workbench") ?? ""
                #expect(cause.hasPrefix("unauthorized: ") && cause.hasSuffix("work goes on by itself."))
                let probes = await detour.next(requests: 4)
                #expect(Set(probes.map(\.path)) == [Self.probe])
                try await bed.fault("[]")
                let phases = try await bed.phases(untilEnded: Self.models)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })
                #expect(worker.health.cause(of: "workbench") == nil)
            }
        }
    }

    @Test(arguments: [404, 500, 501, 503])
    func aMissingRegistryHoldsOnlyWhatNeedsIt(status: Int) async throws {
        let clock = LifeCycleClock(fixed: .milliseconds(600))
        try await WorkerFixture.with(clock: clock) { bed in
            let runs = try await bed.seedRuns(2)
            let detour = Detour()
            try await bed.withWorker(Self.settings(bed).tapped(by: detour)) { worker in
                try await bed.emit(runs[0].data(model: "m0"), id: "0", key: "m0")
                _ = try await bed.read(bed.topics.status) { $0.contains { WorkerFixture.phase(of: $0) == "building" } }
                try await bed.fault(
                    #"[{"match":{"path":"/api/v2/registry/**"},"fault":"status","status":\#(status)}]"#
                )
                try await bed.emit(runs[1].data(model: "m1"), id: "1", key: "m1")
                #expect(try await Self.causes(bed, waiting: 1) == ["unavailable"])
                let phases = try await bed.phases(untilEnded: 1)
                #expect(phases.values.compactMap(\.last).sorted() == ["deployed", "waiting"])
                #expect(worker.health.cause(of: "registry")?.hasPrefix("unavailable: ") == true)
                #expect(worker.health.cause(of: "workbench") == nil)
                try await bed.fault("[]")
                #expect(try await bed.phases(untilEnded: 2).values.allSatisfy { $0.last == "deployed" })
                #expect(worker.health.isReady)
            }
            #expect(try await bed.audit().created == ["version": 2, "model": 2, "build": 2, "deployment": 2])
        }
    }
}

extension WorkerHealth {
    /// Why a condition is not met; `nil` when it is, or was never noted.
    func cause(of name: String) -> String? { self.snapshot.first { $0.name == name }?.cause }
}
