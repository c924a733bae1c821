// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values
import WorkbenchSandbox

/// What the public definition of the workbench's API leaves open may be one way or the other.
struct OpenQuestionTests {
    private let models = ModelNames.owned(by: 0)

    @Test func everyTwoAnswersMeet() {
        let workbenches = QuirkyWorkbench.all.map(\.quirks)
        #expect(workbenches.count <= 16, "a few of the 41,472 that there are")
        for one in Quirk.allCases {
            for other in Quirk.allCases where one.question != other.question {
                #expect(workbenches.contains { $0.isSuperset(of: [one, other]) }, "\(one), \(other)")
                #expect(workbenches.contains { $0.contains(one) && !$0.contains { $0.question == other.question } })
            }
        }
        for quirks in workbenches { #expect(Set(quirks.map(\.question)).count == quirks.count) }
    }

    /// Good runs, and runs that fail at each step, on each of those workbenches, with time passing.
    @Test(arguments: QuirkyWorkbench.all)
    func everyRolloutEndsAsItShould(workbench: QuirkyWorkbench) throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let failing = ["version", "build", "build-timeout", "deployment"]
        let good = try [fixture.run(), fixture.run()]
        let runs = try failing.map { try fixture.run(failing: $0) }
        fixture.pass(10)
        let newer = try fixture.run()
        fixture.sandbox.quirks = workbench.quirks
        fixture.sandbox.clock = LifeCycleClock(fixed: .seconds(10))
        // A gateway sends the creation of one model on twice, so that the second answer says that its name is taken.
        fixture.sandbox.faults = FaultPlan(
            [try Self.twice("/api/v2/projects/*/models")],
            seed: 1,
            at: fixture.now.wall
        )
        var entries = [fixture.event(leases.events, self.models[0], run: good[0])]
        entries += zip(self.models[1...], runs).map { fixture.event(leases.events, $0, run: $1) }
        let unknown = #","build":{"runtime":"registry/ml-runtime-of-nobody:1"}"#
        entries.append(fixture.event(leases.events, self.models[5], run: good[1], unknown))
        fixture.take(.group(.records(leases.events, entries)))
        try fixture.finish()
        fixture.take(.group(.records(leases.events, [fixture.event(leases.events, self.models[0], run: newer)])))
        try fixture.finish()

        let causes = self.models.prefix(6).map { model in
            (fixture.ends[model] ?? []).map { $0.cause?.class.rawValue ?? $0.phase.rawValue }
        }
        #expect(
            causes == [
                ["deployed", "deployed"], ["registration"], ["build"], ["build"], ["deployment"], ["runtimeNotFound"],
            ]
        )
        #expect(fixture.ends[self.models[5]]?.first?.cause?.message.contains("ml-runtime-of-nobody") == true)
        let up = fixture.sandbox.deployments(at: fixture.now.wall).filter(\.isUp)
        #expect(up.last?.id == fixture.sandbox.deployments(at: fixture.now.wall).last { $0.isUp || $0.isComing }?.id)
        #expect(up.count == (workbench.quirks.contains(.keepsOlderDeployments) ? 2 : 1))
        // Two runs of the first model, and the one that comes no further; a refusal for too many calls makes nothing.
        if !workbench.quirks.contains(.rateLimited) {
            #expect(fixture.sent.count { $0 == "CreateModelDeployment" } == 3)
        }
    }

    private static func twice(_ path: String) throws -> FaultRule {
        var schedule = FaultSchedule()
        schedule.count = 1
        let match = try FaultMatch(method: "POST", path: path)
        return FaultRule(.intercept(.twice(answers504: false)), on: match, schedule: schedule, key: 1)
    }
}
