// SPDX-License-Identifier: Apache-2.0

import JSON

/// Writes an answer as a workbench with those quirks would: its words, what it leaves out, and what it writes for nothing.
struct QuirkyAnswer {
    private let quirks: Set<Quirk>

    /// The quirks that this is about; the workbench itself has the others.
    private static let own: Set<Quirk> = [
        .lowerCaseVersions, .otherBuildWords, .unsetIsAbsent, .emptyIsNull, .oldRelease,
    ]

    /// Fields that older releases don't have.
    private static let newerFields: Set<String> = [
        "accelerator_label_id", "resource_group_id", "resource_profile_id", "build_script_path", "model_root_dir",
        "runtime_addon_identifiers", "registered_model_metadata", "model_version_metadata", "inputs", "deletion_status",
    ]

    private static let buildWords = [
        "pending": "queued", "building": "unknown", "pushing": "finalizing", "built": "succeeded",
    ]

    /// `nil` where there is nothing to be written otherwise.
    init?(_ quirks: Set<Quirk>) {
        self.quirks = quirks.intersection(Self.own)
        guard !self.quirks.isEmpty else { return nil }
    }

    /// The body of a reply, rewritten.
    func rewritten(_ body: [UInt8]) -> [UInt8] {
        do throws(JSONFailure) {
            var writer = JSONWriter()
            writer.value(self.rewritten(try JSONValue(lenientlyParsing: body)))
            return writer.bytes
        } catch {
            preconditionFailure("the sandbox's own reply is not JSON: \(error)")
        }
    }

    private func rewritten(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members): .object(self.rewritten(members))
        case .array(let elements): .array(elements.map(self.rewritten))
        case .null, .bool, .integer, .double, .string: value
        }
    }

    private func rewritten(_ members: [JSONValue.Member]) -> [JSONValue.Member] {
        var kept: [JSONValue.Member] = []
        for member in members {
            if self.quirks.contains(.oldRelease), Self.newerFields.contains(member.name) { continue }
            if self.quirks.contains(.unsetIsAbsent), member.value == .null { continue }
            switch member.value {
            case .array([]) where self.quirks.contains(.emptyIsNull): kept.append(.init(member.name, .null))
            case .string(let word) where member.name == "status":
                kept.append(.init(member.name, .string(self.status(word, beside: members))))
            default: kept.append(.init(member.name, self.rewritten(member.value)))
            }
        }
        return kept
    }

    private func status(_ word: String, beside members: [JSONValue.Member]) -> String {
        func has(_ name: String) -> Bool { members.contains { $0.name == name } }
        if self.quirks.contains(.lowerCaseVersions), has("model_version_id") { return word.lowercased() }
        if self.quirks.contains(.otherBuildWords), has("runtime_identifier") { return Self.buildWords[word] ?? word }
        return word
    }
}
