// SPDX-License-Identifier: Apache-2.0

import Values
import WorkbenchSandbox

/// The faults of a plan that are rules of the sandbox, each with a window of its own.
enum SandboxFaults {
    /// Which fault of the plan each rule belongs to, in the order of the rules.
    static func owners(_ plan: Plan) -> [Int] {
        plan.faults.indices.filter { self.effect(of: plan.faults[$0]) != nil }
    }

    static func plan(_ plan: Plan, at moment: Timestamp) -> FaultPlan {
        let rules = plan.faults.compactMap { fault in
            self.effect(of: fault).map { effect in
                FaultRule(
                    effect,
                    on: self.match(of: fault),
                    schedule: self.schedule(of: fault),
                    key: UInt64(bitPattern: Int64(fault.id))
                )
            }
        }
        return FaultPlan(rules, seed: plan.seed, at: moment)
    }

    /// A part of the workbench that goes down by itself: a family, or what serves one kind of a family's things.
    private enum WorkbenchPart {
        case family(WorkbenchFamily)
        case paths(String)

        func match() throws(ControlFailure) -> FaultMatch {
            switch self {
            case .family(let family): try FaultMatch(family: family)
            case .paths(let paths): try FaultMatch(path: paths)
            }
        }
    }

    /// How many parts `familyDown` knows.
    static var partCount: Int { self.parts.count }

    private static let parts: [WorkbenchPart] = [
        .family(.projects), .family(.models), .family(.registry), .family(.modelservice),
        .paths("/api/v2/projects/*/experiments/**"),
        .paths("/api/v2/projects/*/models/*/builds**"),
        .paths("/api/v2/projects/*/models/*/builds/*/deployments**"),
    ]

    private static func schedule(of fault: PlanFault) -> FaultSchedule {
        var schedule = FaultSchedule()
        schedule.from = .milliseconds(fault.at)
        schedule.until = .milliseconds(max(fault.end, fault.at + 1))
        schedule.every = Int64(max(1, fault.every))
        if fault.count > 0 { schedule.count = Int64(fault.count) }
        return schedule
    }

    private static func match(of fault: PlanFault) -> FaultMatch {
        do throws(ControlFailure) {
            switch fault.kind {
            case .familyDown: return try self.parts[fault.target % self.parts.count].match()
            case .stall, .appliedLate, .appliedTooLate, .twins, .cutAfter, .forgottenMarkers:
                return try FaultMatch(method: "POST", path: "/api/v2/**")
            default: return try FaultMatch()
            }
        } catch {
            preconditionFailure("the simulation's own pattern: \(error)")
        }
    }

    private static func answer(_ author: FalseAnswer.Author, _ status: Int) -> FaultEffect {
        .intercept(.answer(FalseAnswer(author, status: status)))
    }

    /// How calls of a part that is down are answered.
    private static func outage(form: Int, _ status: Int) -> FaultEffect {
        switch form % FaultKind.outageForms {
        case 0: self.answer(.code, status == 0 ? 503 : status)
        case 1: self.answer(.text, 404)
        case 2: self.answer(.page, 403)
        case 3: self.answer(.page, 200)
        case 4: self.answer(.redirect, 302)
        case 5: self.answer(.empty, 200)
        case 6: .intercept(.dropBefore)
        // Longer than anybody waits for an answer.
        default: .alter(.latency(.seconds(3_600)...(.seconds(3_600))))
        }
    }

    /// How late something is seen: all of it alike and in its order, or each answer by itself and in any order.
    private static func lag(_ fault: PlanFault, _ delay: Duration) -> ClosedRange<Duration> {
        fault.target % 2 == 0 ? delay...delay : .zero...delay
    }

    /// What a fault does to answers; `nil` for one that does something else.
    private static func effect(of fault: PlanFault) -> FaultEffect? {
        let delay = Duration.milliseconds(max(fault.delay, 0))
        switch fault.kind {
        case .latency: return .alter(.latency(.zero...delay))
        case .cutBefore: return .intercept(.dropBefore)
        case .cutAfter: return .intercept(.dropAfterApply(cutAfterBytes: 0))
        case .unavailable: return self.answer(.code, 503)
        case .stall: return .intercept(.stallThen500(delay: delay...delay))
        case .appliedLate, .appliedTooLate:
            return .intercept(.applyLate(delay: (delay / 2)...delay, answers500: fault.target % 2 == 1))
        case .rateLimit: return .intercept(.rateLimit(retryAfter: delay))
        case .serverError: return self.answer(.code, 500)
        case .shuffled: return .alter(.shuffled)
        case .sparse: return .alter(fault.target % 2 == 0 ? .sparse : .upperCaseStatus)
        case .staleLists: return .alter(.stale(self.lag(fault, delay)))
        case .familyDown: return self.outage(form: fault.target / self.parts.count, fault.status)
        case .inBetween:
            let authors: [FalseAnswer.Author] = [.text, .page, .empty, .redirect, .json]
            let author = authors[abs(fault.target) % authors.count]
            var answer = FalseAnswer(author, status: fault.status == 0 ? nil : fault.status)
            answer.isApplied = abs(fault.target) >= authors.count
            return .intercept(.answer(answer))
        case .lateReads: return .alter(.visibleAfter(self.lag(fault, delay)))
        case .forgottenMarkers: return .alter(.forget(ForgottenFields([.comment, .tags])))
        case .twins: return .intercept(.twice(answers504: fault.target % 2 == 0))
        case .crash, .crashAtOrder, .freeze, .freezeAtOrder, .freezeAtCall, .stop, .visitor, .clock, .abortedCommit,
            .unknownCommit,
            .lateCommit, .leaderless, .grownTopic, .lostOffsets, .unreachable, .refusedModel, .strayRecord,
            .remadeJournal, .crashLoop:
            return nil
        }
    }
}
