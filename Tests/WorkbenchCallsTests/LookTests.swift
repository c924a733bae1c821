// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Testing
import Values
import WorkbenchCalls

@testable import Rollouts

/// What a look takes for the rollout's own (rules 15 and 16).
struct LookTests {
    private static let marker = "slipway:0123456789abcdef0123456789abcdef.5a5a"

    private static func time(_ seconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: seconds * 1_000) }

    private static func look(_ secondKeys: Bool) -> APICall {
        .findBuild(
            BuildLook(
                projectID: "p",
                modelID: "m",
                versionID: "v",
                runtimeIdentifier: "i",
                marker: self.marker,
                secondKeys: secondKeys ? SecondKeys(since: Self.time(100), user: "us") : nil
            )
        )
    }

    /// One build as the workbench lists it.
    struct Listed: Sendable {
        var comment: String
        var version = "v"
        var runtime = "i"
        var user = "us"
        var second: Int64? = 100
        var status = "building"

        func json(_ number: Int) -> String {
            let time = self.second.map { "\"\(LookTests.time($0))\"" } ?? "null"
            return """
                {"id":"b\(number)","comment":"\(self.comment)","registered_model_version_id":"\(self.version)",
                "runtime_identifier":"\(self.runtime)","creator":{"username":"\(self.user)"},"created_at":\(time),
                "status":"\(self.status)"}
                """
        }
    }

    private func found(_ listed: [Listed], secondKeys: Bool = true) throws -> CallResult? {
        let builds = listed.enumerated().map { $0.element.json($0.offset) }.joined(separator: ",")
        return try Held(Self.look(secondKeys), [.json(#"{"model_builds":[\#(builds)]}"#)]).success
    }

    private func id(_ result: CallResult?) -> String? {
        guard case .build(let facts)? = result else { return nil }
        return facts?.buildID
    }

    @Test func onlyTheMarkerIsAskedForWhereNothingElseCounts() throws {
        let filtered = try Held(Self.look(false), [.json("{}")])
        #expect(filtered.lines.first?.contains("search_filter") == true)
        let all = try Held(Self.look(true), [.json("{}")])
        #expect(all.lines == ["GET /projects/p/models/m/builds?page_size=100&sort=-created_at"])
    }

    @Test(
        "a marked build is ours if it is of our version and runtime, whatever else it says",
        arguments: [true, false]
    )
    func marked(secondKeys: Bool) throws {
        let ours = Listed(comment: "\(Self.marker) nightly", user: "proxy", second: 1)
        #expect(try self.id(self.found([ours], secondKeys: secondKeys)) == "b0")
        var another = ours
        another.version = "w"
        #expect(try self.found([another], secondKeys: secondKeys) == .build(nil))
        // An event's comment can quote what can be known before: the id, also with another random part, never at the start.
        let id = "slipway:0123456789abcdef0123456789abcdef"
        for comment in [
            "see \(Self.marker)", " \(Self.marker)", id, "\(id).5a5b", "\(Self.marker)5", "\(id) \(Self.marker)",
        ] {
            another = ours
            another.comment = comment
            another.second = 99
            #expect(try self.found([another], secondKeys: secondKeys) == .build(nil), "\(comment)")
        }
        another = ours
        another.runtime = "other"
        #expect(try self.found([another], secondKeys: secondKeys) == .build(nil))
    }

    @Test("a version of the run's id in another experiment is not the run's")
    func versionOfAnotherExperiment() throws {
        let call = APICall.findVersion(modelName: "n", experimentID: "e", runID: "r", marker: "k", nil)
        let models = HandWritten.json(#"{"models":[{"model_id":"g","name":"n"}]}"#)
        func found(_ experiment: String) throws -> CallResult? {
            let metadata = #"{"mlflow_metadata":{"experiment_id":"\#(experiment)","run_id":"r"}}"#
            let version = #"{"model_version_id":"v","model_id":"g","model_version_metadata":\#(metadata)}"#
            return try Held(call, [models, .json(#"{"model_id":"g","model_versions":[\#(version)]}"#)]).success
        }
        #expect(try found("other") == .version(nil))
        guard case .version(let facts?)? = try found("e") else { throw CancellationError() }
        #expect(facts.versionID == "v")
    }

    @Test(
        "without its marker a build is ours by version, runtime, user and time",
        arguments: ["", "slipway:0123456789abcdef", "slipw", "something else"]
    )
    func unmarked(comment: String) throws {
        let ours = Listed(comment: comment)
        #expect(try self.id(self.found([ours])) == "b0")
        #expect(try self.found([ours], secondKeys: false) == .build(nil))
        let changes: [(inout Listed) -> Void] = [
            { $0.version = "w" }, { $0.runtime = "j" }, { $0.user = "somebody" }, { $0.second = 99 },
            { $0.comment = "slipway:fedcba9876543210fedcba9876543210.77" },
        ]
        for change in changes {
            var other = ours
            change(&other)
            #expect(try self.found([other]) == .build(nil), "\(other)")
        }
    }

    @Test("where nothing is left to tell by, a look says so")
    func unclear() throws {
        for listed in [Listed(comment: "", version: ""), Listed(comment: "", second: nil)] {
            guard case .unclear(let message)? = try self.found([listed]) else {
                Issue.record("\(listed)")
                continue
            }
            #expect(message.contains("b0"))
        }
        // What is certain counts more, and another's is none.
        #expect(try self.id(self.found([Listed(comment: "", version: ""), Listed(comment: "")])) == "b1")
        #expect(try self.found([Listed(comment: "", version: "", second: 99)]) == .build(nil))
    }

    @Test("of twins the one that lives is taken, and they are told")
    func twins() throws {
        let failed = Listed(comment: Self.marker, second: 100, status: "build failed")
        let underWay = Listed(comment: Self.marker, second: 101)
        let built = Listed(comment: Self.marker, second: 102, status: "built")
        #expect(try self.id(self.found([failed, underWay, built])) == "b2")
        #expect(try self.id(self.found([failed, underWay])) == "b1")
        #expect(try self.id(self.found([failed, failed])) == "b0")
        guard case .build(let facts?)? = try self.found([failed, underWay]) else {
            Issue.record("nothing found")
            return
        }
        #expect(facts.making.hasTwins)
    }

    @Test("of a build's deployments the one that lives is taken")
    func deployments() throws {
        let call = APICall.findDeployment(projectID: "p", modelID: "m", buildID: "b")
        let listing = #"{"model_deployments":[{"id":"d0","status":"stopped"},{"id":"d1","status":"deployed"}]}"#
        let held = try Held(call, [.json(listing)])
        let making = Making(hasTwins: true)
        #expect(held.success == .deployment(DeploymentFacts(deploymentID: "d1", progress: .ready, making: making)))
    }

    @Test("a version of which neither run nor tag is kept can't be told from others")
    func versions() throws {
        let keys = SecondKeys(since: Self.time(100))
        let call = APICall.findVersion(modelName: "n", experimentID: "e", runID: "r", marker: "k", keys)
        let models = HandWritten.json(#"{"models":[{"model_id":"g","name":"n"}]}"#)
        func found(_ second: Int64, _ tags: String) throws -> CallResult? {
            let time = Self.time(second)
            let version = #"{"model_version_id":"v","model_id":"g","created_at":"\#(time)","tags":\#(tags)}"#
            return try Held(call, [models, .json(#"{"model_id":"g","model_versions":[\#(version)]}"#)]).success
        }
        guard case .unclear(let message)? = try found(100, "[]") else {
            Issue.record("it is told")
            return
        }
        #expect(message.contains("version v"))
        #expect(try found(99, "[]") == .version(nil))
        #expect(try found(100, #"[{"key":"slipway.rollout","value":"another"}]"#) == .version(nil))
    }

    @Test("the answer to a creation says whether the marker was kept", arguments: [true, false])
    func keepsMarker(isKept: Bool) throws {
        let request = BuildRequest(
            projectID: "p",
            modelID: "m",
            versionID: "v",
            runtimeIdentifier: "i",
            comment: "\(Self.marker) nightly"
        )
        let comment = isKept ? "\(Self.marker) nig" : "slipway:0123"
        let answer = #"{"id":"b","comment":"\#(comment)","creator":{"username":"us"},"status":"queued"}"#
        let held = try Held(.createBuild(request), [.json(answer)])
        guard case .build(let facts?)? = held.success else {
            Issue.record("no build")
            return
        }
        #expect(facts.making == Making(keepsMarker: isKept, user: "us"))
    }
}
