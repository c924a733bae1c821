// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import TestSupport
import Testing
import Values

@testable import WorkbenchAPI

@Suite("Paging", .timeLimit(.minutes(1)))
struct PagingTests {
    private static func page(_ ids: [Int], next: String?) -> ScriptedTransport.Step {
        let items = ids.map { #"{"id":"p\#($0)","name":"n\#($0)"}"# }.joined(separator: ",")
        let token = next.map { #","next_page_token":"\#($0)""# } ?? ""
        return .json(#"{"projects":[\#(items)]\#(token)}"#)
    }

    @Test func pagesFollowTheirTokens() async throws {
        let bench = try Bench(
            ScriptedTransport(
                Self.page([1, 2], next: "a+/=&b"),
                Self.page([], next: "c"),
                Self.page([3], next: "")
            ),
            pageSize: 2
        )
        let listing = Listing(filter: ["name": "n"], sort: "-created_at")
        let projects = try await bench.client.pages(.projects(listing)).allItems()
        #expect(projects.map(\.id) == ["p1", "p2", "p3"])
        let query = "/api/v2/projects?page_size=2&search_filter=%7B%22name%22%3A%22n%22%7D&sort=-created_at"
        #expect(
            bench.transport.requests.map(\.url)
                == ["", "&page_token=a%2B%2F%3D%26b", "&page_token=c"].map { "https://ml.example.com\(query)\($0)" }
        )
    }

    @Test(arguments: ["a", "b"])
    func aTokenThatComesBackEndsTheListing(again: String) async throws {
        let bench = try Bench(
            ScriptedTransport(
                Self.page([1], next: "a"),
                Self.page([2], next: "b"),
                Self.page([3], next: again)
            )
        )
        let error = await failure(of: { () throws(APIError) in try await bench.client.pages(.projects()).allItems() })
        #expect(error?.kind == .protocol)
        #expect(error?.message == "a page token came twice")
        #expect(bench.transport.requests.count == 3)
    }

    @Test func endlessPagesEnd() async throws {
        // Each token is longer than the one before, so none comes twice.
        let endless = ScriptedTransport { request in
            Self.page([1], next: String(repeating: "x", count: request.url.utf8.count))
        }
        let bench = try Bench(endless, maximumPages: 5)
        let error = await failure(of: { () throws(APIError) in try await bench.client.pages(.projects()).allItems() })
        #expect(error?.kind == .protocol)
        #expect(error?.message == "more than 5 pages")
        #expect(endless.requests.count == 5)
    }

    @Test func aListingThatTakesTooLongEnds() throws {
        let dialect = Dialect(baseURL: try ServiceURL("https://ml.example.com"), requestTimeout: .seconds(10))
        let start = Timestamp(millisecondsSinceEpoch: 0)
        var cursor = PageCursor(APIOperation("ListThings", "GET", "/things"))
        try cursor.advance(to: "a", pageBytes: 1, at: start, in: dialect)
        try cursor.advance(to: "b", pageBytes: 1, at: start.advanced(by: .seconds(20)), in: dialect)
        let error = #expect(throws: APIError.self) {
            try cursor.advance(to: "c", pageBytes: 1, at: start.advanced(by: .milliseconds(20_001)), in: dialect)
        }
        #expect(error?.kind == .timeout)
    }

    @Test func aListingIsBoundedInBytes() throws {
        let dialect = Dialect(baseURL: try ServiceURL("https://ml.example.com"))
        let start = Timestamp(millisecondsSinceEpoch: 0)
        var cursor = PageCursor(APIOperation("ListThings", "GET", "/things"))
        try cursor.advance(to: "a", pageBytes: 64 << 20, at: start, in: dialect)
        #expect(throws: APIError.self) { try cursor.advance(to: "b", pageBytes: 1, at: start, in: dialect) }
    }

    @Test func nothingIsFetchedAhead() async throws {
        let bench = try Bench(ScriptedTransport(Self.page([1], next: "a"), Self.page([2], next: "b")))
        for try await page in bench.client.pages(.projects()) {
            #expect(page.items.map(\.id) == ["p1"])
            break
        }
        #expect(bench.transport.requests.count == 1)
    }

    @Test func afterTheLastPageThereIsNone() async throws {
        let bench = try Bench(ScriptedTransport(Self.page([1], next: nil)))
        var pages = bench.client.pages(.projects()).makeAsyncIterator()
        #expect(try await pages.next() != nil)
        #expect(try await pages.next() == nil)
        #expect(try await pages.next() == nil)
    }

    @Test func aFailedPageFailsTheListing() async throws {
        let bench = try Bench(ScriptedTransport(Self.page([1], next: "a"), .json("{}", status: 503)))
        let error = await failure(of: { () throws(APIError) in try await bench.client.pages(.projects()).allItems() })
        #expect(error?.kind == .unavailable)
    }

    @Test func versionsArePagesOfTheirModel() async throws {
        let bench = try Bench(
            ScriptedTransport(
                .json(#"{"model_id":"m","model_versions":[{"model_version_id":"v1"}],"next_page_token":"t"}"#),
                .json(#"{"model_id":"m","model_versions":[{"model_version_id":"v2"}],"next_page_token":""}"#)
            )
        )
        let versions = try await bench.client.pages(.registeredVersions(model: "m")).allItems()
        #expect(versions.map(\.id) == ["v1", "v2"])
        #expect(bench.transport.requests.last?.url.hasSuffix("/registry/models/m?page_size=100&page_token=t") == true)
    }

    @Test func rawPagesKeepWhatCame() async throws {
        let bench = try Bench(
            ScriptedTransport(.json(#"{"jobs":[1],"next_page_token":"t"}"#), .json(#"{"jobs":[2]}"#))
        )
        var bodies: [String] = []
        for try await page in bench.client.rawPages("/jobs", query: [("sort", "+name")]) {
            bodies.append(String(decoding: page.body, as: UTF8.self))
        }
        #expect(bodies == [#"{"jobs":[1],"next_page_token":"t"}"#, #"{"jobs":[2]}"#])
        #expect(
            bench.transport.requests.map { $0.url.dropFirst("https://ml.example.com/api/v2".count) }
                == ["/jobs?sort=%2Bname&page_size=100", "/jobs?sort=%2Bname&page_size=100&page_token=t"]
        )
    }
}
