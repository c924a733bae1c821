// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// The rules that make calls go wrong, in order; empty at first.
package struct FaultPlan: Sendable {
    /// The rules, with how often each has hit.
    package private(set) var rules: [FaultRule] = []
    private var seed: UInt64 = 0
    /// Since when the rules hold.
    private var begin = Timestamp(microsecondsSinceEpoch: 0)
    private var asksForFamilies = false

    /// What goes wrong with one call.
    struct Verdict {
        /// What takes the whole call.
        struct Fault {
            let kind: FaultRule.Kind
            let interception: Interception
            /// How long it takes.
            let delay: Duration
        }

        /// The first that hit.
        var fault: Fault?
        /// The sum of the delays of all latency rules that hit.
        var delay = Duration.zero
        var rendering = Rendering()
        var view = ReadView()
        var forgotten: [ForgottenFields] = []

        /// What the audit calls it; `nil` where the call is kept as it was sent.
        var kind: FaultRule.Kind? { self.fault?.kind ?? (self.forgotten.isEmpty ? nil : .forget) }
    }

    /// No rules.
    package init() {}

    /// Rules for calls in process.
    ///
    /// - Parameters:
    ///   - rules: In the order in which they are asked.
    ///   - seed: Decides, with each rule's key, all that is drawn.
    ///   - moment: Since when they hold; their windows begin here.
    package init(_ rules: [FaultRule], seed: UInt64, at moment: Timestamp) {
        self.rules = rules
        self.seed = seed
        self.begin = moment
        self.asksForFamilies = rules.contains { $0.match.family != nil }
    }

    /// Reads a plan: `{"seed": N, "rules": [...]}`, or the bare list of rules.
    init(_ value: JSONValue, at moment: Timestamp) throws(ControlFailure) {
        var list = value
        var seed: UInt64 = 0
        if case .object = value {
            let object = try ControlObject(value, "faults", allowed: ["seed", "rules"])
            seed = UInt64(try object.whole("seed", 0...Int64.max) ?? 0)
            list = object.value("rules") ?? .array([])
        }
        guard case .array(let values) = list else {
            throw ControlFailure("faults: a list of rules, or {\"seed\": N, \"rules\": [...]}, is expected")
        }
        var rules: [FaultRule] = []
        for (index, rule) in values.enumerated() {
            rules.append(try FaultRule(rule, "rules[\(index)]", key: UInt64(index)))
        }
        self.init(rules, seed: seed, at: moment)
    }

    /// Decides what goes wrong with one call.
    ///
    /// What alters a call adds up. Of the other rules the first that hits takes the call; those after it do not count it,
    /// so that `count` and `every` speak of calls that a rule could have hit.
    mutating func verdict(_ request: SandboxRequest, at now: Timestamp) -> Verdict {
        var verdict = Verdict()
        guard !self.rules.isEmpty else { return verdict }
        let family = self.asksForFamilies ? WorkbenchFamily(path: request.path) : nil
        let elapsed = now.duration(since: self.begin)
        for index in self.rules.indices {
            switch self.rules[index].effect {
            case .intercept(let interception):
                guard verdict.fault == nil,
                    var generator = self.rules[index].hits(request, of: family, after: elapsed, seed: self.seed)
                else { continue }
                verdict.fault = Verdict.Fault(
                    kind: self.rules[index].kind,
                    interception: interception,
                    delay: interception.delay.map { generator.duration(in: $0) } ?? .zero
                )
            case .alter(let alteration):
                guard var generator = self.rules[index].hits(request, of: family, after: elapsed, seed: self.seed)
                else { continue }
                verdict.add(alteration, at: now, drawing: &generator)
            }
        }
        return verdict
    }

    func write(to writer: inout ProtoWriter) {
        writer.object { writer in
            writer.array("rules") { writer in
                for rule in self.rules { rule.write(to: &writer) }
            }
        }
    }
}

extension FaultPlan.Verdict {
    fileprivate mutating func add(
        _ alteration: Alteration,
        at now: Timestamp,
        drawing generator: inout SeededGenerator
    ) {
        switch alteration {
        case .latency(let delay): self.delay += generator.duration(in: delay)
        case .sparse: self.rendering.isSparse = true
        case .reversedOrder: self.rendering.isReversed = true
        case .upperCaseStatus: self.rendering.hasUpperCaseStatus = true
        case .unknownStatus(let word): self.rendering.statusWord = word
        case .repeatedPageToken: self.rendering.repeatsPageToken = true
        case .visibleAfter(let age): self.view.hide(after: now.advanced(by: .zero - generator.duration(in: age)))
        case .stale(let age): self.view.showLists(asOf: now.advanced(by: .zero - generator.duration(in: age)))
        case .shuffled: self.view.shuffle(by: UInt32(truncatingIfNeeded: generator.next()))
        case .forget(let fields): self.forgotten.append(fields)
        }
    }
}
