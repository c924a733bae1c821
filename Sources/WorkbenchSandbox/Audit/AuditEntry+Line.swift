// SPDX-License-Identifier: Apache-2.0

package import JSON
import Values

extension AuditEntry {
    /// Reads a line of the audit back.
    ///
    /// - Parameter line: The line's JSON; a member that is absent counts as empty.
    package init(line: JSONValue) {
        let ids = line["ids"]?.members ?? []
        self.sequence = line["seq"]?.wholeNumber ?? 0
        self.at = line["at"]?.text.flatMap { Timestamp(rfc3339: $0) } ?? Timestamp(microsecondsSinceEpoch: 0)
        self.method = line["method"]?.text ?? ""
        self.path = line["path"]?.text ?? ""
        self.operation = line["operation"]?.text.flatMap(Operation.init)
        self.status = Int(line["status"]?.wholeNumber ?? 0)
        self.isApplied = line["applied"]?.flag ?? false
        self.fault = line["fault"]?.text.flatMap(FaultRule.Kind.init)
        self.identifiers = ids.compactMap { member in
            ObjectID.Kind(rawValue: member.name).flatMap { kind in member.value.text.map { ObjectID(kind, $0) } }
        }
        self.fields = line["markers"].map(Fields.init) ?? .empty
    }

    /// Writes the line, without line feed.
    func write(to writer: inout ProtoWriter, redactedBy redaction: Redaction) {
        writer.object { writer in
            writer.count("seq", Int(self.sequence))
            writer.time("at", self.at)
            writer.string("method", self.method)
            writer.string("path", redaction.text(self.path))
            writer.string("operation", self.operation?.rawValue ?? "")
            writer.count("status", self.status)
            writer.bool("applied", self.isApplied)
            if let fault = self.fault { writer.string("fault", fault.rawValue) }
            writer.object("ids") { writer in
                for object in self.identifiers {
                    writer.member(object.kind.rawValue) { $0.string(redaction.text(object.id)) }
                }
            }
            writer.object("markers") { self.writeMarkers(to: &$0, redaction) }
        }
    }

    private func writeMarkers(to writer: inout ProtoWriter, _ redaction: Redaction) {
        for marker in Marker.allCases {
            guard let text = self.marker(marker) else { continue }
            writer.member(marker.rawValue) { $0.string(redaction.text(text)) }
        }
        for size in Size.allCases {
            guard let number = self.size(size) else { continue }
            writer.member(size.rawValue) { $0.number(number) }
        }
        let tags = self.tags
        if !tags.isEmpty {
            writer.tags("tags", tags.map { KeyValue(key: redaction.text($0.key), value: redaction.text($0.value)) })
        }
        let environment = self.environment
        if !environment.isEmpty {
            writer.object("environment") { writer in
                for entry in environment {
                    writer.member(redaction.text(entry.key)) { $0.string(redaction.text(entry.value)) }
                }
            }
        }
    }
}

/// Blots a secret out wherever it occurs.
struct Redaction: Sendable {
    let secret: String

    func text(_ text: String) -> String {
        guard !self.secret.isEmpty, contains(text, self.secret) else { return text }
        return text.replacing(self.secret, with: "***")
    }
}
