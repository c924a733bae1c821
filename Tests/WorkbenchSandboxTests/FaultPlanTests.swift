// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing
import WorkbenchSandbox

@Suite("Faults: families, windows, and plans in process")
struct FaultPlanTests {
    /// A path of each family, and whether it is one that a rule for the family has to leave alone.
    private static let paths: [(path: String, family: String)] = [
        ("/auth/validate_key", "auth"), ("/projects", "projects"), ("/projects/p", "projects"),
        ("/projects/p/experiments/e/runs/r", "projects"), ("/experiments", "projects"),
        ("/projects/p/models", "models"), ("/projects/p/models/m/builds/b/deployments", "models"),
        ("/models", "models"), ("/runtimes", "models"), ("/registry/models", "registry"),
        ("/registry/models/m/versions/v", "registry"),
    ]

    @Test(
        "a family is down while the others answer",
        arguments: ["auth", "projects", "models", "registry", "modelservice"]
    )
    func family(down: String) throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(#"[{"fault": "status", "status": 503, "match": {"family": "\#(down)"}}]"#)
        for (path, family) in Self.paths {
            let isDown = virtual.send("GET", "/api/v2" + path).status == 503
            #expect(isDown == (family == down), "\(path)")
        }
        virtual.sandbox.faults = FaultPlan()
        let built = try SandboxRun(&virtual).build(&virtual)
        _ = try built.deploy(&virtual)
        try virtual.setFaults(#"[{"fault": "status", "status": 503, "match": {"family": "\#(down)"}}]"#)
        let question = #"{"accessKey": "\#(built.accessKey)", "request": {}}"#
        #expect(virtual.send("POST", "/modelservice/model", question).status == (down == "modelservice" ? 503 : 200))
    }

    @Test("family, method and path hold together")
    func together() throws {
        var virtual = VirtualSandbox()
        try virtual.setFaults(
            #"[{"fault": "status", "match": {"family": "projects", "method": "GET", "path": "/api/v2/projects"}}]"#
        )
        #expect(virtual.send("GET", "/api/v2/projects").status == 500)
        #expect(virtual.send("GET", "/api/v2/experiments").status == 200)
        #expect(virtual.send("POST", "/api/v2/projects", #"{"name": "a"}"#).status == 200)
    }

    @Test("a window opens and closes by itself, and only what comes inside is counted")
    func window() throws {
        var virtual = VirtualSandbox()
        virtual.advance(.seconds(1_000))
        try virtual.setFaults(#"[{"fault": "status", "status": 503, "from": "2s", "until": "3s", "every": 2}]"#)
        var statuses: [Int] = []
        for _ in 0..<20 {
            statuses.append(virtual.send("GET", "/api/v2/projects").status)
            virtual.advance(.milliseconds(250))
        }
        let hit = statuses.indices.filter { statuses[$0] == 503 }
        #expect(hit == [9, 11])
        #expect(virtual.sandbox.faults.rules.map(\.matched) == [4])
    }

    @Test("rules are told as they can be sent again")
    func told() throws {
        var virtual = VirtualSandbox()
        let rules = [
            #"{"match":{"method":"*","path":"**","family":"models"},"fault":"author","status":404,"form":"text","message":"gone","applied":true,"probability":0.5,"every":2,"count":3,"after":1,"from":"1s","until":"90s"}"#,
            #"{"match":{"method":"POST","path":"**/builds"},"fault":"twice","reply":"504","probability":1,"every":1,"after":0}"#,
            #"{"match":{"method":"*","path":"**"},"fault":"status","status":502,"form":"html","probability":1,"every":1,"after":0}"#,
            #"{"match":{"method":"*","path":"**"},"fault":"forget","fields":["comment","tags"],"bytes":8,"probability":1,"every":1,"after":0}"#,
            #"{"match":{"method":"*","path":"**"},"fault":"visible-after","delay":["1s","1500ms"],"probability":1,"every":1,"after":0}"#,
        ]
        try virtual.setFaults("[\(rules.joined(separator: ","))]")
        let told = try JSONValue(parsing: virtual.send("GET", "/sandbox/faults").body)["rules"]?.elements ?? []
        for (rule, sent) in zip(told, rules) {
            let members = try #require(rule.members).filter { !["matched", "fired"].contains($0.name) }
            #expect(JSONValue.object(members) == (try JSONValue(parsing: Array(sent.utf8))))
        }
        #expect(told.count == rules.count)
    }

    @Test("every kind of fault can be sent with its name alone, but for those that must say more")
    func kinds() throws {
        for kind in FaultRule.Kind.allCases {
            var virtual = VirtualSandbox()
            let more = kind == .author ? #", "form": "page""# : kind == .forget ? #", "fields": ["tags"]"# : ""
            try virtual.setFaults(#"[{"fault": "\#(kind.rawValue)"\#(more)}]"#)
            #expect(virtual.sandbox.faults.rules.map(\.kind) == [kind])
        }
    }

    @Test("in process rules are values, which say what hit")
    func inProcess() throws {
        var virtual = VirtualSandbox()
        var schedule = FaultSchedule()
        schedule.count = 1
        let down = FaultRule(
            .intercept(.answer(FalseAnswer(.redirect))),
            on: try FaultMatch(family: .projects),
            schedule: schedule,
            key: 1
        )
        let slow = FaultRule(.alter(.latency(.seconds(1)...(.seconds(9)))), on: try FaultMatch(), key: 2)
        virtual.sandbox.faults = FaultPlan([down, slow], seed: 3, at: virtual.now)
        #expect(virtual.send("GET", "/api/v2/projects").status == 302)
        #expect(virtual.send("GET", "/api/v2/projects").status == 200)
        #expect(virtual.sandbox.faults.rules.map(\.fired) == [1, 2])
        #expect(virtual.sandbox.faults.rules.map(\.kind) == [.author, .latency])
    }

    @Test("what a rule draws does not depend on the rules beside it, so that a plan can be made smaller")
    func independentDraws() throws {
        func draws(with others: Bool) throws -> [Duration] {
            var virtual = VirtualSandbox()
            let slow = FaultRule(.alter(.latency(.zero...(.seconds(9)))), on: try FaultMatch(), key: 7)
            var schedule = FaultSchedule()
            schedule.probability = 0.5
            let other = FaultRule(.alter(.sparse), on: try FaultMatch(), schedule: schedule, key: 8)
            virtual.sandbox.faults = FaultPlan(others ? [other, slow] : [slow], seed: 5, at: virtual.now)
            return (0..<10).map { _ in virtual.send("GET", "/api/v2/projects").delay }
        }
        let alone = try draws(with: false)
        #expect(alone == (try draws(with: true)))
        #expect(Set(alone).count == 10)
    }

    @Test(
        "what can't be understood is refused by name, with what is allowed",
        arguments: [
            (#"{"fault": "status", "match": {"family": "model"}}"#, "auth, projects, models, registry, modelservice"),
            (#"{"fault": "status", "match": {"famly": "models"}}"#, "method, path, family"),
            (#"{"fault": "status", "from": "soon"}"#, "200ms"),
            (#"{"fault": "status", "from": ["1s", "2s"]}"#, "200ms"),
            (#"{"fault": "status", "from": "2s", "until": "2s"}"#, "later than 'from'"),
            (#"{"fault": "status", "till": "2s"}"#, "from, until"),
            (#"{"fault": "visble-after"}"#, "visible-after, stale"),
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
