// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing

@testable import WorkbenchSandbox

@Suite("Recorded runs")
struct RecordedRunsTests {
    /// The folder of the recorded runs that ship with the project.
    static let folder = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Examples/recorded"

    private func seeded(_ text: String) throws -> VirtualSandbox {
        var virtual = VirtualSandbox()
        try virtual.sandbox.workbench.add(try RecordedRuns(parsing: Array(text.utf8)), at: virtual.now)
        return virtual
    }

    @Test("the shipped ones are there as they were recorded, under their ids")
    func keeps() throws {
        let recorded = try RecordedRuns(file: "\(RecordedRunsTests.folder)/runs.json")
        var virtual = VirtualSandbox()
        try virtual.sandbox.workbench.add(recorded, at: virtual.now)
        #expect(recorded.runs.count >= 8)
        for project in recorded.projects {
            #expect(try virtual.call("GET", "/projects/\(objectID(project.value))").sorted == project.value.sorted)
        }
        let project = try objectID(try #require(recorded.projects.first).value)
        for experiment in recorded.experiments {
            let path = "/projects/\(project)/experiments/\(try objectID(experiment.value))"
            #expect(try virtual.call("GET", path).sorted == experiment.value.sorted)
        }
        for run in recorded.runs {
            let experiment = try #require(run.value["experiment_id"]?.text)
            let path = "/projects/\(project)/experiments/\(experiment)/runs/\(try objectID(run.value))"
            #expect(try virtual.call("GET", path).sorted == run.value.sorted)
        }
    }

    @Test("can be listed and registered like runs that a client made")
    func registers() throws {
        var virtual = try self.seeded(RecordedRunsTests.small)
        let listed = try virtual.call("GET", "/projects/p-1/experiments/e-1/runs")
        #expect(listed["experiment_runs"]?.elements?.count == 1)
        let registered = try virtual.call(
            "POST",
            "/registry/models",
            #"{"project_id": "p-1", "experiment_id": "e-1", "run_id": "r-1", "model_name": "m", "model_path": "model"}"#
        )
        let version = try #require(registered["model_versions"]?.elements?.first)
        #expect(version["status"]?.text == "READY")
    }

    @Test("a name that they have is taken")
    func takesNames() throws {
        var virtual = try self.seeded(RecordedRunsTests.small)
        #expect(try virtual.refusal("POST", "/projects/p-1/experiments", #"{"name": "exp"}"#).status == 409)
    }

    @Test(
        "what does not fit is refused by its place",
        arguments: [
            ("[", "not JSON"), ("{}", "'projects'"),
            (#"{"projects": [{}], "experiments": [], "runs": []}"#, "projects[0]: id"),
            (
                #"{"projects": [], "experiments": [{"id": "e", "name": 7}], "runs": []}"#,
                "experiments[0]: Experiment.name"
            ),
            (
                #"{"projects": [], "experiments": [{"id": "e", "name": "n", "project_id": "p"}], "runs": []}"#,
                "experiments[0]: project p not found"
            ),
            (
                #"{"projects": [{"id": "p"}, {"id": "p"}], "experiments": [], "runs": []}"#,
                "projects[1]: id p is there twice"
            ),
            (
                #"{"projects": [], "experiments": [], "runs": [{"id": "r", "experiment_id": "e"}]}"#,
                "runs[0]: experiment e not found"
            ),
        ]
    )
    func refuses(text: String, hint: String) {
        let failure = #expect(throws: RecordedRunsFailure.self) { try self.seeded(text) }
        #expect(failure?.description.contains(hint) == true, "\(failure?.description ?? "")")
    }

    private static let small = #"""
        {"projects": [{"id": "p-1", "name": "churn"}],
         "experiments": [{"id": "e-1", "name": "exp", "project_id": "p-1"}],
         "runs": [{"id": "r-1", "name": "run", "experiment_id": "e-1", "status": "EXPERIMENT_RUN_FINISHED",
                   "data": {"files": [{"path": "model", "is_dir": true, "file_size": "0"}]}}]}
        """#
}

extension JSONValue {
    /// The value with members in the order of their names, for comparison.
    fileprivate var sorted: JSONValue {
        switch self {
        case .object(let members):
            .object(members.map { Member($0.name, $0.value.sorted) }.sorted { $0.name < $1.name })
        case .array(let elements): .array(elements.map(\.sorted))
        case .null, .bool, .integer, .double, .string: self
        }
    }
}
