// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing

@testable import WorkbenchSandbox

@Suite("Workbench")
struct WorkbenchTests {
    @Test("ids, CRNs and keys have the workbench's shapes")
    func shapes() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let built = try world.build(&virtual)
        let short = /[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}/
        let uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        for id in [world.project, world.experiment, world.run, built.version] {
            #expect(try short.wholeMatch(in: id) != nil, "\(id)")
        }
        for id in [built.model, built.build] { #expect(try uuid.wholeMatch(in: id) != nil, "\(id)") }
        #expect(try /m[a-z0-9]{31}/.wholeMatch(in: built.accessKey) != nil)
        let crn = try #require(try virtual.call("GET", "\(built.builds)/\(built.build)")["crn"]?.text)
        #expect(crn.hasPrefix("crn:cdp:ml:us-west-1:") && crn.hasSuffix("/\(built.build)"))
    }

    @Test("zero values are there, 64-bit integers are strings, environment goes in as a map and out as text")
    func wireForm() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        let model = try virtual.call("GET", "\(built.models)/\(built.model)")
        #expect(model["description"] == .string(""))
        #expect(model["auth_enabled"] == .bool(true))
        #expect(model["default_resources"]?["cpu_millicores"] == .string("1000"))
        let body =
            #"{"cpu": "2", "memory": 4.5, "nvidia_gpus": 1, "environment": {"A": "\"1\""}, "deployment_secrets": {"S": "hidden"}}"#
        let deployment = try virtual.call("POST", built.deployments, body)
        #expect(deployment["cpu"] == .integer(2))
        #expect(deployment["memory"] == .double(4.5))
        #expect(deployment["nvidia_gpu"] == .integer(1))
        #expect(deployment["nvidia_gpus"] == nil)
        #expect(deployment["replicas"] == .integer(1))
        #expect(deployment["environment"] == .string(#"{"A":"\"1\""}"#))
        #expect(deployment["stopped_at"] == .null)
        #expect(deployment["deployment_secrets"] == nil)
    }

    @Test("a duplicate model name is a 500, until the model is deleted")
    func duplicateModel() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let model = try objectID(try virtual.call("POST", world.models, #"{"name": "a"}"#))
        let refusal = try virtual.refusal("POST", world.models, #"{"name": "a"}"#)
        #expect(refusal.status == 500)
        #expect(refusal.message.contains("already has a model with that name"))
        try virtual.call("DELETE", "\(world.models)/\(model)")
        try virtual.call("POST", world.models, #"{"name": "a"}"#)
    }

    @Test("model names are limited to 63 characters")
    func longName() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        try virtual.call("POST", world.models, #"{"name": "\#(String(repeating: "n", count: 63))"}"#)
        let refusal = try virtual.refusal("POST", world.models, #"{"name": "\#(String(repeating: "m", count: 64))"}"#)
        #expect(refusal.status == 400)
    }

    @Test("an experiment's name is unique in the workspace")
    func duplicateExperiment() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let refusal = try virtual.refusal("POST", "/projects/\(world.project)/experiments", #"{"name": "exp"}"#)
        #expect(refusal.status == 409)
        #expect(refusal.code == 6)
    }

    @Test("builds: unknown runtime, unknown or foreign version, model without registered model")
    func refusedBuilds() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let built = try world.build(&virtual)
        let other = try world.register(&virtual, name: "other")
        func refuse(_ version: String, _ runtime: String = SandboxBuild.runtime, model: String? = nil) throws -> Int {
            let body = #"{"registered_model_version_id": "\#(version)", "runtime_identifier": "\#(runtime)"}"#
            return try virtual.refusal("POST", "\(built.models)/\(model ?? built.model)/builds", body).status
        }
        #expect(try refuse(built.version, "nowhere/image:1") == 400)
        #expect(try refuse(built.version, "") == 400)
        #expect(try refuse("aaaa-bbbb-cccc-dddd") == 404)
        #expect(try refuse(other.version) == 400)
        let plain = try objectID(try virtual.call("POST", world.models, #"{"name": "plain"}"#))
        #expect(try refuse(built.version, model: plain) == 400)
        let body =
            #"{"file_path": "p.py", "function_name": "f", "runtime_identifier": "\#(SandboxBuild.runtime)", "cpu": 2}"#
        try virtual.call("POST", "\(world.models)/\(plain)/builds", body)
    }

    @Test("one call can build and deploy too; one that is refused leaves nothing behind")
    func autoBuild() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let registered = try world.register(&virtual)
        func body(_ runtime: String) -> String {
            #"""
            {"name": "auto", "registered_model_id": "\#(registered.model)", "auto_build_model": true,
             "auto_build_config": {"registered_model_version_id": "\#(registered.version)", "runtime_identifier": "\#(runtime)"},
             "auto_deploy_model": true, "auto_deployment_config": {"replicas": 2}}
            """#
        }
        #expect(try virtual.refusal("POST", world.models, body("nowhere")).status == 400)
        let model = try objectID(try virtual.call("POST", world.models, body(SandboxBuild.runtime)))
        let builds = try virtual.call("GET", "\(world.models)/\(model)/builds")["model_builds"]?.elements
        let build = try objectID(try #require(builds?.first))
        let deployments = try virtual.call("GET", "\(world.models)/\(model)/builds/\(build)/deployments")
        #expect(deployments["model_deployments"]?.elements?.first?["replicas"] == .integer(2))
    }

    @Test("the newest value of a metric is shown, all of them in its history")
    func metrics() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let path = "\(world.runs)/\(world.run)"
        let batch = #"""
            {"metrics": [{"key": "a", "value": 1, "timestamp": "2026-01-02T00:00:00Z", "step": 2},
                         {"key": "a", "value": 9, "timestamp": "2026-01-01T00:00:00Z", "step": "1"},
                         {"key": "a", "value": 3, "timestamp": "2026-01-02T00:00:00Z"}]}
            """#
        try virtual.call("POST", path + ":logbatch", batch)
        let shown = try virtual.call("GET", path)["data"]?["metrics"]?.elements ?? []
        #expect(shown.map { $0["value"] } == [.integer(3)])
        let history = try virtual.call("GET", path + "/metrics/a")["metrics"]?.elements ?? []
        #expect(history.map { $0["step"] } == [.string("2"), .string("1"), .string("0")])
        try virtual.call("POST", path + ":deletebatch", #"{"metrics": ["a"]}"#)
        #expect(try virtual.call("GET", path + "/metrics/a")["metrics"] == .array([]))
    }

    @Test("what was deleted is gone, with all below it")
    func deletion() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let built = try world.build(&virtual)
        let deployment = try built.deploy(&virtual)
        try virtual.call("DELETE", "\(built.builds)/\(built.build)")
        #expect(try virtual.refusal("GET", "\(built.deployments)/\(deployment)").status == 404)
        try virtual.call("DELETE", "\(world.runs)/\(world.run)")
        #expect(try virtual.refusal("GET", "\(world.runs)/\(world.run)").code == 5)
        try virtual.call("DELETE", "/projects/\(world.project)")
        #expect(try virtual.refusal("GET", "\(built.models)/\(built.model)").status == 404)
        let state = try JSONValue(lenientlyParsing: virtual.send("GET", "/sandbox/state?kind=none").body)
        #expect(
            ["projects", "experiments", "runs", "models", "builds", "deployments"].allSatisfy {
                state["counts"]?[$0] == .integer(0)
            }
        )
    }

    @Test("an object of another project is not found there")
    func foreignObjects() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let other = try objectID(try virtual.call("POST", "/projects", #"{"name": "other"}"#))
        let path = "/projects/\(other)/experiments/\(world.experiment)/runs/\(world.run)"
        #expect(try virtual.refusal("GET", path).status == 404)
    }

    @Test("keys: none, wrong, right; audiences")
    func keys() throws {
        var virtual = VirtualSandbox()
        for authorization in [nil, "", "Bearer", "Bearer wrong", "Basic dGVzdA==", VirtualSandbox.key] {
            let refused = virtual.send("GET", "/api/v2/projects", authorization: authorization)
            #expect(refused.status == 401)
            #expect(try JSONValue(lenientlyParsing: refused.body)["code"] == .integer(16))
            #expect(virtual.send("GET", "/sandbox/audit", authorization: authorization).status == 401)
        }
        #expect(try virtual.call("POST", "/auth/validate_key", #"{"audience": "API"}"#)["valid"] == .bool(true))
        #expect(try virtual.refusal("POST", "/auth/validate_key", #"{"audience": "Application"}"#).status == 403)
        #expect(virtual.send("GET", "/api/v2/swagger.json", authorization: nil).status == 200)
        #expect(virtual.send("GET", "/sense-bootstrap.json", authorization: nil).status == 200)
    }

    @Test("an unknown path is 404, a wrong method 405 with what is allowed")
    func unknownPaths() throws {
        var virtual = VirtualSandbox()
        #expect(virtual.send("GET", "/").status == 404)
        #expect(try virtual.refusal("GET", "/jobs").status == 404)
        let wrong = virtual.send("PUT", "/api/v2/registry/models")
        #expect(wrong.status == 405)
        #expect(wrong.headers.contains { $0 == ("Allow", "GET, POST, PATCH") })
        #expect(virtual.send("POST", "/sandbox/audit").headers.contains { $0 == ("Allow", "GET") })
    }

    @Test("an escaped slash belongs to the identifier")
    func escapedSlash() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let path = "\(world.runs)/\(world.run)"
        try virtual.call("POST", path + ":logbatch", #"{"metrics": [{"key": "a/b", "value": 1}]}"#)
        #expect(try virtual.call("GET", path + "/metrics/a%2Fb")["metrics"]?.elements?.count == 1)
    }
}
