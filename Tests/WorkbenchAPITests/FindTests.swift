// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import TestSupport
import Testing

@testable import WorkbenchAPI

@Suite("Finding what is there", .timeLimit(.minutes(1)))
struct FindTests {
    private static func time(_ second: Int) -> String { "2026-02-03T04:05:0\(second)Z" }

    private static func run(_ id: String, _ second: Int?, _ status: String = "FINISHED") -> String {
        let start = second.map { #""\#(self.time($0))""# } ?? "null"
        return #"{"id":"\#(id)","status":"EXPERIMENT_RUN_\#(status)","start_time":\#(start)}"#
    }

    private static func runs(_ runs: [String], next: String = "") -> ScriptedTransport.Step {
        .json(#"{"experiment_runs":[\#(runs.joined(separator: ","))],"next_page_token":"\#(next)"}"#)
    }

    @Test func aModelIsFoundByItsExactNameAmongLiveOnes() async throws {
        let bench = try Bench(
            ScriptedTransport(
                .json(
                    """
                    {"models":[{"id":"1","name":"fraud-2"},{"id":"2","name":"Fraud"},
                    {"id":"3","name":"fraud","deletion_status":"deleting"}],"next_page_token":"t"}
                    """
                ),
                .json(
                    """
                    {"models":[{"id":"5","name":"fraud","created_at":"\(Self.time(2))"},
                    {"id":"4","name":"fraud","created_at":"\(Self.time(1))"}]}
                    """
                )
            )
        )
        #expect(try await bench.client.perform(.model(project: "p", named: "fraud"))?.id == "4")
    }

    @Test func nothingIsFoundAmongSimilarNames() async throws {
        let bench = try Bench(.json(#"{"models":[{"id":"1","name":"fraud-2"}]}"#))
        #expect(try await bench.client.perform(.model(project: "p", named: "fraud")) == nil)
        let experiments = try Bench(.json(#"{"experiments":[{"id":"1","name":"x-2"},{"id":"2","name":"x"}]}"#))
        #expect(try await experiments.client.perform(.experiments(project: "p", named: "x")).map(\.id) == ["2"])
        let projects = try Bench(.json(#"{"projects":[{"id":"1","name":"x"},{"id":"2","name":"xx"}]}"#))
        #expect(try await projects.client.perform(.projects(named: "x")).map(\.id) == ["1"])
    }

    @Test func buildsAreFoundByMarkerOldestFirst() async throws {
        let bench = try Bench(
            .json(
                """
                {"model_builds":[{"id":"c","comment":"r-10","created_at":"\(Self.time(1))"},
                {"id":"b","comment":"r-1 x","created_at":"\(Self.time(3))"},
                {"id":"a","comment":"r-1 x","created_at":"\(Self.time(2))"},
                {"id":"f","comment":"for r-1 x"},
                {"id":"e","comment":"r-1","created_at":"\(Self.time(2))"},
                {"id":"d","comment":"r-1 x","deletion_status":"deleted","created_at":"\(Self.time(1))"}]}
                """
            )
        )
        let isMarked: @Sendable (ModelBuild) -> Bool = { $0.isMarked(by: "r-1") }
        let builds = try await bench.client.perform(
            .builds(project: "p", model: "m", commentContaining: "r-1", where: isMarked)
        )
        #expect(builds.map(\.id) == ["a", "e", "b"])
        #expect(
            bench.path.hasSuffix(
                "builds?page_size=100&search_filter=%7B%22comment%22%3A%22r-1%22%7D&sort=-created_at"
            )
        )
    }

    @Test func deploymentsOfABuildComeOldestFirst() async throws {
        let bench = try Bench(
            .json(
                """
                {"model_deployments":[{"id":"b","created_at":"\(Self.time(3))"},{"id":"a"},
                {"id":"c","created_at":"\(Self.time(2))"}]}
                """
            )
        )
        let found = try await bench.client.perform(.deployments(project: "p", model: "m", build: "b"))
        #expect(found.map(\.id) == ["a", "c", "b"])
    }

    @Test func versionsAreFoundByRunInEveryModelOfTheName() async throws {
        func versions(_ text: String) -> ScriptedTransport.Step {
            .json(#"{"model_id":"m","model_versions":[\#(text)]}"#)
        }
        func version(_ id: String, run: String, second: Int, tag: String = "") -> String {
            """
            {"model_version_id":"\(id)","created_at":"\(Self.time(second))","tags":[{"key":"slipway","value":"\(tag)"}],
            "model_version_metadata":{"mlflow_metadata":{"run_id":"\(run)"}}}
            """
        }
        let bench = try Bench(
            ScriptedTransport(
                .json(
                    #"{"models":[{"model_id":"g1","name":"n"},{"model_id":"g2","name":"n"},{"model_id":"g3","name":"nn"}]}"#
                ),
                versions(
                    [version("v1", run: "r", second: 5), version("v2", run: "q", second: 1)].joined(separator: ",")
                ),
                versions(
                    [
                        version("v3", run: "r", second: 2), version("v4", run: "", second: 3, tag: "mine"),
                        version("v5", run: "", second: 4, tag: "other"),
                    ].joined(separator: ",")
                )
            )
        )
        let tag = APITag(key: "slipway", value: "mine")
        let found = try await bench.client.perform(.versions(modelNamed: "n", run: "r", tag: tag))
        #expect(found.map(\.id) == ["v3", "v4", "v1"])
        #expect(bench.transport.requests.count == 3)
    }

    @Test func theNewestFinishedRunIsTheFirstOfAnOrderedListing() async throws {
        let bench = try Bench(
            Self.runs(
                [
                    Self.run("run", nil, "RUNNING"), Self.run("bad", 9, "FAILED"), Self.run("a", 8), Self.run("b", 8),
                    Self.run("old", 7),
                ],
                next: "t"
            )
        )
        let run = try await bench.client.perform(.newestFinishedRun(project: "p", experiment: "e"))
        #expect(run?.id == "b")
        #expect(bench.transport.requests.count == 1)
    }

    @Test func aListingInAnotherOrderIsReadToItsEnd() async throws {
        let bench = try Bench(
            ScriptedTransport(
                Self.runs([Self.run("a", 1), Self.run("b", 3), Self.run("c", 2)], next: "t"),
                Self.runs([Self.run("e", 5, "KILLED"), Self.run("d", 4), Self.run("f", nil)])
            )
        )
        let run = try await bench.client.perform(.newestFinishedRun(project: "p", experiment: "e"))
        #expect(run?.id == "d")
    }

    @Test func withoutAFinishedRunThereIsNone() async throws {
        let bench = try Bench(Self.runs([Self.run("a", 1, "RUNNING"), Self.run("b", 1, "FAILED")]))
        #expect(try await bench.client.perform(.newestFinishedRun(project: "p", experiment: "e")) == nil)
    }

    @Test func theNewestRuntimeIsComparedByNumbers() async throws {
        func runtime(_ version: String, status: String = "ENABLED", edition: String = "Standard") -> String {
            """
            {"image_identifier":"i:\(version)","kernel":"Python 3.10","edition":"\(edition)","editor":"JupyterLab",
            "full_version":"\(version)","status":"\(status)"}
            """
        }
        let list = [
            runtime("2024.10.1-b9"), runtime("2024.10.1-b12"), runtime("2024.2.1-b40"),
            runtime("2025.1.1-b1", status: "DISABLED"), runtime("2025.1.1-b2", edition: "Nvidia GPU"),
        ]
        let answer = ScriptedTransport.Step.json(#"{"runtimes":[\#(list.joined(separator: ","))]}"#)
        let bench = try Bench(ScriptedTransport(answer, answer, answer))
        let standard = try await bench.client.perform(.newestRuntime(kernel: "Python 3.10", edition: "Standard"))
        #expect(standard?.imageIdentifier == "i:2024.10.1-b12")
        #expect(try await bench.client.perform(.newestRuntime(kernel: "Python 3.10"))?.version == "2025.1.1-b2")
        #expect(try await bench.client.perform(.newestRuntime(kernel: "Python 3.1")) == nil)
    }
}
