// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing

@testable import WorkbenchSandbox

@Suite("Controls, audit and the model service")
struct ControlTests {
    @Test("every mutating call is audited with ids and marks, reads are not")
    func audit() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        let body =
            #"{"comment": "rollout 7", "registered_model_version_id": "\#(built.version)", "runtime_identifier": "\#(SandboxBuild.runtime)"}"#
        let before = try virtual.auditLines().count
        let build = try objectID(try virtual.call("POST", built.builds, body))
        try virtual.call("GET", built.builds)
        try virtual.call("POST", "/auth/validate_key", #"{"audience": "API"}"#)
        _ = try virtual.refusal("POST", built.builds, "{}")
        let lines = try virtual.auditLines()
        #expect(lines.count == before + 2)
        #expect(lines.map { $0["seq"]?.wholeNumber } == (1...Int64(lines.count)).map { $0 })
        let made = lines[before]
        #expect(made["method"] == .string("POST"))
        #expect(made["path"] == .string("/api/v2" + built.builds))
        #expect(made["applied"] == .bool(true))
        #expect(made["status"] == .integer(200))
        #expect(made["ids"]?["build_id"] == .string(build))
        #expect(made["ids"]?["model_id"] == .string(built.model))
        #expect(made["markers"]?["comment"] == .string("rollout 7"))
        #expect(lines[before + 1]["applied"] == .bool(false))
        #expect(lines[before + 1]["status"] == .integer(400))
    }

    @Test("tags, run and environment are marks")
    func marks() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual, tags: #"[{"key": "k", "value": "v"}]"#)
        let built = try world.build(&virtual)
        _ = try built.deploy(&virtual, #"{"environment": {"ROLLOUT": "7"}}"#)
        let lines = try virtual.auditLines()
        #expect(
            lines.contains {
                $0["markers"]?["tags"]
                    == .array([
                        .object([.init("key", .string("k")), .init("value", .string("v"))])
                    ])
            }
        )
        #expect(lines.contains { $0["markers"]?["run_id"] == .string(world.run) })
        #expect(lines.last?["markers"]?["environment"]?["ROLLOUT"] == .string("7"))
    }

    @Test("sizes are marks, also of a line that is read back")
    func sizes() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        _ = try built.deploy(&virtual, #"{"cpu": 1.5, "memory": 4, "nvidia_gpus": "2", "replicas": 3}"#)
        let line = try #require(try virtual.auditLines().last)
        let entry = AuditEntry(line: line)
        #expect(line["markers"]?["cpu"]?.protoNumber == 1.5)
        #expect(AuditEntry.Size.allCases.map(entry.size) == [1.5, 4, 3, 2])
    }

    @Test("neither keys nor access keys are shown")
    func secrets() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        _ = try built.deploy(
            &virtual,
            #"{"environment": {"KEY": "\#(VirtualSandbox.key)"}, "deployment_secrets": {"a": "hidden"}}"#
        )
        try virtual.call("POST", "/projects", #"{"name": "my \#(VirtualSandbox.key)"}"#)
        let audit = String(decoding: virtual.send("GET", "/sandbox/audit").body, as: UTF8.self)
        #expect(!audit.contains(VirtualSandbox.key))
        #expect(!audit.contains("hidden"))
        #expect(!audit.contains(built.accessKey))
        let state = String(decoding: virtual.send("GET", "/sandbox/state?kind=models").body, as: UTF8.self)
        #expect(!state.contains(built.accessKey))
    }

    @Test("lines are handed out once, for the file")
    func newLines() throws {
        var virtual = VirtualSandbox()
        try virtual.call("POST", "/projects", #"{"name": "a"}"#)
        #expect(virtual.sandbox.takeNewAuditLines().count { $0 == 10 } == 1)
        #expect(virtual.sandbox.takeNewAuditLines().isEmpty)
        try virtual.call("POST", "/projects", #"{"name": "b"}"#)
        #expect(virtual.sandbox.takeNewAuditLines().count { $0 == 10 } == 1)
        _ = virtual.send("DELETE", "/sandbox/state")
        try virtual.call("POST", "/projects", #"{"name": "c"}"#)
        #expect(virtual.sandbox.takeNewAuditLines().count { $0 == 10 } == 1)
        #expect(try virtual.auditLines().map { $0["seq"] } == [.integer(3)])
    }

    @Test("state shows counts and objects, and can be emptied")
    func state() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        _ = try built.deploy(&virtual)
        let state = try JSONValue(lenientlyParsing: virtual.send("GET", "/sandbox/state").body)
        for kind in [
            "projects", "experiments", "runs", "registeredModels", "versions", "models", "builds", "deployments",
        ] {
            #expect(state["counts"]?[kind] == .integer(1))
            #expect(state["objects"]?[kind]?.elements?.count == 1)
        }
        #expect(virtual.send("GET", "/sandbox/state?kind=cars").status == 400)
        #expect(virtual.send("DELETE", "/sandbox/state").status == 200)
        let emptied = try JSONValue(lenientlyParsing: virtual.send("GET", "/sandbox/state").body)
        #expect(emptied["counts"]?["models"] == .integer(0))
        #expect(try virtual.call("GET", "/projects")["projects"] == .array([]))
        // Names are free again, and the runtimes are still there.
        _ = try SandboxRun(&virtual).build(&virtual)
    }

    @Test("the clock is shown as it was set; unknown presets and keys are refused by name")
    func clock() throws {
        var virtual = VirtualSandbox()
        let set = virtual.send(
            "PUT",
            "/sandbox/clock",
            #"{"preset": "real", "building": ["1s", "2500ms"], "deploying": 0}"#
        )
        let clock = try JSONValue(lenientlyParsing: set.body)
        #expect(clock["building"] == .array([.string("1s"), .string("2500ms")]))
        #expect(clock["deploying"] == .string("0s"))
        #expect(virtual.send("GET", "/sandbox/clock").body == set.body)
        for (body, hint) in [
            (#"{"preset": "slow"}"#, "instant, quick, real"), (#"{"buiding": 1}"#, "building"),
            (#"{"building": -1}"#, "duration"), ("[]", "object"),
        ] {
            let refused = virtual.send("PUT", "/sandbox/clock", body)
            #expect(refused.status == 400)
            #expect(String(decoding: refused.body, as: UTF8.self).contains(hint))
        }
    }

    @Test("a model answers once it is up, the same for the same request")
    func modelService() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        let request =
            #"{"accessKey": "\#(built.accessKey)", "request": {"dataframe_split": {"columns": ["a"], "data": [[1.5], [2.5]]}}}"#
        #expect(virtual.send("POST", "/modelservice/model", request).status == 503)
        let deployment = try built.deploy(&virtual)
        let first = try JSONValue(lenientlyParsing: virtual.send("POST", "/modelservice/model", request).body)
        let second = try JSONValue(lenientlyParsing: virtual.send("POST", "/modelservice/model", request).body)
        #expect(first["success"] == .bool(true))
        #expect(first["response"]?["prediction"]?.elements?.count == 2)
        #expect(first["response"]?["prediction"] == second["response"]?["prediction"])
        #expect(first["response"]?["model_deployment_crn"]?.text?.hasSuffix(deployment) == true)
        #expect(first["response"]?["uuid"] != second["response"]?["uuid"])
        #expect(virtual.send("POST", "/modelservice/model", request, authorization: nil).status == 401)
        #expect(
            virtual.send("POST", "/modelservice/model?accessKey=\(built.accessKey)", #"{"request": 1}"#).status == 200
        )
        #expect(virtual.send("POST", "/modelservice/model", #"{"accessKey": "x", "request": 1}"#).status == 404)
        #expect(virtual.send("POST", "/modelservice/model", #"{"accessKey": "\#(built.accessKey)"}"#).status == 400)
        #expect(virtual.send("POST", "/modelservice/model", "{").status == 400)
        #expect(virtual.send("GET", "/modelservice/model").status == 405)
        try virtual.call("POST", "\(built.deployments)/\(deployment):stop")
        #expect(virtual.send("POST", "/modelservice/model", request).status == 503)
    }

    @Test("a model without authentication needs no bearer; a busy one says so; a marked one fails")
    func modelServiceVariants() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let model = try virtual.call("POST", world.models, #"{"name": "open", "disable_authentication": true}"#)
        let build = #"{"file_path": "p.py", "function_name": "f", "runtime_identifier": "\#(SandboxBuild.runtime)"}"#
        let builds = "\(world.models)/\(try objectID(model))/builds"
        let deployments = "\(builds)/\(try objectID(try virtual.call("POST", builds, build)))/deployments"
        try virtual.call("POST", deployments)
        let key = try #require(model["access_key"]?.text)
        let request = #"{"accessKey": "\#(key)", "request": {"x": 1}}"#
        let answer = virtual.send("POST", "/modelservice/model", request, authorization: nil)
        #expect(try JSONValue(lenientlyParsing: answer.body)["response"]?.elements?.count == 1)
        try virtual.call("POST", deployments, #"{"environment": {"SANDBOX_FAIL": "prediction"}}"#)
        #expect(virtual.send("POST", "/modelservice/model", request).status == 500)
        try virtual.setFaults(#"[{"fault": "rate-limit", "match": {"path": "/modelservice/*"}}]"#)
        let busy = virtual.send("POST", "/modelservice/model", request)
        #expect(busy.status == 429)
        #expect(try JSONValue(lenientlyParsing: busy.body)["errors"]?["code"] == .string("model.busy"))
        #expect(virtual.send("GET", "/api/v2/projects").status == 200)
    }

    @Test(
        "bad bodies are refused as invalid, and nothing is made",
        arguments: [
            "{", "[]", "null", "7", #""text""#, #"{"name": 7}"#, #"{"name": ["a"]}"#,
            #"{"name": "a", "environment": []}"#,
            #"{"name": "a", "environment": {"A": 1}}"#, #"{"name": "a", "shared_memory_limit": 3000000000}"#,
            #"{"name": "a", "shared_memory_limit": 1.5}"#, #"{"name": "a", "shared_memory_limit": "x"}"#,
            #"{"name": null}"#, "{}", "",
            #"{"name": ""}"#, #"{"name": "a", "visibility": "secret"}"#, "\u{FEFF}{}", #"{"name": "\ud83d"#,
        ]
    )
    func badBodies(body: String) throws {
        var virtual = VirtualSandbox()
        let refusal = try virtual.refusal("POST", "/projects", body)
        #expect(refusal.status == 400)
        #expect(refusal.code == 3)
        #expect(try virtual.call("GET", "/projects")["projects"] == .array([]))
    }

    @Test("bytes that are not UTF-8, deep nesting and huge texts do no harm")
    func hostileBodies() throws {
        var virtual = VirtualSandbox()
        let path = "/api/v2/projects"
        func send(_ body: [UInt8]) -> Int {
            let request = SandboxRequest(
                method: "POST",
                path: path,
                authorization: "Bearer \(VirtualSandbox.key)",
                body: body
            )
            return virtual.sandbox.receive(request, at: virtual.now).status
        }
        #expect(send(Array(#"{"name": ""#.utf8) + [0xFF] + Array(#""}"#.utf8)) == 400)
        #expect(send(Array(repeating: UInt8(ascii: "["), count: 1 << 20)) == 400)
        #expect(send(Array(#"{"name": "\#(String(repeating: "n", count: 1 << 20))"}"#.utf8)) == 200)
        #expect(send(Array(#"{"name": "../../etc/😀", "unknown": {"deep": [1]}}"#.utf8)) == 200)
        #expect(virtual.send("GET", "/api/v2/projects/%FF").status == 400)
        #expect(virtual.send("GET", "/api/v2/projects/%2").status == 400)
        #expect(virtual.send("GET", "/api/v2/projects/..%2F..").status == 404)
    }
}
