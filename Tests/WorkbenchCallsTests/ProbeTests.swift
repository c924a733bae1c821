// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import WorkbenchCalls

/// What an answer to a probe shows: a probe proves only what it asks (rule 13).
struct ProbeTests {
    private static let key = HandWritten.json(#"{"valid":true,"username":"u"}"#)
    private static let models = APICall.probe(.models, ProbePlace(projectID: "p", modelID: "m", buildID: "b"))
    private static let service = APICall.probe(.modelService, nil)

    @Test("where the key fails, nothing is known of the component", arguments: Component.allCases)
    func door(component: Component) throws {
        let held = try Held(.probe(component, nil), [.json("", status: 502)])
        #expect(held.failure?.failedAt == (component == .modelService ? nil : .workbench))
        #expect(held.failure?.kind == .unavailable)
    }

    @Test("builds and deployments are asked for by themselves", arguments: 1...3)
    func parts(answers: Int) throws {
        let answered = [Self.key, .json("{}"), .json("{}")].prefix(answers)
        let held = try Held(Self.models, answered + [.json("", status: 503)])
        #expect(held.failure?.kind == .unavailable)
        #expect(held.failure?.failedAt == nil)
        let asked = ["ListModels", "ListModelBuilds", "ListModelDeployments"]
        #expect(held.failure?.message.hasPrefix(asked[answers - 1]) == true)
    }

    @Test("that a thing is gone, or not to be seen, is an answer", arguments: [(404, 5), (403, 7), (400, 3)])
    func refusal(status: Int, code: Int) throws {
        let no = HandWritten.refusal(status, code: code)
        #expect(try Held(Self.models, [Self.key, no, no, no]).success == .alive)
    }

    @Test(
        "a model service that refuses its probe in its own words is up",
        arguments: [400, 401, 403, 404],
        [#"{"success":false,"errors":"no such key"}"#, #"{"errors":{"code":"x","message":"y"}}"#]
    )
    func refusedKey(status: Int, body: String) throws {
        #expect(try Held(Self.service, [.json(body, status: status)]).success == .alive)
    }

    @Test(
        "somebody else's words are none of the model service",
        arguments: [
            HandWritten.json("default backend - 404", status: 404), .json("<html>", status: 403), .json("{}"),
            .json("<html>"), .json("", status: 302),
        ]
    )
    func somebodyElse(answer: HandWritten) throws {
        #expect(try Held(Self.service, [answer]).failure?.kind == .inBetween)
    }
}
