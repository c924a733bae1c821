// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import WorkbenchAPI

@testable import Worker

/// The whole worker says `deployed` only for a model that answers as its route expects.
@Suite(.timeLimit(.minutes(3)))
struct VerifiedDeploymentTests {
    /// What the sandbox's models answer to it, after their fashion.
    private static let (sample, answer) = (#"{"dataframe_split":{"columns":["a"],"data":[[1]]}}"#, "[0]")

    private func lastStatus(
        _ bed: WorkerFixture,
        _ run: WorkerFixture.SeededRun,
        expect: String?,
        within milliseconds: Int64 = 60_000
    ) async throws -> (phases: [String], cause: String) {
        let route = Route(
            name: "verified",
            runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil),
            deadlines: StepDeadlines(verify: milliseconds),
            verification: Verification(request: Self.sample, expect: expect)
        )
        try await bed.withWorker(bed.settings(Routes([route]))) { _ in
            try await bed.emit(run.data(model: "churn"), id: "1", key: "churn")
            _ = try await bed.phases(untilEnded: 1)
        }
        let records = try await bed.read(bed.topics.status) { records in
            records.contains { WorkerFixture.phase(of: $0).flatMap { Phase(rawValue: $0) }?.isTerminal == true }
        }
        let last = try #require(records.last)
        return (records.compactMap { WorkerFixture.phase(of: $0) }, try WorkerFixture.causeClass(of: last))
    }

    @Test(arguments: [
        (nil, "deployed", "none"), (answer, "deployed", "none"), ("[7]", "failed", "verification"),
    ])
    func theAnswerDecides(expect: String?, phase: String, cause: String) async throws {
        try await WorkerFixture.with { bed in
            let run = try await bed.seedRuns(1)[0]
            let end = try await self.lastStatus(bed, run, expect: expect)
            #expect(end.phases == ["accepted", "registering", "building", "deploying", "verifying", phase])
            #expect(end.cause == cause)
        }
    }

    /// The workbench reports the deployment as up, yet the model answers nothing but errors.
    @Test func aModelThatNeverAnswersFailsAtTheStepsDeadline() async throws {
        try await WorkerFixture.with { bed in
            let run = try await bed.seedRuns(1)[0]
            let path = "/projects/\(run.projectID)/experiments/\(run.experimentID)/runs/\(run.runID):logbatch"
            let tags = #"{"tags":[{"key":"sandbox.fail","value":"prediction"}]}"#
            _ = try await bed.client.raw("POST", path, body: Array(tags.utf8))
            let end = try await self.lastStatus(bed, run, expect: Self.answer, within: 1_000)
            #expect(end.phases == ["accepted", "registering", "building", "deploying", "verifying", "failed"])
            #expect(end.cause == "verification")
        }
    }
}
