// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// One rule of the fault plan: which calls it matches, when it hits them, and what it does then.
package struct FaultRule: Sendable {
    /// What faults are called in rules, in counts and in the audit; `Interception` and `Alteration` say what each does.
    package enum Kind: String, Sendable, CaseIterable {
        case latency
        case status
        case author
        case dropBefore = "drop-before"
        case dropAfterApply = "drop-after-apply"
        case applyLate = "apply-late"
        case stallThen500 = "stall-then-500"
        case malformed
        case rateLimit = "rate-limit"
        case twice
        case sparse
        case reversedOrder = "reversed-order"
        case upperCaseStatus = "upper-case-status"
        case unknownStatus = "unknown-status"
        case repeatedPageToken = "repeated-page-token"
        case visibleAfter = "visible-after"
        case stale
        case shuffled
        case forget
    }

    /// What the fault is called.
    package let kind: Kind
    /// What it does.
    package let effect: FaultEffect
    /// Which calls it may hit.
    package let match: FaultMatch
    /// Which of those it hits.
    package let schedule: FaultSchedule
    /// Names its draws: they depend on the plan's seed, on this and on the number of the match, and so not on whatever
    /// other rules a plan has.
    package let key: UInt64
    /// Calls matched so far.
    package private(set) var matched: Int64 = 0
    /// Calls hit so far.
    package private(set) var fired: Int64 = 0

    /// Creates a rule for a plan in process.
    ///
    /// - Parameters:
    ///   - effect: What it does.
    ///   - match: Which calls it may hit.
    ///   - schedule: Which of those it hits; default: all.
    ///   - key: Names its draws; rules of one plan with equal keys draw alike.
    package init(
        _ effect: FaultEffect,
        on match: FaultMatch,
        schedule: FaultSchedule = FaultSchedule(),
        key: UInt64
    ) {
        self.kind = effect.kind
        self.effect = effect
        self.match = match
        self.schedule = schedule
        self.key = key
    }

    /// Reads a rule of `PUT /sandbox/faults`.
    init(_ value: JSONValue, _ place: String, key: UInt64) throws(ControlFailure) {
        let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
        guard case .object = value else { throw ControlFailure("\(place): an object is expected") }
        guard let name = value["fault"]?.text else {
            throw ControlFailure("\(place): 'fault' is required; allowed: \(kinds)")
        }
        guard let kind = Kind(rawValue: name) else {
            throw ControlFailure("\(place): unknown fault '\(name)'; allowed: \(kinds)")
        }
        let allowed = ["match", "fault"] + FaultSchedule.keys + FaultEffect.keys(of: kind)
        let rule = try ControlObject(value, "\(place) (\(name))", allowed: allowed)
        self.kind = kind
        self.effect = try FaultEffect(kind, rule)
        self.match = try FaultMatch(rule.value("match") ?? .object([]), "\(place).match")
        self.schedule = try FaultSchedule(rule)
        self.key = key
    }

    /// Counts a call that it may hit.
    ///
    /// - Parameters:
    ///   - request: The call.
    ///   - family: The call's, where a rule of the plan asks for one.
    ///   - elapsed: Since the plan was set.
    ///   - seed: The plan's.
    /// - Returns: The generator for what is to be drawn; `nil` if the rule does not hit.
    mutating func hits(
        _ request: SandboxRequest,
        of family: WorkbenchFamily?,
        after elapsed: Duration,
        seed: UInt64
    ) -> SeededGenerator? {
        guard self.schedule.isOpen(after: elapsed), self.effect.reaches(request), self.match.fits(request, of: family)
        else { return nil }
        self.matched += 1
        guard self.schedule.picks(matched: self.matched, fired: self.fired) else { return nil }
        var ofRule = SeededGenerator(seed: seed ^ (self.key &* 0xD1B5_4A32_D192_ED03))
        var generator = SeededGenerator(seed: ofRule.next() ^ UInt64(bitPattern: self.matched))
        let chance = generator.fraction()
        guard chance < self.schedule.probability else { return nil }
        self.fired += 1
        return generator
    }

    func write(to writer: inout ProtoWriter) {
        writer.object { writer in
            self.match.write(to: &writer)
            writer.string("fault", self.kind.rawValue)
            self.effect.writeFields(of: self.kind, to: &writer)
            self.schedule.writeFields(to: &writer)
            writer.count("matched", Int(self.matched))
            writer.count("fired", Int(self.fired))
        }
    }
}
