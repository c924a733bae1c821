// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// Which calls a fault rule may hit; what is left out holds for all.
package struct FaultMatch: Sendable {
    private let method: String?
    private let path: Glob
    /// The part of the workbench; `nil` for any.
    let family: WorkbenchFamily?

    private static let methods = ["GET", "POST", "PATCH", "PUT", "DELETE", "*"]

    /// A match for calls in process.
    ///
    /// - Parameters:
    ///   - method: In capitals; `nil` for any.
    ///   - path: A pattern in which `*` stands for any text without a slash and `**` for any text.
    ///   - family: The part of the workbench; `nil` for any.
    /// - Throws: `ControlFailure` for a pattern that can't match any path.
    package init(
        method: String? = nil,
        path: String = "**",
        family: WorkbenchFamily? = nil
    ) throws(ControlFailure) {
        self.method = method
        self.path = try Self.glob(path, "match")
        self.family = family
    }

    /// Reads the member `match` of a rule.
    init(_ value: JSONValue, _ place: String) throws(ControlFailure) {
        let match = try ControlObject(value, place, allowed: ["method", "path", "family"])
        self.method = try FaultMatch.method(match)
        self.path = try Self.glob(try match.text("path") ?? "**", place)
        self.family = try match.word("family")
    }

    private static func glob(_ path: String, _ place: String) throws(ControlFailure) -> Glob {
        guard path.hasPrefix("/api/v2") || path.hasPrefix("/modelservice") || path.hasPrefix("*") else {
            throw ControlFailure("\(place): 'path': must begin with /api/v2, /modelservice or *")
        }
        return Glob(path, for: .paths)
    }

    private static func method(_ match: ControlObject) throws(ControlFailure) -> String? {
        guard let method = try match.text("method") else { return nil }
        guard self.methods.contains(method) else {
            throw match.mismatch("method", "one of \(self.methods.joined(separator: ", "))")
        }
        return method == "*" ? nil : method
    }

    /// Whether it fits a call, whose family is only looked at where the match names one.
    func fits(_ request: SandboxRequest, of family: WorkbenchFamily?) -> Bool {
        if let method = self.method, method != request.method { return false }
        if let wanted = self.family, wanted != family { return false }
        return self.path.matches(request.path)
    }

    func write(to writer: inout ProtoWriter) {
        writer.object("match") { writer in
            writer.string("method", self.method ?? "*")
            writer.string("path", self.path.pattern)
            if let family = self.family { writer.string("family", family.rawValue) }
        }
    }
}
