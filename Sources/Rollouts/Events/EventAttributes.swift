// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// The CloudEvents attributes of one event that mean something to us, as texts; all others are ignored.
struct EventAttributes: Sendable {
    /// Names of the attributes.
    enum Name: String, CaseIterable {
        case specVersion = "specversion"
        case type, source, id, time, subject
        case contentType = "datacontenttype"
        case partitionKey = "partitionkey"
        case traceparent
        case replayID = "slipwayreplayid"
        case replayReason = "slipwayreplayreason"
        case allowRollback = "slipwayallowrollback"

        /// Attributes by the names of their header fields.
        static let ofHeader = Dictionary(uniqueKeysWithValues: Self.allCases.map { ($0.headerName, $0) })

        /// The extensions of a replay.
        static let replay: [Name] = [.replayID, .replayReason, .allowRollback]

        /// Name of the header field that carries it in binary mode.
        var headerName: String { self == .contentType ? "content-type" : "ce_" + self.rawValue }
    }

    private var texts: [(name: Name, text: String)] = []

    /// Whether any attribute but the content type is there, which makes a record one in binary mode.
    private(set) var isCloudEvent = false

    /// The text of an attribute; `nil` where it is absent or empty.
    subscript(_ name: Name) -> String? { self.texts.first { $0.name == name }?.text }

    /// Reads the header fields of binary mode.
    ///
    /// Their names are compared without regard to case: a producer that writes `CE_Type` means it, and reading its
    /// event as a plain one would deploy what another type of event asks for.
    init(headers: [RecordHeader]) throws(DeadLetterReason) {
        // The number of header fields is limited, so that a linear search is the quickest.
        var seen: [HeaderName] = []
        for header in headers {
            guard let name = HeaderName(header.name) else { continue }
            guard !seen.contains(name) else {
                throw DeadLetterReason(.duplicateHeader, "header \(printable(header.name)) comes more than once")
            }
            seen.append(name)
            if name.isAttribute { self.isCloudEvent = true }
            guard let known = name.known, let value = header.value, !value.isEmpty else { continue }
            guard let text = header.text else {
                throw DeadLetterReason(.notUTF8, "header \(known.headerName) is not UTF-8")
            }
            self.texts.append((known, text))
        }
    }

    /// Reads the members of a structured event.
    init(event: JSONValue) throws(DeadLetterReason) {
        self.isCloudEvent = true
        for name in Name.allCases {
            switch event[name.rawValue] {
            case nil, .null, .string(""): continue
            case .string(let text): self.texts.append((name, text))
            case .bool(let flag) where name == .allowRollback: self.texts.append((name, flag ? "true" : "false"))
            case .some(let other):
                throw DeadLetterReason(
                    .malformedAttribute,
                    "attribute \(name.rawValue) is \(other.kind), must be a string"
                )
            }
        }
    }

    /// The media type of the event's data, or of the whole event in structured mode; without its parameters.
    var mediaType: String? {
        self[.contentType].map { text in
            let ends: [UInt8] = [UInt8(ascii: ";"), UInt8(ascii: " "), UInt8(ascii: "\t")]
            return lowercase(String(Substring(text.utf8.prefix { !ends.contains($0) })))
        }
    }

    /// Whether the header fields carry the attributes, and the value only the data.
    var isBinary: Bool { self.isCloudEvent && !(self.mediaType?.hasPrefix("application/cloudevents") ?? false) }

    /// Refuses what is no event of the one type that is taken.
    func requireRunFinished() throws(DeadLetterReason) {
        let version = try self.require(.specVersion)
        guard version == "1.0" else {
            throw DeadLetterReason(.unsupportedSpecVersion, "specversion is '\(printable(version))', must be '1.0'")
        }
        let type = try self.require(.type)
        guard type == RunFinishedEvent.type else {
            throw DeadLetterReason(
                .unknownType,
                "type is '\(printable(type))', must be '\(RunFinishedEvent.type)'"
            )
        }
    }

    /// Returns an attribute that must be there.
    func require(_ name: Name) throws(DeadLetterReason) -> String {
        guard let text = try self.text(name) else {
            throw DeadLetterReason(.missingAttribute, "attribute \(name.rawValue) is missing")
        }
        return text
    }

    /// Returns an attribute that may be there, checked for what CloudEvents allows in a text.
    func text(_ name: Name, rule: TextRule = .attribute) throws(DeadLetterReason) -> String? {
        guard let text = self[name] else { return nil }
        guard rule.isMet(by: text) else {
            throw DeadLetterReason(.malformedAttribute, "attribute \(name.rawValue) must be \(rule.allowed)")
        }
        return text
    }

    /// Returns the event's time.
    func time() throws(DeadLetterReason) -> Timestamp? {
        guard let text = self[.time] else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw DeadLetterReason(.malformedAttribute, "attribute time must be an RFC 3339 time")
        }
        return time
    }

    /// Returns the wish to run the event again.
    func replay() throws(DeadLetterReason) -> Replay? {
        let id = try self.text(.replayID, rule: .identifier)
        let reason = try self.text(.replayReason, rule: .line)
        let allowRollback = self[.allowRollback]
        guard allowRollback == nil || allowRollback == "true" || allowRollback == "false" else {
            throw DeadLetterReason(.malformedAttribute, "attribute slipwayallowrollback must be 'true' or 'false'")
        }
        guard let id else {
            guard reason == nil, allowRollback == nil else {
                throw DeadLetterReason(
                    .missingAttribute,
                    "attribute slipwayreplayid is missing, another of a replay is there"
                )
            }
            return nil
        }
        return Replay(id: id, reason: reason ?? "", allowsRollback: allowRollback == "true")
    }
}

/// The name of a header field that belongs to the envelope, in lower case.
private struct HeaderName: Equatable {
    private let name: String

    /// `nil` for a header field that does not belong to the envelope.
    init?(_ name: String) {
        self.name = lowercase(name)
        guard self.isAttribute || self.name == "content-type" else { return nil }
    }

    /// Whether it carries an attribute in binary mode.
    var isAttribute: Bool { self.name.utf8.starts(with: "ce_".utf8) }

    /// The attribute, if it means something to us.
    var known: EventAttributes.Name? { EventAttributes.Name.ofHeader[self.name] }
}

/// A text in lower case; nearly every one is already.
private func lowercase(_ text: String) -> String {
    text.utf8.contains { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 } ? text.lowercased() : text
}

/// At most 80 bytes of a text of the event's envelope, fit for a log line: what is not printable ASCII becomes `?`.
private func printable(_ text: String) -> String {
    String(decoding: text.utf8.prefix(80).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
}
