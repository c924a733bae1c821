// SPDX-License-Identifier: Apache-2.0

import JSON

/// The rules that make calls go wrong, in order; empty at first.
struct FaultPlan: Sendable {
    private(set) var rules: [FaultRule] = []
    private var generator = SeededGenerator(seed: 0)

    /// What goes wrong with one call.
    struct Verdict {
        /// The first rule that fired and is neither a delay nor a rendering.
        var fault: FaultRule?
        /// The sum of the delays of all latency rules that fired.
        var delay = Duration.zero
        var rendering = Rendering()
    }

    /// No rules.
    init() {}

    /// Reads a plan: `{"seed": N, "rules": [...]}`, or the bare list of rules.
    init(_ value: JSONValue) throws(ControlFailure) {
        var list = value
        if case .object = value {
            let object = try ControlObject(value, "faults", allowed: ["seed", "rules"])
            self.generator = SeededGenerator(seed: UInt64(try object.whole("seed", 0...Int64.max) ?? 0))
            list = object.value("rules") ?? .array([])
        }
        guard case .array(let rules) = list else {
            throw ControlFailure("faults: a list of rules, or {\"seed\": N, \"rules\": [...]}, is expected")
        }
        for (index, rule) in rules.enumerated() {
            self.rules.append(try FaultRule(rule, "rules[\(index)]"))
        }
    }

    /// Decides what goes wrong with one call.
    ///
    /// Delays and renderings add up. Of the other rules the first that fires takes the call; those after it do not
    /// count it, so that `count` and `every` speak of calls that a rule could have met.
    mutating func verdict(method: String, path: String) -> Verdict {
        var verdict = Verdict()
        for index in self.rules.indices {
            guard verdict.fault == nil || !self.rules[index].kind.isExclusive,
                self.rules[index].meets(method: method, path: path, using: &self.generator)
            else { continue }
            let rule = self.rules[index]
            switch rule.kind {
            case .latency: verdict.delay += self.generator.duration(in: rule.delay)
            case .sparse: verdict.rendering.isSparse = true
            case .reversedOrder: verdict.rendering.isReversed = true
            case .upperCaseStatus: verdict.rendering.hasUpperCaseStatus = true
            case .unknownStatus: verdict.rendering.statusWord = rule.word
            case .repeatedPageToken: verdict.rendering.repeatsPageToken = true
            case .status, .dropBefore, .dropAfterApply, .applyLate, .stallThen500, .malformed, .rateLimit:
                verdict.fault = rule
            }
        }
        return verdict
    }

    /// A delay of the rule, drawn where it is a range.
    mutating func delay(of rule: FaultRule) -> Duration {
        self.generator.duration(in: rule.delay)
    }

    func write(to writer: inout ProtoWriter) {
        writer.object { writer in
            writer.array("rules") { writer in
                for rule in self.rules { rule.write(to: &writer) }
            }
        }
    }
}
