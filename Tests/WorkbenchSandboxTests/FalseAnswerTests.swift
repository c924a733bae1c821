// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing
import WorkbenchSandbox

@Suite("Faults: who answers in the workbench's place, and calls that come twice")
struct FalseAnswerTests {
    private static let create = #"{"name": "a"}"#

    private func projects(_ virtual: inout VirtualSandbox) throws -> Int {
        try virtual.setFaults("[]")
        return try virtual.call("GET", "/projects")["projects"]?.elements?.count ?? 0
    }

    private func header(_ name: String, of delivery: SandboxDelivery) -> String? {
        delivery.headers.first { $0.name == name }?.value
    }

    @Test(
        "each author answers in its own form, with any status, and the call is not applied",
        arguments: FalseAnswer.Author.allCases,
        [200, 302, 403, 404, 500, 503]
    )
    func forms(author: FalseAnswer.Author, status: Int) throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "author", "form": "\#(author.rawValue)", "status": \#(status)}]"#)
        let delivery = virtual.send("POST", "/api/v2/projects", Self.create)
        #expect(delivery.status == status)
        #expect(delivery.extent == .whole)
        let text = String(decoding: delivery.body, as: UTF8.self)
        let type = self.header("Content-Type", of: delivery)
        switch author {
        case .code:
            let json = try JSONValue(parsing: delivery.body)
            #expect(json["code"]?.wholeNumber != nil && json["message"]?.text != nil)
        case .json:
            let json = try JSONValue(parsing: delivery.body)
            #expect(json["code"] == nil && json["message"]?.text != nil)
        case .text: #expect(text == "default backend - 404\n" && type == "text/plain")
        case .page: #expect(text.hasPrefix("<html>") && type == "text/html")
        case .empty: #expect(text.isEmpty)
        case .redirect: #expect(self.header("Location", of: delivery) == "/login")
        }
        let line = try #require(try virtual.auditLines().first)
        #expect(line["applied"] == .bool(false))
        #expect(line["status"]?.wholeNumber == Int64(status))
        #expect(line["fault"] == .string("author"))
        #expect(try self.projects(&virtual) == 0)
    }

    @Test(
        "without a status it is the one that such answers mostly come with",
        arguments: [("code", 500), ("json", 500), ("text", 404), ("page", 502), ("empty", 200), ("redirect", 302)]
    )
    func usualStatus(form: String, status: Int) throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "author", "form": "\#(form)"}]"#)
        #expect(virtual.send("GET", "/api/v2/projects").status == status)
    }

    @Test("says what it is told to say, and applies the call where it is told to")
    func appliedWithMessage() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(
            #"[{"fault": "author", "form": "page", "status": 200, "message": "Sign in", "applied": true}]"#
        )
        let delivery = virtual.send("POST", "/api/v2/projects", Self.create)
        #expect(String(decoding: delivery.body, as: UTF8.self).contains("<title>Sign in</title>"))
        let line = try #require(try virtual.auditLines().first)
        #expect(line["applied"] == .bool(true))
        #expect(line["status"] == .integer(200))
        #expect(try self.projects(&virtual) == 1)
    }

    @Test("stands in front of the model service, too")
    func modelService() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "author", "form": "text", "match": {"family": "modelservice"}}]"#)
        #expect(virtual.send("POST", "/modelservice/model", "{}").status == 404)
        #expect(virtual.send("GET", "/api/v2/projects").status == 200)
    }

    @Test("twice makes two of what is created, and the client gets the second reply")
    func twice() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        let before = try virtual.auditLines().count
        try virtual.setFaults(#"[{"fault": "twice", "match": {"method": "POST", "path": "**/builds"}}]"#)
        let reply = try virtual.call("POST", built.builds, built.buildRequest)
        let lines = try virtual.auditLines().dropFirst(before)
        #expect(lines.map { $0["applied"] } == [.bool(true), .bool(true)])
        #expect(lines.map { $0["status"] } == [.integer(0), .integer(200)])
        #expect(lines.allSatisfy { $0["fault"] == .string("twice") })
        let ids = lines.map { $0["ids"]?["build_id"]?.text }
        #expect(Set(ids).count == 2)
        #expect(ids.last == reply["id"]?.text)
    }

    @Test("twice may also end with the gateway's 504")
    func twiceWithTimeout() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "twice", "reply": "504"}]"#)
        let delivery = virtual.send("POST", "/api/v2/projects", Self.create)
        #expect(delivery.status == 504)
        #expect(String(decoding: delivery.body, as: UTF8.self).hasPrefix("<html>"))
        #expect(try self.projects(&virtual) == 2)
    }

    @Test("twice shows the refusal of the second call where the first took the name")
    func twiceRefused() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        try virtual.setFaults(#"[{"fault": "twice"}]"#)
        let refusal = try virtual.refusal("POST", world.models, Self.create)
        #expect(refusal.message.contains("already has a model"))
    }

    @Test(
        "what can't be understood is refused by name, with what is allowed",
        arguments: [
            (#"{"fault": "author"}"#, "code, json, text, page, empty, redirect"),
            (#"{"fault": "author", "form": "xml"}"#, "code, json, text, page, empty, redirect"),
            (#"{"fault": "author", "form": "page", "status": 199}"#, "from 200 to 599"),
            (#"{"fault": "author", "form": "page", "applied": 1}"#, "true or false"),
            (#"{"fault": "author", "form": "page", "delay": 1}"#, "form, status, message, applied"),
            (#"{"fault": "twice", "reply": "first"}"#, "second, 504"), (#"{"fault": "twice", "form": "x"}"#, "reply"),
            (#"{"fault": "status", "form": "text"}"#, "json, html, empty"),
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
