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

        /// Attributes by the names of their header fields.
        static let ofHeader = Dictionary(uniqueKeysWithValues: Self.allCases.map { ($0.headerName, $0) })

        /// Name of the header field that carries it in binary mode.
        var headerName: String { self == .contentType ? "content-type" : "ce_" + self.rawValue }
    }

    private var texts: [(name: Name, text: String)] = []

    /// Whether any attribute but the content type is there, which makes a record one in binary mode.
    private(set) var isCloudEvent = false
    /// Header fields that name an attribute as another transport than Kafka does, as they were found.
    private var misnamed: [(name: Name, header: String)] = []

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
            guard let name = HeaderName(header.name) else {
                if let meant = Name(misnamed: header.name) { self.misnamed.append((meant, header.name)) }
                continue
            }
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
            case .some(let other):
                throw DeadLetterReason(
                    .malformedAttribute,
                    "attribute \(name.rawValue) is \(other.kind), must be a string"
                )
            }
        }
    }

    /// The media type of the event's data, or of the whole event in structured mode, without blanks and parameters; `nil`
    /// where none is named.
    var mediaType: String? {
        guard let text = self[.contentType] else { return nil }
        let blanks: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
        let type = text.utf8.drop(while: blanks.contains).prefix { $0 != UInt8(ascii: ";") && !blanks.contains($0) }
        return type.isEmpty ? nil : lowercase(String(Substring(type)))
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

    /// Refuses to read a record as plain data that says what it is, but not as Kafka's binding does: it may be an event
    /// of another type.
    ///
    /// - Parameter isMeant: Which attributes it is about; all if not given.
    /// - Throws: `DeadLetterReason` of class `wrongPrefix` if a header field names one of them.
    func refuseMisnamed(_ isMeant: (Name) -> Bool = { _ in true }) throws(DeadLetterReason) {
        guard let (name, header) = self.misnamed.first(where: { isMeant($0.name) }) else { return }
        throw DeadLetterReason(
            .wrongPrefix,
            "header '\(printable(header))' has another transport's prefix, must be '\(name.headerName)'"
        )
    }

    /// Returns an attribute that must be there.
    func require(_ name: Name) throws(DeadLetterReason) -> String {
        guard let text = try self.text(name) else {
            try self.refuseMisnamed { $0 == name }
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
            let wanted = "must be an RFC 3339 time with its zone, such as 2026-02-03T04:05:06Z"
            throw DeadLetterReason(.malformedAttribute, "attribute time is '\(printable(text))', \(wanted)")
        }
        return time
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

extension EventAttributes.Name {
    /// The attribute that a header field means by a prefix other than Kafka's; `nil` if it means none.
    ///
    /// HTTP's binding has `ce-type`, those of AMQP and JMS `cloudEvents:type` and `cloudEvents_type`; bridges and
    /// hand-written producers carry them over to Kafka as they are.
    fileprivate init?(misnamed header: String) {
        // Nearly all header fields end here.
        guard header.utf8.first.map({ $0 | 0x20 }) == UInt8(ascii: "c") else { return nil }
        let header = lowercase(header)
        let separators: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: ".")]
        guard let end = header.utf8.firstIndex(where: separators.contains),
            ["ce", "cloudevent", "cloudevents"].contains(header[..<end])
        else { return nil }
        self.init(rawValue: String(header[header.utf8.index(after: end)...]))
    }
}

/// A text in lower case; nearly every one is already.
private func lowercase(_ text: String) -> String {
    text.utf8.contains { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 } ? text.lowercased() : text
}

/// At most 80 bytes of a text of the event's envelope, fit for a log line: what is not printable ASCII becomes `?`.
func printable(_ text: String) -> String {
    String(decoding: text.utf8.prefix(80).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
}
