// SPDX-License-Identifier: Apache-2.0

import CommandTable
import HTTPClient
import HTTPServer
import HTTPValues
import JSON
import Telemetry
import Testing
import Values
import WorkbenchSandbox

@testable import Commands

/// `slipway api` and a workbench that it calls.
private struct APIFixture: Sendable {
    private static let key = "test-key-0123456789"

    let url: String
    var key = APIFixture.key
    var projectID: String?

    /// Runs `body` with a sandbox of its own.
    static func with(_ body: (APIFixture) async throws -> Void) async throws {
        let server = try SandboxServer(settings: SandboxServer.Settings(apiKey: self.key, seed: 7))
        let bed = APIFixture(url: try server.start().url)
        let result: Result<Void, any Error>
        do { result = .success(try await body(bed)) } catch { result = .failure(error) }
        await server.stop(grace: .zero)
        try result.get()
    }

    /// Runs `slipway api` with these words behind it.
    func run(_ words: String...) async -> CommandFixture.Result { await self.run(words) }

    func run(_ words: [String]) async -> CommandFixture.Result {
        var configuration = Configuration()
        configuration.workbench.url = self.url
        configuration.workbench.apiKey = Secret(self.key)
        configuration.workbench.projectID = self.projectID
        let table = CommandTable(
            name: "slipway",
            summary: "Test",
            version: { "0" },
            commands: [APICommand.command { [configuration] _, _ in configuration }]
        )
        let capture = CapturedOutput()
        let status = await table.run(["api"] + words, environment: [:], output: Output(to: capture))
        return CommandFixture.Result(status: status, text: capture.text, errorText: capture.errorText)
    }

    /// Makes a project.
    ///
    /// - Returns: Its id.
    func project(_ name: String) async throws -> String {
        let made = await self.run("POST", "/projects", "-f", "name=\(name)")
        return try #require(try made.json.first?["id"]?.text, "\(made.errorText)")
    }

    /// Calls a control of the sandbox.
    func control(_ method: String, _ path: String, _ body: String? = nil) async throws -> JSONValue {
        let transport = HTTPClient()
        let response = try await transport.send(
            HTTPRequest(
                method: method,
                url: self.url + path,
                headers: [("Authorization", "Bearer \(Self.key)")],
                body: body.map { Array($0.utf8) }
            )
        )
        await transport.close()
        return try JSONValue(parsing: response.body)
    }

    /// Lets calls of a method fail as if the workbench was not there.
    func fail(_ method: String, times: Int) async throws {
        let match = #"{"method":"\#(method)","path":"/api/v2/**"}"#
        let rules = #"[{"match":\#(match),"fault":"status","status":503,"count":\#(times)}]"#
        _ = try await self.control("PUT", "/sandbox/faults", rules)
    }

    /// How many calls the fault has seen, those after its last time included.
    func calls() async throws -> JSONValue? {
        try await self.control("GET", "/sandbox/faults")["rules"]?.items.first?["matched"]
    }
}

extension JSONValue {
    /// The elements of an array; none of anything else.
    fileprivate var items: [JSONValue] {
        guard case .array(let items) = self else { return [] }
        return items
    }

    /// The names of the projects of a page.
    fileprivate var projectNames: [String] { self["projects"]?.items.compactMap { $0["name"]?.text } ?? [] }
}

@Suite("api on the sandbox", .timeLimit(.minutes(1)))
struct APICommandTests {
    @Test func pairsBecomeTheQueryOfAGet() async throws {
        try await APIFixture.with { bed in
            for name in ["churn", "wine"] { _ = try await bed.project(name) }
            let all = await bed.run("GET", "/projects")
            #expect(all.status == .success, "\(all.errorText)")
            #expect(all.text.hasSuffix("}\n"))
            #expect(try all.json.map(\.projectNames).map(Set.init) == [["churn", "wine"]])
            let filter = #"search_filter={"name":"chu"}"#
            let some = await bed.run("GET", "projects", "-f", filter, "-F", "page_size=5")
            #expect(try some.json.map(\.projectNames) == [["churn"]])
            let one = await bed.run("GET", "/projects?page_size=1", "-f", #"search_filter={"name":"wi"}"#)
            #expect(try one.json.map(\.projectNames) == [["wine"]])
        }
    }

    @Test func pairsBecomeTheBodyOfAnythingElse() async throws {
        try await APIFixture.with { bed in
            var bed = bed
            // A text stays one, whatever it looks like.
            bed.projectID = try await bed.project("true")
            let pairs = ["-f", "name=7", "-f", "description=a=b", "-F", "disable_authentication=true"]
            let made = await bed.run(["POST", "/projects/{project_id}/models"] + pairs)
            #expect(made.status == .success, "\(made.errorText)")
            let model = try #require(try made.json.first)
            #expect(model["name"]?.text == "7")
            #expect(model["description"]?.text == "a=b")
            #expect(model["auth_enabled"] == .bool(false))
        }
    }

    @Test func aTypedPairIsJSONWhereItCanBeReadSo() throws {
        let fields = try APIFields(raw: ["a=1", "a.b="], typed: ["c=1", "d=null", #"e={"f":[true]}"#, "g=1 2"])
        let body = #"{"a":"1","a.b":"","c":1,"d":null,"e":{"f":[true]},"g":"1 2"}"#
        #expect(String(decoding: fields.body, as: UTF8.self) == body)
        #expect(fields.query.map { "\($0.name)=\($0.value)" }.first == "a=1")
    }

    @Test func theBodyIsReadFromAFile() async throws {
        try await APIFixture.with { bed in
            try await withScratchFile("\u{FEFF}" + #"{"name":"from-a-file"}"#) { path in
                let made = await bed.run("POST", "/projects", "--input", path)
                #expect(made.status == .success, "\(made.errorText)")
                let project = try made.json.first
                #expect(project?["name"]?.text == "from-a-file")
            }
            let missing = await bed.run("POST", "/projects", "--input", "/nowhere/body.json")
            #expect(missing.status == .failure)
            #expect(missing.errorText.contains("/nowhere/body.json"))
        }
    }

    @Test func thePathNamesTheConfiguredProject() async throws {
        try await APIFixture.with { bed in
            var bed = bed
            bed.projectID = try await bed.project("home")
            let shown = await bed.run("GET", "/projects/{project_id}")
            #expect(try shown.json.first?["name"]?.text == "home", "\(shown.errorText)")
        }
    }

    @Test func aListingIsFollowedToItsEnd() async throws {
        try await APIFixture.with { bed in
            for number in 1...3 { _ = try await bed.project("p\(number)") }
            let first = await bed.run("GET", "/projects", "-f", "page_size=1")
            #expect(try first.json.map(\.projectNames.count) == [1])
            let all = await bed.run("GET", "/projects", "-f", "page_size=1", "--paginate")
            #expect(all.status == .success, "\(all.errorText)")
            #expect(try Set(all.json.flatMap(\.projectNames)) == ["p1", "p2", "p3"])
            #expect(try all.json.allSatisfy { $0.projectNames.count <= 1 })
        }
    }

    @Test(arguments: [[], ["--paginate"]])
    func aGetIsTriedThreeTimes(flags: [String]) async throws {
        try await APIFixture.with { bed in
            _ = try await bed.project("p")
            try await bed.fail("GET", times: 2)
            let shown = await bed.run(["GET", "/projects"] + flags)
            #expect(try shown.json.map(\.projectNames) == [["p"]], "\(shown.errorText)")
            #expect(try await bed.calls() == .integer(3))
        }
    }

    @Test func aWorkbenchThatIsNotThereIsItsOwnStatus() async throws {
        try await APIFixture.with { bed in
            try await bed.fail("GET", times: 100)
            let shown = await bed.run("GET", "/projects")
            #expect(shown.status == .unavailable)
            #expect(shown.text.isEmpty)
            #expect(shown.errorText.hasPrefix("slipway api: Raw (GET /projects): HTTP 503"))
            #expect(try await bed.calls() == .integer(3))
        }
    }

    @Test func whatChangesSomethingIsTriedOnce() async throws {
        try await APIFixture.with { bed in
            try await bed.fail("POST", times: 1)
            let made = await bed.run("POST", "/projects", "-f", "name=p")
            #expect(made.status == .unavailable)
            #expect(try await bed.calls() == .integer(1))
        }
    }

    @Test func whatTheWorkbenchRefusesIsTold() async throws {
        try await APIFixture.with { bed in
            try await bed.fail("GET", times: 0)
            let missing = await bed.run("GET", "/projects/none")
            #expect(missing.status == .failure)
            #expect(missing.errorText.contains("HTTP 404"))
            #expect(try await bed.calls() == .integer(1))
            var stranger = bed
            stranger.key = "another-key-0123456789"
            let refused = await stranger.run("GET", "/projects")
            #expect(refused.status == .unavailable)
            #expect(!refused.errorText.contains(stranger.key))
        }
    }

    @Test(arguments: [
        (["GET", "/projects", "-f", "name"], "'name' is not of the form key=value"),
        (["GET", "/projects", "-F", "=1"], "'=1' is not of the form key=value"),
        (["GET", "/projects/{project_id}"], "workbench.projectId is not set"),
        (["POST", "/projects", "--paginate"], "--paginate is for GET only"),
        (["POST", "/projects", "--input", "f", "-f", "a=b"], "--raw-field"),
        (["HEAD", "/projects"], "GET, POST, PUT, PATCH, DELETE"),
    ])
    func aWrongCommandLineCallsNothing(words: [String], hint: String) async throws {
        // Nobody is there: whoever called would end with another status.
        let result = await APIFixture(url: "http://127.0.0.1:9").run(words)
        #expect(result.status == .usage)
        #expect(result.errorText.contains(hint), "\(result.errorText)")
    }

    @Test func aWaitBetweenTwoTriesThatIsCutShortIsAnInterruption() async throws {
        let (calls, continuation) = AsyncStream<Void>.makeStream()
        var routes = Router()
        routes.add(.get, "/api/v2/projects") { _, responder in
            responder.reply(HTTPServerReply(status: 503))
            continuation.yield()
        }
        routes.add(.get, "/later") { _, responder in
            responder.reply(HTTPServerReply(status: 200, body: Array("{}".utf8)))
        }
        let server = HTTPServer(settings: HTTPServerSettings(), routes: routes)
        let bed = APIFixture(url: try server.start().url)
        let result = try await withThrowingTaskGroup(of: CommandFixture.Result.self) { group in
            group.addTask { await bed.run("GET", "/projects") }
            for await _ in calls { break }
            // A further call and its answer: by then the command has the first one's, and waits.
            _ = try await bed.control("GET", "/later")
            group.cancelAll()
            return try #require(try await group.next())
        }
        await server.stop(grace: .zero)
        #expect(result.status == .interrupted)
        #expect(result.text.isEmpty && result.errorText.isEmpty)
    }
}
