// SPDX-License-Identifier: Apache-2.0

import JSON
import Notation

/// A field of an event's data that means nothing to us, and what its producer may have meant.
///
/// A worker goes on without it and says so in the rollout's first status; `slipway emit` refuses it.
package struct UnknownField: Codable, Sendable, Equatable {
    /// Most of them that are told of one event.
    package static let limit = 5

    /// Where it stands, such as `data.model`.
    package var object: String
    /// Its name; empty where that is no word that can be told.
    package var name: String
    /// The path of the field that is probably meant, such as `data.projectId`; `nil` for none.
    package var meant: String?

    /// One line for people: what, where, what may be meant, what is allowed.
    package var words: String {
        let subject =
            self.name.isEmpty ? "a field of \(self.object) whose name is no word" : "'\(self.object).\(self.name)'"
        if let meant { return "\(subject) means nothing; did you mean '\(meant)'?" }
        let allowed = EventFields.names(of: self.object).joined(separator: ", ")
        return "\(subject) means nothing; allowed: \(allowed)"
    }
}

/// The fields of an event's data.
enum EventFields {
    /// Objects with fields of their own, and these.
    static let all: [(object: String, names: [String])] = [
        (
            "data",
            [
                "projectId", "projectName", "experimentId", "experimentName", "runId", "status", "model", "build",
                "deployment",
            ]
        ),
        ("data.model", ["name", "artifactPath", "description"]),
        ("data.build", ["runtime", "comment"]),
        ("data.deployment", ["cpu", "memoryGB", "gpus", "replicas", "environment"]),
    ]

    /// The fields of one object.
    static func names(of object: String) -> [String] { self.all.first { $0.object == object }?.names ?? [] }

    /// Returns the fields of `data` that mean nothing, at most `UnknownField.limit`.
    static func unknown(in data: JSONValue) -> [UnknownField] {
        var found: [UnknownField] = []
        for (object, names) in self.all {
            let path = object.split(separator: ".").dropFirst()
            let value = path.reduce(Optional(data)) { $0?[String($1)] }
            guard case .object(let members)? = value else { continue }
            for member in members where !names.contains(member.name) {
                guard found.count < UnknownField.limit else { return found }
                found.append(self.field(member.name, of: object))
            }
        }
        return found
    }

    private static func field(_ name: String, of object: String) -> UnknownField {
        let isWord =
            name.utf8.count <= 64
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
        // What somebody wrote there is outside text.
        guard isWord, !name.isEmpty else { return UnknownField(object: object, name: "", meant: nil) }
        return UnknownField(object: object, name: name, meant: self.meant(by: name, in: object))
    }

    /// What a name in another notation means, wherever it belongs, or else what is spelt nearly so in its own object.
    static func meant(by name: String, in object: String) -> String? {
        let plain = self.plain(name)
        let here = self.names(of: object)
        if let same = here.first(where: { self.plain($0) == plain }) { return "\(object).\(same)" }
        for (other, names) in self.all where other != object {
            if let same = names.first(where: { self.plain($0) == plain }) { return "\(other).\(same)" }
            // `modelName`, `model_name` or `buildRuntime` beside the object that they are about.
            let prefix = other.split(separator: ".").dropFirst().joined()
            if let same = names.first(where: { self.plain(prefix + $0) == plain }) { return "\(other).\(same)" }
        }
        return Spelling.nearest(to: name, among: here).map { "\(object).\($0)" }
    }

    /// `project_id`, `project-id` and `ProjectID` are `projectId` to people.
    private static func plain(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }
}
