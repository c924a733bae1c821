// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// Each of the four creating calls goes wrong in each way once: the whole worker finds or makes one object, never two.
@Suite(.timeLimit(.minutes(5)))
struct UnknownOutcomeTests {
    /// The paths of the four creating calls, each for the project of a run of its own; versions have one path for all.
    static func paths(_ runs: [WorkerFixture.SeededRun]) -> [String] {
        [
            "/api/v2/registry/models",
            "/api/v2/projects/\(runs[1].projectID)/models",
            "/api/v2/projects/\(runs[2].projectID)/models/*/builds",
            "/api/v2/projects/\(runs[3].projectID)/models/*/builds/*/deployments",
        ]
    }

    @Test(arguments: CreatingFault.allCases, WorkerFixture.clusters)
    func aCreatingCallThatGoesWrongMakesOneObject(fault: CreatingFault, isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            var runs: [WorkerFixture.SeededRun] = []
            for _ in 0..<4 { runs += try await bed.seedRuns(1) }
            let rules = Self.paths(runs).compactMap { fault.rule(path: $0) }
            try await bed.fault("[\((rules + [fault.furtherRule].compactMap { $0 }).joined(separator: ","))]")
            let detour = Detour()
            if fault == .connectionRefused {
                detour.refuse(
                    .firstPost(pathSuffixes: [
                        "/registry/models", "/projects/\(runs[1].projectID)/models", "/builds", "/deployments",
                    ])
                )
            }
            var settings = bed.settings(.catchAll)
            settings.policy.settle = .milliseconds(400)
            // Above every delay of the faults but the one that is to outlast it.
            settings.policy.requestTimeout = .seconds(2)
            try await bed.withWorker(settings.tapped(by: detour)) { [runs] _ in
                // The first has the registry for itself, whose path tells no projects apart.
                try await bed.emit(runs[0].data(model: "m0"), id: "0", key: "m0")
                _ = try await bed.phases(untilEnded: 1)
                for (index, run) in runs.enumerated().dropFirst() {
                    try await bed.emit(run.data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
                }
                let phases = try await bed.phases(untilEnded: 4)
                #expect(phases.values.map(\.last) == ["deployed", "deployed", "deployed", "deployed"])
            }
            let fired = try await bed.faultsFired().prefix(rules.count)
            let met = fault == .connectionRefused ? detour.refusedCount : fired.reduce(0, +)
            #expect(met == 4, "every one of the four calls was to go wrong once: \(fired)")
            #expect(try await bed.made(for: runs) == runs.map { _ in WorkerFixture.oneOfEach })
        }
    }
}
