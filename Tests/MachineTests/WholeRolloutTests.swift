// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values
import WorkbenchSandbox

/// Whole rollouts against the sandbox in process.
struct WholeRolloutTests {
    private let models = ModelNames.owned(by: 0)

    /// A model's first rollout: the run, the version, the model looked for and made, build and deployment; and what all
    /// rollouts of a minute share, which is asked for once.
    @Test func aModelsFirstRolloutMakesSixRequestsAndALaterOneFour() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let before = fixture.sent.count
        fixture.take(fixture.events(leases.events, self.models[0], runs: [try fixture.run()]))
        try fixture.settle()
        #expect(
            fixture.sent[before...] == [
                "GetProject", "GetExperiment", "GetExperimentRun", "CreateRegisteredModel", "ListModels", "CreateModel",
                "ListRuntimes", "CreateModelBuild", "CreateModelDeployment",
            ]
        )
        let first = fixture.sent.count
        fixture.pass(10)
        fixture.take(fixture.events(leases.events, self.models[0], runs: [try fixture.run()]))
        try fixture.settle()
        #expect(
            fixture.sent[first...] == [
                "GetExperimentRun", "CreateRegisteredModel", "CreateModelBuild", "CreateModelDeployment",
            ]
        )
        #expect(fixture.unfinished == 0)
        #expect(fixture.written[self.models[0]]?.filter { $0.hasSuffix(" deployed") }.count == 2)
    }

    /// Somebody has registered the run under the model's name already.
    @Test func aRunThatIsRegisteredAlreadyIsReadAndNotRegistered() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let run = try fixture.run()
        try fixture.register(run, as: self.models[0])
        let before = fixture.sent.count
        fixture.take(fixture.events(leases.events, self.models[0], runs: [run]))
        try fixture.settle()
        #expect(
            fixture.sent[before...] == [
                "GetProject", "GetExperiment", "GetExperimentRun", "GetRegisteredModelVersion", "ListModels",
                "CreateModel", "ListRuntimes", "CreateModelBuild", "CreateModelDeployment",
            ]
        )
        #expect(fixture.unfinished == 0)
    }

    /// Whatever was told together or apart: the same is decided for each rollout.
    @Test(arguments: 1...6)
    func turnsThatAreCutDifferentlyDecideTheSame(size: Int) throws {
        let whole = try self.decisions(size: 100)
        #expect(whole.values.allSatisfy { $0.last?.hasSuffix(" deployed") == true })
        #expect(try self.decisions(size: size) == whole)
    }

    private func decisions(size: Int) throws -> [String: [String]] {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        var inputs: [Input] = []
        for model in self.models.prefix(5) {
            inputs.append(fixture.events(leases.events, model, runs: [try fixture.run()]))
            inputs.append(.woke)
        }
        while !inputs.isEmpty {
            fixture.take(all: Array(inputs.prefix(size)))
            inputs.removeFirst(min(size, inputs.count))
        }
        try fixture.settle()
        #expect(fixture.unfinished == 0)
        return fixture.written
    }
}
