// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing
import Values

@testable import WorkbenchSandbox

@Suite("Faults")
struct FaultTests {
    private func count(_ virtual: inout VirtualSandbox, _ kind: String = "projects") throws -> Int64 {
        let state = try JSONValue(lenientlyParsing: virtual.send("GET", "/sandbox/state?kind=none").body)
        return try #require(state["counts"]?[kind]?.wholeNumber)
    }

    @Test("latency delays the reply, not the effect")
    func latency() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "latency", "delay": "250ms"}, {"fault": "latency", "delay": 1}]"#)
        let delivery = virtual.send("POST", "/api/v2/projects", #"{"name": "a"}"#)
        #expect(delivery.status == 200)
        #expect(delivery.delay == .milliseconds(1250))
        #expect(try self.count(&virtual) == 1)
    }

    @Test("a range of delays is drawn from, the same with the same seed")
    func latencyRange() throws {
        var delays: [[Duration]] = []
        for _ in 0..<2 {
            var virtual = VirtualSandbox()
            try virtual.setFaults(#"{"seed": 5, "rules": [{"fault": "latency", "delay": ["1s", "3s"]}]}"#)
            delays.append((0..<20).map { _ in virtual.send("GET", "/api/v2/projects").delay })
        }
        #expect(delays[0] == delays[1])
        #expect(delays[0].allSatisfy { .seconds(1) <= $0 && $0 <= .seconds(3) })
        #expect(Set(delays[0]).count > 10)
    }

    @Test("status refuses without effect, in the API's shape or an ingress's")
    func status() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(
            #"[{"fault": "status", "status": 403, "message": "no right", "count": 1}, {"fault": "status", "status": 502, "form": "html"}]"#
        )
        let refusal = try virtual.refusal("POST", "/projects", #"{"name": "a"}"#)
        #expect(refusal == (403, 7, "no right"))
        let gateway = virtual.send("POST", "/api/v2/projects", #"{"name": "a"}"#)
        #expect(gateway.status == 502)
        #expect(gateway.body.starts(with: Array("<html>".utf8)))
        #expect(try self.count(&virtual) == 0)
        #expect(try virtual.auditLines().map { $0["applied"] } == [.bool(false), .bool(false)])
    }

    @Test("drop-before leaves no trace but in the audit")
    func dropBefore() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "drop-before"}]"#)
        #expect(virtual.send("POST", "/api/v2/projects", #"{"name": "a"}"#).extent == .cut(afterBytes: 0))
        #expect(try self.count(&virtual) == 0)
        let line = try #require(try virtual.auditLines().first)
        #expect(line["applied"] == .bool(false))
        #expect(line["fault"] == .string("drop-before"))
        #expect(line["status"] == .integer(0))
    }

    @Test("drop-after-apply applies, then cuts")
    func dropAfterApply() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "drop-after-apply", "cutAfterBytes": 20}]"#)
        #expect(virtual.send("POST", "/api/v2/projects", #"{"name": "a"}"#).extent == .cut(afterBytes: 20))
        #expect(try self.count(&virtual) == 1)
        #expect(try virtual.auditLines().first?["applied"] == .bool(true))
    }

    @Test("apply-late answers first and applies later", arguments: ["cut", "500"])
    func applyLate(reply: String) throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "apply-late", "delay": "5s", "reply": "\#(reply)"}]"#)
        let delivery = virtual.send("POST", "/api/v2/projects", #"{"name": "a"}"#)
        #expect(reply == "cut" ? delivery.extent == .cut(afterBytes: 0) : delivery.status == 500)
        let late = try #require(delivery.late)
        #expect(late.after == .seconds(5))
        #expect(try self.count(&virtual) == 0)
        #expect(try self.count(&virtual, "lateCalls") == 1)
        virtual.advance(late.after)
        virtual.sandbox.applyLate(late, at: virtual.now)
        #expect(try self.count(&virtual) == 1)
        #expect(try self.count(&virtual, "lateCalls") == 0)
        let audit = try virtual.auditLines()
        #expect(audit.count == 1)
        #expect(audit.first?["at"]?.text == virtual.now.shortestRFC3339)
        #expect(audit.first?["applied"] == .bool(true))
    }

    @Test("stall-then-500 applies at once and answers the ingress's 500")
    func stall() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "stall-then-500"}]"#)
        let delivery = virtual.send("POST", "/api/v2/projects", #"{"name": "a"}"#)
        #expect(delivery.status == 500)
        #expect(delivery.delay == .seconds(30))
        #expect(try self.count(&virtual) == 1)
    }

    @Test("malformed applies and spoils the body", arguments: ["truncated", "html", "empty"])
    func malformed(form: String) throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "malformed", "form": "\#(form)"}]"#)
        let delivery = virtual.send("POST", "/api/v2/projects", #"{"name": "a"}"#)
        #expect(delivery.status == 200)
        #expect(throws: JSONFailure.self) { try JSONValue(lenientlyParsing: delivery.body) }
        #expect(try self.count(&virtual) == 1)
    }

    @Test("rate-limit says when to come back")
    func rateLimit() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "rate-limit", "retryAfter": "1500ms"}]"#)
        let delivery = virtual.send("GET", "/api/v2/projects")
        #expect(delivery.status == 429)
        #expect(delivery.headers.contains { $0 == ("Retry-After", "2") })
        #expect(try JSONValue(lenientlyParsing: delivery.body)["code"] == .integer(8))
    }

    @Test("renderings: sparse, reversed, capitals, unknown word, repeated token")
    func renderings() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        try virtual.call("POST", built.builds, built.buildRequest)
        let usual = try virtual.call("GET", built.builds)["model_builds"]?.elements ?? []
        try virtual.setFaults(#"[{"fault": "sparse"}, {"fault": "reversed-order"}, {"fault": "upper-case-status"}]"#)
        let list = try virtual.call("GET", built.builds)
        let reversed = list["model_builds"]?.elements ?? []
        #expect(reversed.map { $0["id"] } == usual.reversed().map { $0["id"] })
        #expect(reversed.first?["status"] == .string("BUILT"))
        #expect(reversed.first?["comment"] == nil)
        #expect(list["next_page_token"] == nil)
        try virtual.setFaults(
            #"[{"fault": "unknown-status", "word": "rebalancing"}, {"fault": "repeated-page-token"}]"#
        )
        let odd = try virtual.call("GET", built.builds + "?page_size=1")
        #expect(odd["model_builds"]?.elements?.first?["status"] == .string("rebalancing"))
        let token = try #require(odd["next_page_token"]?.text)
        #expect(
            try virtual.call("GET", built.builds + "?page_size=1&page_token=\(token)")["next_page_token"]
                == .string(token)
        )
    }

    @Test("rules match by method and path, and fire by every, after, count and probability")
    func matching() throws {
        var virtual = VirtualSandbox()
        func fires(_ rule: String, _ target: String = "/api/v2/projects", times: Int = 8) throws -> [Bool] {
            try virtual.setFaults(#"{"seed": 3, "rules": [{"fault": "status", \#(rule)}]}"#)
            return (0..<times).map { _ in virtual.send("GET", target).status == 500 }
        }
        #expect(try fires(#""every": 3"#) == [false, false, true, false, false, true, false, false])
        #expect(try fires(#""count": 2"#) == [true, true, false, false, false, false, false, false])
        #expect(try fires(#""after": 6"#) == [false, false, false, false, false, false, true, true])
        #expect(try fires(#""match": {"method": "POST"}"#, times: 1) == [false])
        #expect(try fires(#""match": {"path": "/api/v2/*"}"#, times: 1) == [true])
        #expect(try fires(#""match": {"path": "/api/v2/*"}"#, "/api/v2/projects/x", times: 1) == [false])
        #expect(try fires(#""match": {"path": "/api/v2/**y"}"#, "/api/v2/projects/x", times: 1) == [false])
        let some = try fires(#""probability": 0.5"#, times: 400).filter { $0 }.count
        #expect((150...250).contains(some))
    }

    @Test(
        "what can't be understood is refused by name, with what is allowed",
        arguments: [
            (#"[{"fault": "latancy"}]"#, "latency, status"), (#"[{"fault": "latency", "dlay": 1}]"#, "delay"),
            (#"[{}]"#, "'fault' is required"), (#"[{"fault": "status", "status": 200}]"#, "from 400 to 599"),
            (#"[{"fault": "latency", "delay": "soon"}]"#, "200ms"),
            (#"[{"fault": "latency", "delay": ["3s", "1s"]}]"#, "pair"),
            (#"[{"fault": "latency", "probability": 2}]"#, "from 0 to 1"),
            (#"[{"fault": "latency", "every": 0}]"#, "from 1"),
            (#"[{"fault": "latency", "match": {"method": "FETCH"}}]"#, "GET, POST"),
            (#"[{"fault": "latency", "match": {"path": "/projects"}}]"#, "/api/v2"),
            (#"[{"fault": "latency", "match": {"route": "x"}}]"#, "method, path"), (#"{"ruls": []}"#, "seed, rules"),
            (#"[{"fault": "malformed", "form": "xml"}]"#, "truncated, html, empty"), ("7", "list of rules"),
            ("[1]", "object"),
            ("{", "not JSON"),
        ]
    )
    func refused(rules: String, hint: String) throws {
        var virtual = VirtualSandbox()
        let delivery = virtual.send("PUT", "/sandbox/faults", rules)
        #expect(delivery.status == 400)
        let message = try #require(try JSONValue(lenientlyParsing: delivery.body)["message"]?.text)
        #expect(message.contains(hint), "\(message)")
    }
}
