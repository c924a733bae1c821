// SPDX-License-Identifier: Apache-2.0

import JSON

/// What is recorded of one mutating call.
struct AuditEntry {
    let at: WallTime
    let method: String
    let path: String
    let operation: Operation?
    let status: Int
    /// Whether the workbench changed.
    let isApplied: Bool
    let fault: FaultRule.Kind?
    let identifiers: [(name: StaticString, value: String)]
    let fields: Fields
}

/// The mutating calls in order, as lines of JSON.
struct AuditLog: Sendable {
    /// All lines since the last emptying.
    private(set) var lines: [UInt8] = []
    private(set) var count = 0
    private var sequence: Int64 = 0
    /// Where the lines begin that nobody has taken yet.
    private var takenBytes = 0
    private let secret: String

    /// - Parameter secret: The key, which is blotted out wherever it occurs.
    init(secret: String) {
        self.secret = secret
    }

    mutating func append(_ entry: AuditEntry) {
        self.sequence += 1
        self.count += 1
        var writer = ProtoWriter(capacity: 512)
        writer.object { writer in
            writer.count("seq", Int(self.sequence))
            writer.time("at", entry.at)
            writer.string("method", entry.method)
            writer.string("path", self.redacted(entry.path))
            writer.string("operation", entry.operation?.rawValue ?? "")
            writer.count("status", entry.status)
            writer.bool("applied", entry.isApplied)
            if let fault = entry.fault { writer.string("fault", fault.rawValue) }
            writer.object("ids") { writer in
                for (name, value) in entry.identifiers { writer.string(name, self.redacted(value)) }
            }
            writer.object("markers") { self.writeMarkers(entry.fields, to: &$0) }
        }
        self.lines.append(contentsOf: writer.bytes)
        self.lines.append(UInt8(ascii: "\n"))
    }

    /// Lines added since this was last called.
    mutating func takeNewLines() -> ArraySlice<UInt8> {
        defer { self.takenBytes = self.lines.count }
        return self.lines[self.takenBytes...]
    }

    /// Forgets all lines; numbers go on.
    mutating func removeAll() {
        self.lines.removeAll()
        self.count = 0
        self.takenBytes = 0
    }

    /// The fields of a request that a client can put its own marks into.
    private func writeMarkers(_ fields: Fields, to writer: inout ProtoWriter) {
        for name in AuditLog.markers {
            guard let text = fields.value[name.description]?.text, !text.isEmpty else { continue }
            writer.string(name, self.redacted(text))
        }
        let tags = fields.tags("tags")
        if !tags.isEmpty {
            writer.tags("tags", tags.map { KeyValue(key: self.redacted($0.key), value: self.redacted($0.value)) })
        }
        let environment = fields.map("environment")
        if !environment.isEmpty {
            writer.object("environment") { writer in
                for entry in environment {
                    writer.member(self.redacted(entry.key)) { $0.string(self.redacted(entry.value)) }
                }
            }
        }
    }

    private static let markers: [StaticString] = [
        "comment", "run_id", "experiment_id", "name", "run_name", "model_name", "model_path", "notes",
        "registered_model_id", "registered_model_version_id", "runtime_identifier", "status",
    ]

    private func redacted(_ text: String) -> String {
        guard !self.secret.isEmpty, text.utf8.count >= self.secret.utf8.count else { return text }
        return text.replacing(self.secret, with: "***")
    }
}
