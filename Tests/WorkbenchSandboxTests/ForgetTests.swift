// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing
import WorkbenchSandbox

@Suite("Faults: fields that are not kept")
struct ForgetTests {
    private func registration(_ world: SandboxRun) -> String {
        String(world.registration().dropLast()) + #", "notes": "grün", "tags": [{"key": "k", "value": "grün"}]}"#
    }

    @Test("named fields are lost, the others kept, and the audit says what was sent")
    func lost() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        try virtual.setFaults(#"[{"fault": "forget", "fields": ["comment", "environment"]}]"#)
        let body = String(built.buildRequest.dropLast()) + #", "comment": "slipway:1", "kernel": "Python 3.9"}"#
        let build = try virtual.call("POST", built.builds, body)
        #expect(build["comment"] == .string(""))
        #expect(build["kernel"] == .string("Python 3.9"))
        let deployment = try virtual.call("POST", built.deployments, #"{"environment": {"A": "1"}, "cpu": 2}"#)
        #expect(deployment["environment"] == .string("{}"))
        #expect(deployment["cpu"] == .integer(2))
        let lines = try virtual.auditLines().suffix(2)
        #expect(lines.first?["markers"]?["comment"] == .string("slipway:1"))
        #expect(lines.last?["markers"]?["environment"]?["A"] == .string("1"))
        #expect(lines.allSatisfy { $0["fault"] == .string("forget") && $0["applied"] == .bool(true) })
    }

    @Test(
        "texts are cut to whole characters, those of tags as well",
        arguments: [(2, "gr"), (3, "gr"), (4, "grü"), (9, "grün")]
    )
    func cut(bytes: Int, kept: String) throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        try virtual.setFaults(#"[{"fault": "forget", "fields": ["notes", "tags"], "bytes": \#(bytes)}]"#)
        let reply = try virtual.call("POST", "/registry/models", self.registration(world))
        let version = try #require(reply["model_versions"]?.elements?.first)
        #expect(version["notes"] == .string(kept))
        #expect(version["tags"]?.elements?.first?["key"] == .string("k"))
        #expect(version["tags"]?.elements?.first?["value"] == .string(kept))
    }

    @Test("also in the build and deployment that a creating call asks for")
    func nested() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        try virtual.setFaults(#"[{"fault": "forget", "fields": ["comment", "environment"], "bytes": 3}]"#)
        let build =
            #"{"file_path": "p.py", "function_name": "f", "runtime_identifier": "\#(SandboxBuild.runtime)", "comment": "nightly"}"#
        let body =
            #"{"name": "a", "auto_build_model": true, "auto_build_config": \#(build), "auto_deploy_model": true, "auto_deployment_config": {"environment": {"comment": "nightly"}}}"#
        let model = try objectID(try virtual.call("POST", world.models, body))
        let made = try #require(
            try virtual.call("GET", "\(world.models)/\(model)/builds")["model_builds"]?.elements?.first
        )
        #expect(made["comment"] == .string("nig"))
        let deployments = "\(world.models)/\(model)/builds/\(try objectID(made))/deployments"
        let deployed = try virtual.call("GET", deployments)["model_deployments"]?.elements?.first
        #expect(deployed?["environment"] == .string(#"{"comment":"nig"}"#))
    }

    @Test("what is applied late is forgotten late")
    func late() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(
            #"[{"fault": "forget", "fields": ["description"]}, {"fault": "apply-late", "delay": "1s"}]"#
        )
        let delivery = virtual.send("POST", "/api/v2/projects", #"{"name": "a", "description": "mine"}"#)
        let late = try #require(delivery.late)
        virtual.advance(late.after)
        virtual.sandbox.applyLate(late, at: virtual.now)
        try virtual.setFaults("[]")
        let project = try virtual.call("GET", "/projects")["projects"]?.elements?.first
        #expect(project?["name"] == .string("a"))
        #expect(project?["description"] == .string(""))
        #expect(try virtual.auditLines().last?["fault"] == .string("apply-late"))
    }

    @Test(
        "what can't be understood is refused by name, with what is allowed",
        arguments: [
            (#"{"fault": "forget"}"#, "comment, tags, notes, description, environment"),
            (#"{"fault": "forget", "fields": []}"#, "comment, tags, notes, description, environment"),
            (#"{"fault": "forget", "fields": ["name"]}"#, "not 'name'"),
            (#"{"fault": "forget", "fields": "comment"}"#, "a list of strings"),
            (#"{"fault": "forget", "fields": ["tags"], "bytes": -1}"#, "from 0"),
            (#"{"fault": "forget", "fields": ["tags"], "count": 1, "word": "x"}"#, "fields, bytes"),
        ]
    )
    func refused(rule: String, hint: String) throws {
        var virtual = VirtualSandbox()
        let delivery = virtual.send("PUT", "/sandbox/faults", "[\(rule)]")
        #expect(delivery.status == 400)
        let message = try #require(try JSONValue(parsing: delivery.body)["message"]?.text)
        #expect(message.contains(hint), "\(message)")
    }
}
