// SPDX-License-Identifier: Apache-2.0

import Glibc
import Simulation
import Testing

/// An outage in the middle of work, of every part of the workbench, in every form that it, or somebody before it, can give
/// to one, and of every length.
@Suite("Outages", .timeLimit(.minutes(10)))
struct OutageFormTests {
    /// How calls are answered meanwhile, and for how long.
    struct Outage: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let kind: FaultKind
        var target = 0
        var status = 0
        var seconds: Int
    }

    private static let lengths = [1, 10, 60, 600]

    /// All of the workbench at once.
    static let wholeOutages: [Outage] = [
        Form("an ingress' line of text with 404", .inBetween, target: 0, status: 404),
        Form("a firewall's page with 403", .inBetween, target: 1, status: 403),
        Form("a login page with 200", .inBetween, target: 1, status: 200),
        Form("a proxy's page with 502", .inBetween, target: 1, status: 502),
        Form("nothing with 200", .inBetween, target: 2, status: 200),
        Form("a redirect", .inBetween, target: 3, status: 302),
        Form("a gateway's JSON with 403", .inBetween, target: 4, status: 403),
        Form("the workbench's own 503", .unavailable),
        Form("no connection", .unreachable),
        Form("cut before anything is done", .cutBefore),
        Form("cut when all is done", .cutAfter),
    ].flatMap { form in [1, 60, 600].map { form.lasting($0) } }

    private static let parts = [
        "projects and runs", "models, builds and deployments", "the registry", "the model service",
        "experiments and runs alone", "builds and deployments alone", "deployments alone",
    ]

    private static let forms = [
        "503", "a line of text with 404", "a page with 403", "a page with 200", "a redirect", "nothing with 200",
        "a cut connection", "no answer at all",
    ]

    /// Each part in each form: of one length, so that each length meets each part and each form; of all with
    /// `OUTAGE_MATRIX=1`.
    static let partialOutages: [Outage] = {
        let isWhole = getenv("OUTAGE_MATRIX") != nil
        return parts.indices.flatMap { part in
            forms.indices.flatMap { form in
                let chosen = isWhole ? lengths : [lengths[(part + form) % lengths.count]]
                return chosen.map { seconds in
                    Form("\(forms[form]) from \(parts[part])", .familyDown, target: form * parts.count + part)
                        .lasting(seconds)
                }
            }
        }
    }()

    private struct Form {
        let text: String
        let kind: FaultKind
        let target: Int
        let status: Int

        init(_ text: String, _ kind: FaultKind, target: Int = 0, status: Int = 0) {
            (self.text, self.kind, self.target, self.status) = (text, kind, target, status)
        }

        func lasting(_ seconds: Int) -> Outage {
            Outage(
                testDescription: "\(self.text), for \(seconds) s",
                kind: self.kind,
                target: self.target,
                status: self.status,
                seconds: seconds
            )
        }
    }

    private static func verdict(_ outage: Outage, models: Int, events: Int) -> Verdict {
        var settings = PlanSettings()
        settings.workers = 2
        settings.models = models
        settings.runs = 5
        settings.verifies = true
        settings.deploysEveryRun = true
        var fault = PlanFault(id: 900, kind: outage.kind, at: 15_000)
        fault.lasts = outage.seconds * 1_000
        fault.target = outage.target
        fault.status = outage.status
        let events = (0..<events).map { number in
            PlanEvent(
                id: number + 1,
                kind: .run,
                at: 5_000 + number * 21_000 / events,
                topic: 0,
                partition: 0,
                model: number % models,
                run: number / models
            )
        }
        return World(Plan(seed: 7, settings: settings, events: events, faults: [fault])).run()
    }

    @Test("of all of it fail nobody, and nobody waits afterwards", arguments: wholeOutages)
    func whole(outage: Outage) {
        let verdict = Self.verdict(outage, models: 10, events: 30)
        #expect(verdict.isClean, "\(verdict.violations)")
    }

    @Test("of a part of it fail nobody, and nobody waits afterwards", arguments: partialOutages)
    func ofPart(outage: Outage) {
        let verdict = Self.verdict(outage, models: 25, events: 75)
        #expect(verdict.isClean, "\(verdict.violations)")
    }

    @Test("fail nobody where there is one model alone", arguments: partialOutages)
    func oneModel(outage: Outage) {
        let verdict = Self.verdict(outage, models: 1, events: 4)
        #expect(verdict.isClean, "\(verdict.violations)")
    }
}
