// SPDX-License-Identifier: Apache-2.0

import JSON

/// One rule of the fault plan: which calls it meets, how often it fires, and what it does then.
package struct FaultRule: Sendable {
    /// What a rule does.
    package enum Kind: String, Sendable, CaseIterable {
        /// The call is applied at once, its reply comes after `delay`.
        case latency
        /// The call is not applied and gets an error with `status`.
        case status
        /// The connection closes; the call is not applied.
        case dropBefore = "drop-before"
        /// The call is applied, then the connection closes, after `cutAfterBytes` of the reply.
        case dropAfterApply = "drop-after-apply"
        /// The connection closes, or 500 is answered; the call is applied after `delay`.
        case applyLate = "apply-late"
        /// The call is applied, and after `delay` answered with the ingress's 500.
        case stallThen500 = "stall-then-500"
        /// The call is applied, the reply's body is no proper JSON.
        case malformed
        /// The call is not applied and gets 429 with `Retry-After`.
        case rateLimit = "rate-limit"
        /// Fields with zero values are left out of the reply.
        case sparse
        /// Lists run backwards.
        case reversedOrder = "reversed-order"
        /// Status words come in capitals.
        case upperCaseStatus = "upper-case-status"
        /// Status words are replaced by `word`.
        case unknownStatus = "unknown-status"
        /// Every page names itself as the next one.
        case repeatedPageToken = "repeated-page-token"

        /// Whether it takes the whole call, rather than delay it or change how the reply is written.
        var isExclusive: Bool {
            switch self {
            case .status, .dropBefore, .dropAfterApply, .applyLate, .stallThen500, .malformed, .rateLimit: true
            case .latency, .sparse, .reversedOrder, .upperCaseStatus, .unknownStatus, .repeatedPageToken: false
            }
        }

        /// Keys beside those that every rule may have.
        fileprivate var keys: [String] {
            switch self {
            case .latency, .stallThen500: ["delay"]
            case .applyLate: ["delay", "reply"]
            case .status: ["status", "message", "form"]
            case .dropAfterApply: ["cutAfterBytes"]
            case .malformed: ["form"]
            case .rateLimit: ["retryAfter"]
            case .unknownStatus: ["word"]
            case .dropBefore, .sparse, .reversedOrder, .upperCaseStatus, .repeatedPageToken: []
            }
        }
    }

    /// How the body of a false reply looks.
    enum Form: String, Sendable, CaseIterable {
        case json, html, truncated, empty
    }

    let kind: Kind
    /// `nil`: any.
    let method: String?
    let path: PathGlob
    /// Chance of each match that passed the other conditions; 0...1.
    let probability: Double
    /// Fires at each n-th match; 1: at every one.
    let every: Int64
    /// Fires at most that often; `nil`: no limit.
    let count: Int64?
    /// Matches that pass untouched at first.
    let after: Int64
    let delay: ClosedRange<Duration>
    let status: Int
    let message: String?
    let form: Form
    let cutAfterBytes: Int
    let retryAfter: Duration
    let word: String
    /// Whether `apply-late` answers 500 instead of closing the connection.
    let answersLate: Bool
    private(set) var matched: Int64 = 0
    private(set) var fired: Int64 = 0

    private static let commonKeys = ["match", "fault", "probability", "every", "count", "after"]
    private static let methods = ["GET", "POST", "PATCH", "PUT", "DELETE", "*"]

    init(_ value: JSONValue, _ place: String) throws(ControlFailure) {
        let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
        guard case .object = value else { throw ControlFailure("\(place): an object is expected") }
        guard let name = value["fault"]?.text else {
            throw ControlFailure("\(place): 'fault' is required; allowed: \(kinds)")
        }
        guard let kind = Kind(rawValue: name) else {
            throw ControlFailure("\(place): unknown fault '\(name)'; allowed: \(kinds)")
        }
        let object = try ControlObject(value, "\(place) (\(name))", allowed: FaultRule.commonKeys + kind.keys)
        let match = try ControlObject(
            object.value("match") ?? .object([]),
            "\(place).match",
            allowed: ["method", "path"]
        )
        self.kind = kind
        self.method = try FaultRule.method(match)
        self.path = try PathGlob(try match.text("path") ?? "**", "\(place).match")
        self.probability = try object.fraction("probability") ?? 1
        self.every = try object.whole("every", 1...1_000_000_000) ?? 1
        self.count = try object.whole("count", 0...1_000_000_000)
        self.after = try object.whole("after", 0...1_000_000_000) ?? 0
        self.delay = try object.durations("delay") ?? FaultRule.defaultDelay(kind)
        self.status = Int(try object.whole("status", 400...599) ?? 500)
        self.message = try object.text("message")
        self.form = try FaultRule.form(object, kind)
        self.cutAfterBytes = Int(try object.whole("cutAfterBytes", 0...1_000_000) ?? 0)
        self.retryAfter = try object.durations("retryAfter")?.lowerBound ?? .seconds(1)
        self.word = try object.text("word") ?? "reconciling"
        self.answersLate = try FaultRule.answersLate(object)
    }

    private static func method(_ match: ControlObject) throws(ControlFailure) -> String? {
        guard let method = try match.text("method") else { return nil }
        guard self.methods.contains(method) else {
            throw match.mismatch("method", "one of \(self.methods.joined(separator: ", "))")
        }
        return method == "*" ? nil : method
    }

    private static func defaultDelay(_ kind: Kind) -> ClosedRange<Duration> {
        // The ingress in front of a workbench gives up after 30 seconds.
        let delay: Duration =
            kind == .stallThen500 ? .seconds(30) : kind == .applyLate ? .seconds(1) : .milliseconds(100)
        return delay...delay
    }

    private static func form(_ object: ControlObject, _ kind: Kind) throws(ControlFailure) -> Form {
        let allowed: [Form] = kind == .malformed ? [.truncated, .html, .empty] : [.json, .html, .empty]
        guard let text = try object.text("form") else { return allowed[0] }
        guard let form = Form(rawValue: text), allowed.contains(form) else {
            throw object.mismatch("form", "one of \(allowed.map(\.rawValue).joined(separator: ", "))")
        }
        return form
    }

    private static func answersLate(_ object: ControlObject) throws(ControlFailure) -> Bool {
        switch try object.text("reply") {
        case nil, "cut": false
        case "500": true
        case .some: throw object.mismatch("reply", "one of cut, 500")
        }
    }

    /// Counts a call that it may meet.
    ///
    /// - Returns: Whether the rule fires.
    mutating func meets(method: String, path: String, using generator: inout SeededGenerator) -> Bool {
        guard self.method == nil || self.method == method, self.path.matches(path) else { return false }
        self.matched += 1
        guard self.fired < self.count ?? .max, self.matched > self.after,
            (self.matched - self.after) % self.every == 0
        else { return false }
        guard self.probability >= 1 || generator.fraction() < self.probability else { return false }
        self.fired += 1
        return true
    }

    func write(to writer: inout ProtoWriter) {
        writer.object { writer in
            writer.object("match") { writer in
                writer.string("method", self.method ?? "*")
                writer.string("path", self.path.text)
            }
            writer.string("fault", self.kind.rawValue)
            writer.double("probability", self.probability)
            writer.count("every", Int(self.every))
            if let count = self.count { writer.count("count", Int(count)) }
            writer.count("after", Int(self.after))
            if self.kind.keys.contains("delay") { writer.durations("delay", self.delay) }
            if self.kind == .status { writer.count("status", self.status) }
            writer.count("matched", Int(self.matched))
            writer.count("fired", Int(self.fired))
        }
    }
}

/// A pattern for paths: `*` stands for any text without a slash, `**` for any text.
struct PathGlob: Sendable, Equatable {
    let text: String
    private let bytes: [UInt8]

    init(_ text: String, _ place: String) throws(ControlFailure) {
        guard text.hasPrefix("/api/v2") || text.hasPrefix("/modelservice") || text.hasPrefix("*") else {
            throw ControlFailure("\(place): 'path': must begin with /api/v2, /modelservice or *")
        }
        self.text = text
        self.bytes = Array(text.utf8)
    }

    func matches(_ path: String) -> Bool {
        self.text == "**" || self.matches(self.bytes[...], Array(path.utf8)[...])
    }

    private func matches(_ pattern: ArraySlice<UInt8>, _ path: ArraySlice<UInt8>) -> Bool {
        var pattern = pattern
        var path = path
        while let first = pattern.first {
            guard first == UInt8(ascii: "*") else {
                guard path.first == first else { return false }
                pattern = pattern.dropFirst()
                path = path.dropFirst()
                continue
            }
            let crossesSlashes = pattern.dropFirst().first == UInt8(ascii: "*")
            let rest = pattern.drop { $0 == UInt8(ascii: "*") }
            while true {
                if self.matches(rest, path) { return true }
                guard let next = path.first, crossesSlashes || next != UInt8(ascii: "/") else { return false }
                path = path.dropFirst()
            }
        }
        return path.isEmpty
    }
}
