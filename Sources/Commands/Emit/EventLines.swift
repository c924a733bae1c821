// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Values

/// Cuts the bytes of a file into events: one JSON document, or NDJSON with one document a line.
///
/// It is NDJSON if the first line that is not blank is a whole document by itself; otherwise everything is one document.
struct EventLines: Sendable {
    /// Most bytes of one document.
    static let maximumBytes = 4 << 20

    /// One document as it stands in the file.
    struct Document: Sendable, Equatable {
        /// Line on which it begins, from 1.
        var line: Int
        /// Its bytes, without the line's end.
        var bytes: [UInt8]
    }

    private enum Kind { case unknown, lines, single }

    private var kind = Kind.unknown
    private var rest: [UInt8] = []
    private var line = 1
    /// Whether what may stand in front of the first line has been looked at.
    private var hasPassedMark = false

    /// Takes the next bytes of the file.
    ///
    /// - Returns: The documents that are complete with them.
    /// - Throws: `TooLarge` for a document over the limit.
    mutating func add(_ bytes: some Sequence<UInt8>) throws(TooLarge) -> [Document] {
        self.rest.append(contentsOf: bytes)
        guard self.hasPassedMark || self.passMark() else { return [] }
        var documents: [Document] = []
        var start = self.rest.startIndex
        while self.kind != .single, let end = self.rest[start...].firstIndex(of: 0x0A) {
            let content = Array(self.rest[start..<end])
            if EventLines.isBlank(content) {
                self.line += 1
                start = end + 1
                continue
            }
            if self.kind == .unknown { self.kind = EventLines.isDocument(content) ? .lines : .single }
            guard self.kind == .lines else { break }
            documents.append(Document(line: self.line, bytes: EventLines.trimmed(content)))
            self.line += 1
            start = end + 1
        }
        self.rest.removeSubrange(..<start)
        guard self.rest.count <= EventLines.maximumBytes else { throw TooLarge(line: self.line) }
        return documents
    }

    /// Drops a byte order mark at the file's beginning; returns whether enough of the file is there to tell.
    private mutating func passMark() -> Bool {
        let mark = ByteOrderMark.utf8
        guard self.rest.count >= mark.count || !mark.starts(with: self.rest) else { return false }
        self.rest = Array(ByteOrderMark.dropped(from: self.rest))
        self.hasPassedMark = true
        return true
    }

    /// Takes the end of the file.
    ///
    /// - Returns: The last document, if something is left.
    mutating func finish() -> Document? {
        defer { self.rest = [] }
        let content = EventLines.trimmed(self.rest)
        return content.isEmpty ? nil : Document(line: self.line, bytes: content)
    }

    /// A document is larger than any topic takes.
    struct TooLarge: Error, Equatable, CustomStringConvertible {
        /// Line on which it begins, from 1.
        let line: Int

        var description: String {
            "line \(self.line): an event of more than \(EventLines.maximumBytes) bytes; is this a file of JSON events?"
        }
    }

    private static func isDocument(_ bytes: [UInt8]) -> Bool {
        do throws(JSONFailure) {
            _ = try JSONValue(parsing: self.trimmed(bytes))
            return true
        } catch {
            return false
        }
    }

    private static func isBlank(_ bytes: [UInt8]) -> Bool { bytes.allSatisfy(self.isSpace) }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        guard let first = bytes.firstIndex(where: { !self.isSpace($0) }),
            let last = bytes.lastIndex(where: { !self.isSpace($0) })
        else { return [] }
        return Array(bytes[first...last])
    }
}
