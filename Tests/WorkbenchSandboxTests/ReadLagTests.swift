// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing
import WorkbenchSandbox

@Suite("Faults: reads and lists that lag behind, and run in any order")
struct ReadLagTests {
    private func ids(_ virtual: inout VirtualSandbox, _ target: String, _ list: String) throws -> [String] {
        try virtual.call("GET", target)[list]?.elements?.map(objectID) ?? []
    }

    @Test("visible-after hides what was just created from lists and from reads by id, but not from changing calls")
    func visibleAfter() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        virtual.advance(.seconds(60))
        try virtual.setFaults(#"[{"fault": "visible-after", "delay": "3s"}]"#)
        let built = try world.build(&virtual)
        let deployment = try built.deploy(&virtual)
        let model = "\(built.models)/\(built.model)"
        #expect(try virtual.refusal("GET", model).status == 404)
        #expect(try self.ids(&virtual, built.models, "models").isEmpty)
        // What hangs below it is not there either.
        #expect(try virtual.refusal("GET", built.builds).status == 404)
        #expect(try virtual.call("GET", "/registry/models")["models"]?.elements?.isEmpty == true)
        virtual.advance(.milliseconds(2_999))
        #expect(try virtual.refusal("GET", "\(built.builds)/\(built.build)").status == 404)
        virtual.advance(.milliseconds(1))
        #expect(try virtual.call("GET", model)["id"]?.text == built.model)
        #expect(try self.ids(&virtual, built.models, "models") == [built.model])
        #expect(try built.status(&virtual) == "built")
        #expect(try self.ids(&virtual, built.deployments, "model_deployments") == [deployment])
    }

    @Test("visible-after hides versions wherever they are shown")
    func versions() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let first = try world.register(&virtual)
        virtual.advance(.seconds(60))
        try virtual.setFaults(#"[{"fault": "visible-after", "delay": "3s"}]"#)
        let second = try world.register(&virtual)
        let path = "/registry/models/\(first.model)"
        #expect(try virtual.refusal("GET", "\(path)/versions/\(second.version)").status == 404)
        let listed = try virtual.call("GET", path)["model_versions"]?.elements
        #expect(listed?.map { $0["model_version_id"]?.text } == [first.version])
        let run = try virtual.call("GET", "\(world.runs)/\(world.run)")
        let metadata = run["data"]?["registered_model_metadata"]?.elements
        #expect(metadata?.map { $0["model_version_id"]?.text } == [first.version])
        virtual.advance(.seconds(3))
        #expect(try virtual.call("GET", path)["model_versions"]?.elements?.count == 2)
    }

    @Test("visible-after holds for the part that its match names")
    func listsOnly() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "visible-after", "delay": "3s", "match": {"path": "/api/v2/projects"}}]"#)
        let project = try objectID(try virtual.call("POST", "/projects", #"{"name": "a"}"#))
        #expect(try virtual.call("GET", "/projects/\(project)")["name"] == .string("a"))
        #expect(try self.ids(&virtual, "/projects", "projects").isEmpty)
    }

    @Test("a stale list shows the states of then, without what came since and with what has gone since")
    func stale() throws {
        var virtual = VirtualSandbox(clock: LifeCycleClock(fixed: .zero))
        let built = try SandboxRun(&virtual).build(&virtual)
        virtual.advance(.seconds(60))
        virtual.sandbox.clock.building = .seconds(4)...(.seconds(4))
        let slow = try objectID(try virtual.call("POST", built.builds, built.buildRequest))
        virtual.advance(.seconds(10))
        try virtual.call("DELETE", "\(built.builds)/\(built.build)")
        _ = try virtual.call("POST", built.builds, built.buildRequest)
        virtual.advance(.seconds(1))
        try virtual.setFaults(#"[{"fault": "stale", "delay": "9s"}]"#)
        let stale = try virtual.call("GET", built.builds)["model_builds"]?.elements ?? []
        #expect(stale.map { $0["id"]?.text } == [built.build, slow])
        #expect(stale.last?["status"] == .string("building"))
        // Reads by id are none of its business.
        #expect(try virtual.call("GET", "\(built.builds)/\(slow)")["status"] == .string("built"))
        #expect(try virtual.refusal("GET", "\(built.builds)/\(built.build)").status == 404)
        try virtual.setFaults("[]")
        let fresh = try self.ids(&virtual, built.builds, "model_builds")
        #expect(fresh.count == 2 && !fresh.contains(built.build))
    }

    @Test("a shuffled list keeps its order over all its pages, and holds each row once")
    func shuffled() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        for number in 0..<25 { try virtual.call("POST", world.models, #"{"name": "model-\#(number)"}"#) }
        let usual = try self.ids(&virtual, world.models + "?page_size=100", "models")
        try virtual.setFaults(#"{"seed": 1, "rules": [{"fault": "shuffled"}]}"#)
        var orders: [[String]] = []
        for _ in 0..<2 {
            var order: [String] = []
            var token = ""
            repeat {
                let page = try virtual.call("GET", "\(world.models)?page_size=7&page_token=\(token)")
                order += try page["models"]?.elements?.map(objectID) ?? []
                token = page["next_page_token"]?.text ?? ""
                // Somebody else's listing meanwhile changes nothing.
                try virtual.call("GET", world.models)
            } while !token.isEmpty
            #expect(order != usual)
            #expect(order.sorted() == usual.sorted())
            orders.append(order)
        }
        #expect(orders[0] != orders[1])
    }

    @Test("a page token that was changed is refused", arguments: ["t!", "t1.", "t1.!", "x1", "t-1"])
    func badToken(token: String) throws {
        var virtual = VirtualSandbox()
        #expect(try virtual.refusal("GET", "/projects?page_token=\(token)").status == 400)
    }

    @Test("changing calls are not counted by rules for reads, nor reads by rules for changing calls")
    func reach() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "stale"}, {"fault": "forget", "fields": ["comment"]}]"#)
        try virtual.call("POST", "/projects", #"{"name": "a"}"#)
        try virtual.call("GET", "/projects")
        try virtual.call("GET", "/projects")
        #expect(virtual.sandbox.faults.rules.map(\.matched) == [2, 1])
        #expect(virtual.sandbox.faults.rules.map(\.fired) == [2, 1])
    }
}
