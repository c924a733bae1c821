// SPDX-License-Identifier: Apache-2.0

/// The mutating calls in order; lines of JSON are made of them only when somebody asks.
struct AuditLog: Sendable {
    /// All entries since the last emptying.
    private(set) var entries: [AuditEntry] = []
    private var sequence: Int64 = 0
    /// Entries whose lines have been taken.
    private var taken = 0
    private let redaction: Redaction

    /// - Parameter secret: The key, which no line holds.
    init(secret: String) {
        self.redaction = Redaction(secret: secret)
    }

    /// Adds an entry and gives it its number.
    mutating func append(_ entry: AuditEntry) {
        self.sequence += 1
        var entry = entry
        entry.sequence = self.sequence
        self.entries.append(entry)
    }

    /// A line for each entry.
    var lines: [UInt8] { self.lines(of: self.entries[...]) }

    /// Lines of entries added since this was last called.
    mutating func takeNewLines() -> [UInt8] {
        defer { self.taken = self.entries.count }
        return self.lines(of: self.entries[self.taken...])
    }

    /// Forgets all entries; numbers go on.
    mutating func removeAll() {
        self.entries.removeAll()
        self.taken = 0
    }

    private func lines(of entries: ArraySlice<AuditEntry>) -> [UInt8] {
        var lines: [UInt8] = []
        for entry in entries {
            var writer = ProtoWriter(capacity: 512)
            entry.write(to: &writer, redactedBy: self.redaction)
            lines.append(contentsOf: writer.bytes)
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }
}
