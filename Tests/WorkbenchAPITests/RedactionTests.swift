// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import JSON
import Telemetry
import TestSupport
import Testing
import Values

@testable import WorkbenchAPI

@Suite("Redaction")
struct RedactionTests {
    private static let key = Secret("aB/3+x&9<k.Zq=01")

    private func replaced(_ text: String, _ key: Secret = key) -> String {
        let response = Redaction.replacing(key, in: HTTPResponse(status: 200, body: Array(text.utf8)))
        return String(decoding: response.body, as: UTF8.self)
    }

    @Test(arguments: [
        ("", ""), ("nothing", "nothing"), ("aB/3+x&9<k.Zq=0", "aB/3+x&9<k.Zq=0"),
        ("aB/3+x&9<k.Zq=01", "<redacted>"), ("xaB/3+x&9<k.Zq=01x", "x<redacted>x"),
        ("aB/3+x&9<k.Zq=01aB/3+x&9<k.Zq=01", "<redacted><redacted>"),
        ("aB/3+aB/3+x&9<k.Zq=01", "aB/3+<redacted>"), ("é aB/3+x&9<k.Zq=01 é", "é <redacted> é"),
    ])
    func theKeyIsReplacedWhereverItStands(text: String, expected: String) {
        #expect(self.replaced(text) == expected)
    }

    @Test(arguments: [
        #"{"message":"aB\/3+x&9<k.Zq=01"}"#, #"{"message":"aB/3+x\u00269\u003ck.Zq=01"}"#,
        #"{"message":"aB/3+x\u00269\u003Ck.Zq\u003d01"}"#, #"{"message":"\u0061B\/3+x&9<k.Zq=01"}"#,
        "{\"message\":\"aB%2F3%2Bx%269%3Ck.Zq%3D01\"}", "{\"message\":\"%61B%2f3%2bx&9%3ck.Zq%3d01\"}",
    ])
    func howeverItIsWritten(text: String) {
        #expect(self.replaced(text) == #"{"message":"<redacted>"}"#)
    }

    @Test(arguments: [
        #"{"a":"\\aB/3+x&9<k.Zq=01"}"#, #"{"a":"\naB/3+x&9<k.Zq=01\n"}"#, #"{"a":"\"aB/3+x&9<k.Zq=01\""}"#,
        #"{"a":"\u0061\\\"aB\/3+x&9<k.Zq=01"}"#,
    ])
    func jsonStaysJSON(text: String) throws {
        let response = Redaction.replacing(Self.key, in: HTTPResponse(status: 200, body: Array(text.utf8)))
        let reading = ResponseFailure(operation: .getProject, now: .distantPast)
        let value = try #require(try reading.json(of: response)["a"]?.text)
        #expect(value.contains("<redacted>"))
        #expect(!value.contains("Zq"))
    }

    @Test(arguments: [#"\u00"#, "%", "%4", "%zz", #"\"#, #"\u12g4"#, "%61B", #"\u0061"#, "a", #"\\"#])
    func halfAnEscapeAtTheEndIsText(text: String) {
        #expect(self.replaced(text) == text)
        #expect(self.replaced("aB/3+x&9<k.Zq=01\(text)") == "<redacted>\(text)")
    }

    @Test func aKeyWithPercentAndBackslashIsFound() {
        let key = Secret(#"a%41\u0042%"x"#)
        #expect(self.replaced(#"- a%41\u0042%"x -"#, key) == "- <redacted> -")
        #expect(self.replaced(#"- a%2541\\u0042%\"x -"#, key) == "- <redacted> -")
        #expect(self.replaced(#"- aAB%"x -"#, key) == #"- aAB%"x -"#)
    }

    @Test func whatIsTooShortForAKeyIsLeftAlone() {
        #expect(self.replaced(#"{"id":"m","access_key":"k"}"#, Secret("key")) == #"{"id":"m","access_key":"k"}"#)
        #expect(self.replaced("", Secret("")) == "")
        #expect(self.replaced("12345678", Secret("12345678")) == "<redacted>")
    }

    @Test(arguments: [200, 204, 302, 401, 500, 503])
    func bodyAndFieldsOfAnyStatusLoseIt(status: Int) {
        let text = "see aB/3+x&9<k.Zq=01"
        let response = Redaction.replacing(
            Self.key,
            in: HTTPResponse(
                status: status,
                headers: [("Location", "https://x/?k=aB%2F3%2Bx%269%3Ck.Zq%3D01"), ("X-Request-Id", text), ("A", "b")],
                body: Array(text.utf8)
            )
        )
        #expect(response.status == status)
        #expect(response.headers.map(\.name) == ["Location", "X-Request-Id", "A"])
        #expect(response.headers.map(\.value) == ["https://x/?k=<redacted>", "see <redacted>", "b"])
        #expect(String(decoding: response.body, as: UTF8.self) == "see <redacted>")
    }

    @Test func aFailureLosesItToo() {
        let failure = HTTPFailure(kind: .proxy, mayHaveBeenSent: true, message: "said aB/3+x&9<k.Zq=01")
        guard case .failure(let clean) = Redaction.replacing(Self.key, in: .failure(failure)) else {
            Issue.record("a response was made of a failure")
            return
        }
        #expect(clean == HTTPFailure(kind: .proxy, mayHaveBeenSent: true, message: "said <redacted>"))
    }

    @Test func whatWasAskedForByHandIsShownAsItCame() async throws {
        let body = #"{"environment":"\#(testKey)","next_page_token":""}"#
        let bench = try Bench(
            ScriptedTransport(.json(body), .json(body), .json(body, status: 400), .json("<title>\(testKey)</title>"))
        )
        #expect(String(decoding: try await bench.client.raw("GET", "/projects/p").body, as: UTF8.self) == body)
        for try await page in bench.client.rawPages("/projects") {
            #expect(String(decoding: page.body, as: UTF8.self) == body)
        }
        let refused = await failure(of: { () throws(APIError) in try await bench.client.raw("GET", "/projects/p") })
        #expect(refused?.description.contains(testKey) == false)
        var pages = bench.client.rawPages("/projects").makeAsyncIterator()
        let page = await failure(of: { () throws(APIError) in try await pages.next() })
        #expect(page?.message.contains("a page titled '<redacted>'") == true)
    }
}
