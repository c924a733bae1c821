// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing

@testable import WorkbenchSandbox

@Suite("Lists")
struct ListingTests {
    private func names(_ value: JSONValue, _ key: String) -> [String] {
        (value[key]?.elements ?? []).compactMap { $0["name"]?.text }
    }

    @Test("ten entries by default, then by token to the end")
    func paging() throws {
        var virtual = VirtualSandbox()
        for index in 0..<23 { try virtual.call("POST", "/projects", #"{"name": "p\#(index)"}"#) }
        var seen: [String] = []
        var token = ""
        var pages = 0
        repeat {
            let page = try virtual.call("GET", "/projects?page_token=\(token)")
            seen += self.names(page, "projects")
            token = try #require(page["next_page_token"]?.text)
            pages += 1
        } while !token.isEmpty
        #expect(pages == 3)
        #expect(seen == (0..<23).map { "p\($0)" })
        #expect(try virtual.call("GET", "/projects?page_size=100000")["next_page_token"] == .string(""))
    }

    @Test("an exact last page has no token")
    func exactPage() throws {
        var virtual = VirtualSandbox()
        for index in 0..<10 { try virtual.call("POST", "/projects", #"{"name": "p\#(index)"}"#) }
        #expect(try virtual.call("GET", "/projects")["next_page_token"] == .string(""))
    }

    @Test("filters find parts of names, with regard to case, and combine")
    func filters() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        for name in ["Churn-A", "churn-b", "churn-bb", "x"] {
            try virtual.call("POST", world.models, #"{"name": "\#(name)", "disable_authentication": \#(name == "x")}"#)
        }
        func find(_ filter: String) throws -> [String] {
            let query = String(decoding: filter.utf8.flatMap { Array("%\(hex($0))".utf8) }, as: UTF8.self)
            return self.names(try virtual.call("GET", "\(world.models)?search_filter=\(query)"), "models")
        }
        #expect(try find(#"{"name": "churn"}"#) == ["churn-b", "churn-bb"])
        #expect(try find(#"{"name": "hurn"}"#) == ["Churn-A", "churn-b", "churn-bb"])
        #expect(try find(#"{"name": "bb"}"#) == ["churn-bb"])
        #expect(try find(#"{"name": "zzz"}"#).isEmpty)
        #expect(try find(#"{"name": ""}"#).count == 4)
        #expect(try find(#"{"auth_enabled": "false"}"#) == ["x"])
        #expect(try find(#"{"name": "churn", "auth_enabled": true, "creator.username": "ana"}"#).count == 2)
    }

    @Test("a renamed model is found by its new name only")
    func renamed() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let model = try objectID(try virtual.call("POST", world.models, #"{"name": "before"}"#))
        try virtual.call("PATCH", "\(world.models)/\(model)", #"{"name": "after"}"#)
        let before = try virtual.call("GET", world.models + "?search_filter=%7B%22name%22:%22before%22%7D")
        let after = try virtual.call("GET", world.models + "?search_filter=%7B%22name%22:%22after%22%7D")
        #expect(self.names(before, "models").isEmpty)
        #expect(self.names(after, "models") == ["after"])
        try virtual.call("POST", world.models, #"{"name": "before"}"#)
    }

    @Test("runs: order by start, metric and parameter; filter by status")
    func runs() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        for (index, start) in ["2026-01-03", "2026-01-01", "2026-01-02"].enumerated() {
            let body = #"{"run_name": "r\#(index)", "start_time": "\#(start)T00:00:00Z"}"#
            let run = try objectID(try virtual.call("POST", world.runs, body))
            let batch =
                #"{"metrics": [{"key": "accuracy", "value": 0.\#(index + 1)}], "params": [{"key": "p", "value": "\#(9 - index)"}]}"#
            try virtual.call("POST", "\(world.runs)/\(run):logbatch", batch)
        }
        func find(_ query: String) throws -> [String] {
            self.names(try virtual.call("GET", "\(world.runs)?\(query)"), "experiment_runs").filter {
                $0.hasPrefix("r") && $0.count == 2
            }
        }
        #expect(try find("sort=start_time") == ["r1", "r2", "r0"])
        #expect(try find("sort=-start_time") == ["r0", "r2", "r1"])
        #expect(try find("sort=%2Bstart_time") == ["r1", "r2", "r0"])
        #expect(try find("sort=-metrics.accuracy") == ["r2", "r1", "r0"])
        #expect(try find("sort=params.p") == ["r2", "r1", "r0"])
        #expect(try find("search_filter=%7B%22status%22:%22RUNNING%22%7D") == ["r0", "r1", "r2"])
        #expect(try find("search_filter=%7B%22params.p%22:%228%22%7D") == ["r1"])
    }

    @Test(
        "what can't be read is refused",
        arguments: [
            "page_size=x", "page_size=", "page_token=7", "page_token=tzzzzzzzzzzzzzzzz", "search_filter=x",
            "search_filter=%5B%5D", "search_filter=%7B%22nme%22:%22a%22%7D", "search_filter=%7B%22name%22:%7B%7D%7D",
            "sort=colour", "search_filter=%FF",
        ]
    )
    func refused(query: String) throws {
        var virtual = VirtualSandbox()
        let refusal = try virtual.refusal("GET", "/projects?" + query)
        #expect(refusal.status == 400)
        #expect(refusal.code == 3)
    }

    @Test("deployments support no order, and ignore one")
    func deploymentsIgnoreOrder() throws {
        var virtual = VirtualSandbox()
        let built = try SandboxRun(&virtual).build(&virtual)
        _ = try built.deploy(&virtual)
        let list = try virtual.call("GET", built.deployments + "?sort=-created_at")
        #expect(list["model_deployments"]?.elements?.count == 1)
    }

    private func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
