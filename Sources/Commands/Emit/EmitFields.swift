// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Rollouts

/// What the flags of `slipway emit` say about the event, to be laid over the data of a file or to stand alone.
struct EmitFields: Sendable, Equatable {
    /// One field: its path within `data`, and its value.
    struct Field: Sendable, Equatable {
        var path: [String]
        var value: JSONValue
        /// Whether it only fills a gap, because it comes from the environment and not from the command line.
        var isFallback = false
    }

    private(set) var fields: [Field] = []

    init() {}

    /// Options that name a text field, with its path.
    static let texts: [(option: String, path: [String])] = [
        ("project", ["projectId"]), ("project-name", ["projectName"]), ("experiment", ["experimentId"]),
        ("experiment-name", ["experimentName"]), ("run", ["runId"]), ("status", ["status"]),
        ("model", ["model", "name"]), ("artifact-path", ["model", "artifactPath"]),
        ("description", ["model", "description"]), ("runtime", ["build", "runtime"]),
        ("comment", ["build", "comment"]),
    ]

    /// Options that name a number field, with its path.
    static let numbers: [(option: String, path: [String])] = [
        ("cpu", ["deployment", "cpu"]), ("memory", ["deployment", "memoryGB"]), ("gpus", ["deployment", "gpus"]),
        ("replicas", ["deployment", "replicas"]),
    ]

    /// Reads the flags.
    ///
    /// - Throws: `UsageError` for a variable that is not of the form `NAME=VALUE`.
    init(_ invocation: Invocation) throws(UsageError) {
        for (option, path) in EmitFields.texts {
            guard let text = invocation.text(option) else { continue }
            self.add(path, .string(text), isFallback: invocation.source(of: option) != .commandLine)
        }
        for (option, path) in EmitFields.numbers {
            guard let number = invocation.number(option) else { continue }
            self.add(path, Int64(exactly: number).map { .integer($0) } ?? .double(number))
        }
        for pair in invocation.texts("env") {
            guard let sign = pair.firstIndex(of: "="), sign != pair.startIndex else {
                throw UsageError("'\(pair)' of --env is not of the form NAME=VALUE")
            }
            let value = String(pair[pair.index(after: sign)...])
            self.add(["deployment", "environment", String(pair[..<sign])], .string(value))
        }
    }

    /// Adds a field.
    mutating func add(_ path: [String], _ value: JSONValue, isFallback: Bool = false) {
        self.fields.append(Field(path: path, value: value, isFallback: isFallback))
    }

    /// Whether any field was given on the command line.
    var isGiven: Bool { self.fields.contains { !$0.isFallback } }

    /// Whether a field of that name is given a text with `{n}` in it.
    var hasPlaceholder: Bool {
        self.fields.contains { $0.value.text.map(EmitFields.hasPlaceholder) ?? false }
    }

    static func hasPlaceholder(_ text: String) -> Bool { text.contains("{n}") }

    /// Returns `text` with the number in place of each `{n}`.
    static func numbered(_ text: String, _ number: Int?) -> String {
        guard let number, self.hasPlaceholder(text) else { return text }
        return text.split(separator: "{n}", omittingEmptySubsequences: false).joined(separator: String(number))
    }

    /// Lays the fields over `data`.
    ///
    /// A field of the command line takes the place of the one that is there; the project's id of a session only comes in
    /// where the event names no project at all.
    ///
    /// - Parameters:
    ///   - data: The data so far.
    ///   - number: What `{n}` stands for; `nil` leaves it as it is.
    /// - Returns: The data with the fields.
    func applied(to data: JSONValue, number: Int? = nil) -> JSONValue {
        var data = data
        for field in self.fields {
            if field.isFallback {
                let namesProject =
                    data["projectId"] != nil || data["projectName"] != nil
                    || self.fields.contains { !$0.isFallback && ["projectId", "projectName"].contains($0.path[0]) }
                if namesProject { continue }
            }
            let value = field.value.text.map { JSONValue.string(EmitFields.numbered($0, number)) } ?? field.value
            data = data.setting(field.path[...], value)
        }
        return data
    }
}

extension JSONValue {
    /// Returns the object with one member set, objects on the way to it made where they are missing.
    fileprivate func setting(_ path: ArraySlice<String>, _ value: JSONValue) -> JSONValue {
        guard let name = path.first else { return value }
        var members: [Member] = []
        if case .object(let present) = self { members = present }
        let index = members.firstIndex { $0.name == name }
        let inner = (index.map { members[$0].value } ?? .object([])).setting(path.dropFirst(), value)
        if let index {
            members[index] = Member(name, inner)
        } else {
            members.append(Member(name, inner))
        }
        return .object(members)
    }
}
