// SPDX-License-Identifier: Apache-2.0

import Simulation
import Testing

/// An outage in the middle of work, in every form that a workbench, or somebody before it, can give to one.
@Suite("Outages", .timeLimit(.minutes(5)))
struct OutageFormTests {
    /// How calls are answered meanwhile.
    struct Form: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let kind: FaultKind
        var target = 0
        var status = 0
    }

    static let forms: [Form] = [
        Form(testDescription: "an ingress' line of text with 404", kind: .inBetween, target: 0, status: 404),
        Form(testDescription: "a firewall's page with 403", kind: .inBetween, target: 1, status: 403),
        Form(testDescription: "a login page with 200", kind: .inBetween, target: 1, status: 200),
        Form(testDescription: "a proxy's page with 502", kind: .inBetween, target: 1, status: 502),
        Form(testDescription: "nothing with 200", kind: .inBetween, target: 2, status: 200),
        Form(testDescription: "a redirect", kind: .inBetween, target: 3, status: 302),
        Form(testDescription: "a gateway's JSON with 403", kind: .inBetween, target: 4, status: 403),
        Form(testDescription: "the workbench's own 503", kind: .unavailable),
        Form(testDescription: "no connection", kind: .unreachable),
        Form(testDescription: "cut before anything is done", kind: .cutBefore),
        Form(testDescription: "cut when all is done", kind: .cutAfter),
        Form(testDescription: "projects and runs are down", kind: .familyDown, target: 0, status: 500),
        Form(testDescription: "models, builds and deployments are down", kind: .familyDown, target: 1, status: 500),
        Form(testDescription: "the registry is down", kind: .familyDown, target: 2, status: 500),
        Form(testDescription: "the model service is down", kind: .familyDown, target: 3, status: 503),
    ]

    private static func plan(_ form: Form, seconds: Int) -> Plan {
        var settings = PlanSettings()
        settings.workers = 2
        settings.models = 10
        settings.runs = 5
        settings.verifies = true
        settings.deploysEveryRun = true
        var fault = PlanFault(id: 900, kind: form.kind, at: 15_000)
        fault.lasts = seconds * 1_000
        fault.target = form.target
        fault.status = form.status
        let events = (0..<30).map { number in
            PlanEvent(
                id: number + 1,
                kind: .run,
                at: 5_000 + number * 700,
                topic: 0,
                partition: 0,
                model: number % 10,
                run: number / 10
            )
        }
        return Plan(seed: 7, settings: settings, events: events, faults: [fault])
    }

    @Test("of a second or a minute fail nobody, and nobody waits afterwards", arguments: forms, [1, 60])
    func failsNobody(form: Form, seconds: Int) {
        let verdict = World(Self.plan(form, seconds: seconds)).run()
        #expect(verdict.isClean, "\(verdict.violations)")
    }
}
