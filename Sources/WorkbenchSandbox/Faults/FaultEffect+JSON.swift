// SPDX-License-Identifier: Apache-2.0

import JSON

extension FaultEffect {
    /// Members of a rule beside those that every rule may have.
    static func keys(of kind: FaultRule.Kind) -> [String] {
        switch kind {
        case .latency, .stallThen500, .visibleAfter, .stale: ["delay"]
        case .applyLate: ["delay", "reply"]
        case .status: ["status", "message", "form"]
        case .author: ["form", "status", "message", "applied"]
        case .dropAfterApply: ["cutAfterBytes"]
        case .malformed: ["form"]
        case .rateLimit: ["retryAfter"]
        case .twice: ["reply"]
        case .unknownStatus: ["word"]
        case .forget: ["fields", "bytes"]
        case .dropBefore, .sparse, .reversedOrder, .upperCaseStatus, .repeatedPageToken, .shuffled: []
        }
    }

    /// Reads those members.
    init(_ kind: FaultRule.Kind, _ rule: ControlObject) throws(ControlFailure) {
        self =
            switch kind {
            case .latency: .alter(.latency(try rule.delay(.milliseconds(100))))
            case .status: .intercept(.answer(try FalseAnswer(refusal: rule)))
            case .author: .intercept(.answer(try FalseAnswer(rule)))
            case .dropBefore: .intercept(.dropBefore)
            case .dropAfterApply:
                .intercept(.dropAfterApply(cutAfterBytes: Int(try rule.whole("cutAfterBytes", 0...1_000_000) ?? 0)))
            case .applyLate:
                .intercept(
                    .applyLate(delay: try rule.delay(.seconds(1)), answers500: try rule.reply("cut", or: "500"))
                )
            // The ingress in front of a workbench gives up after 30 seconds.
            case .stallThen500: .intercept(.stallThen500(delay: try rule.delay(.seconds(30))))
            case .malformed: .intercept(.malformed(try rule.word("form") ?? .truncated))
            case .rateLimit:
                .intercept(.rateLimit(retryAfter: try rule.durations("retryAfter")?.lowerBound ?? .seconds(1)))
            case .twice: .intercept(.twice(answers504: try rule.reply("second", or: "504")))
            case .sparse: .alter(.sparse)
            case .reversedOrder: .alter(.reversedOrder)
            case .upperCaseStatus: .alter(.upperCaseStatus)
            case .unknownStatus: .alter(.unknownStatus(try rule.text("word") ?? "reconciling"))
            case .repeatedPageToken: .alter(.repeatedPageToken)
            case .visibleAfter: .alter(.visibleAfter(try rule.delay(.seconds(1))))
            case .stale: .alter(.stale(try rule.delay(.seconds(1))))
            case .shuffled: .alter(.shuffled)
            case .forget: .alter(.forget(try ForgottenFields(rule)))
            }
    }

    /// Writes them, so that they can be read again.
    func writeFields(of kind: FaultRule.Kind, to writer: inout ProtoWriter) {
        switch self {
        case .intercept(let interception):
            switch interception {
            case .answer(let answer): answer.writeFields(isRefusal: kind == .status, to: &writer)
            case .dropAfterApply(let count): writer.count("cutAfterBytes", count)
            case .applyLate(let delay, let answers500):
                writer.durations("delay", delay)
                writer.string("reply", answers500 ? "500" : "cut")
            case .stallThen500(let delay): writer.durations("delay", delay)
            case .malformed(let form): writer.string("form", form.rawValue)
            case .rateLimit(let retryAfter): writer.string("retryAfter", controlText(retryAfter))
            case .twice(let answers504): writer.string("reply", answers504 ? "504" : "second")
            case .dropBefore: break
            }
        case .alter(let alteration):
            switch alteration {
            case .latency(let delay), .visibleAfter(let delay), .stale(let delay): writer.durations("delay", delay)
            case .unknownStatus(let word): writer.string("word", word)
            case .forget(let forgotten): forgotten.writeFields(to: &writer)
            case .sparse, .reversedOrder, .upperCaseStatus, .repeatedPageToken, .shuffled: break
            }
        }
    }
}

extension ControlObject {
    fileprivate func delay(_ usual: Duration) throws(ControlFailure) -> ClosedRange<Duration> {
        try self.durations("delay") ?? usual...usual
    }

    /// Reads `reply`, which is one of two words; whether it is the second.
    fileprivate func reply(_ usual: String, or other: String) throws(ControlFailure) -> Bool {
        guard let text = try self.text("reply"), text != usual else { return false }
        guard text == other else { throw self.mismatch("reply", "one of \(usual), \(other)") }
        return true
    }
}

extension FalseAnswer {
    /// Reads a rule `author`.
    fileprivate init(_ rule: ControlObject) throws(ControlFailure) {
        let author: Author? = try rule.word("form")
        guard let author else {
            throw rule.mismatch("form", "one of \(Author.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.init(author, status: try rule.whole("status", 200...599).map(Int.init))
        self.message = try rule.text("message")
        self.isApplied = try rule.flag("applied") ?? false
    }

    /// The forms of a rule `status`.
    private static let refusals: [(form: String, author: Author)] = [
        ("json", .code), ("html", .page), ("empty", .empty),
    ]

    /// Reads a rule `status`: an error of the workbench or of its ingress.
    fileprivate init(refusal rule: ControlObject) throws(ControlFailure) {
        let form = try rule.text("form") ?? "json"
        guard let author = FalseAnswer.refusals.first(where: { $0.form == form })?.author else {
            throw rule.mismatch("form", "one of \(FalseAnswer.refusals.map(\.form).joined(separator: ", "))")
        }
        self.init(author, status: Int(try rule.whole("status", 400...599) ?? 500))
        self.message = try rule.text("message")
    }

    fileprivate func writeFields(isRefusal: Bool, to writer: inout ProtoWriter) {
        writer.count("status", self.status)
        let form = isRefusal ? FalseAnswer.refusals.first { $0.author == self.author }?.form : nil
        writer.string("form", form ?? self.author.rawValue)
        if let message = self.message { writer.string("message", message) }
        if self.isApplied { writer.bool("applied", true) }
    }
}

extension ForgottenFields {
    fileprivate init(_ rule: ControlObject) throws(ControlFailure) {
        let allowed = Field.allCases.map(\.rawValue).joined(separator: ", ")
        var fields: Set<Field> = []
        for name in try rule.texts("fields") ?? [] {
            guard let field = Field(rawValue: name) else {
                throw rule.mismatch("fields", "a list of \(allowed), not '\(name)',")
            }
            fields.insert(field)
        }
        guard !fields.isEmpty else { throw rule.mismatch("fields", "a list of \(allowed)") }
        self.init(fields, keptBytes: try rule.whole("bytes", 0...1_000_000).map(Int.init))
    }

    fileprivate func writeFields(to writer: inout ProtoWriter) {
        writer.strings("fields", Field.allCases.filter(self.fields.contains).map(\.rawValue))
        if let count = self.keptBytes { writer.count("bytes", count) }
    }
}
