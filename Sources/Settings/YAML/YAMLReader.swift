// SPDX-License-Identifier: Apache-2.0

import CYAML
import Files
import Values

/// Reads a YAML file into nodes.
///
/// A file is one document of at most 1 MiB and 32 levels. Anchors, aliases, tags and merge keys are refused, so that every
/// value stands where it is used and a small file cannot unfold into a huge one.
package enum YAMLReader {
    /// Version of the linked libyaml.
    package static var libraryVersion: String { String(cString: yaml_get_version_string()) }
    /// The largest file that is read.
    package static let maximumBytes = 1 << 20
    /// Mappings and lists in each other.
    package static let maximumDepth = 32

    /// Reads a file.
    ///
    /// - Parameter path: The file; messages name it so.
    /// - Returns: The document; an empty file gives an empty value.
    /// - Throws: `FileError` when it can't be read, `YAMLError` when it can't be used.
    package static func read(file path: String) throws -> YAMLNode {
        try self.read(FileReader.read(path, maximumBytes: self.maximumBytes), file: path)
    }

    /// Reads the bytes of a file.
    ///
    /// - Parameters:
    ///   - bytes: What is in the file.
    ///   - file: The file's name, for messages.
    /// - Returns: The document; an empty file gives an empty value.
    /// - Throws: `YAMLError` when it can't be used.
    package static func read(_ bytes: [UInt8], file: String) throws(YAMLError) -> YAMLNode {
        guard bytes.count <= self.maximumBytes else {
            let position = SourcePosition(file: file, line: 1, column: 1)
            throw YAMLError(.tooLarge(maximumBytes: self.maximumBytes), at: position)
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if let line = lines.firstIndex(where: { String(validating: $0, as: UTF8.self) == nil }) {
            throw YAMLError(.notUTF8, at: SourcePosition(file: file, line: line + 1, column: 1))
        }
        // libyaml takes a byte order mark for text.
        let parser = YAMLParser(Array(ByteOrderMark.dropped(from: bytes)), file: file)
        return try parser.document()
    }
}

/// Owns one libyaml parser and the bytes that it reads, and makes nodes of its events.
private final class YAMLParser {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private let file: String
    /// The event under consideration; libyaml's own memory is freed before the next one is asked for.
    private var event = Event(kind: .other, position: SourcePosition(file: "", line: 1, column: 1))

    /// An event in our words.
    private struct Event {
        enum Kind {
            case scalar(String, isPlain: Bool)
            case sequenceStart, sequenceEnd, mappingStart, mappingEnd
            case documentStart, streamEnd
            case other
        }

        var kind: Kind
        var position: SourcePosition
    }

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        self.bytes = .allocate(capacity: max(1, bytes.count))
        _ = self.bytes.initialize(from: bytes)
        self.parser = .allocate(capacity: 1)
        guard yaml_parser_initialize(self.parser) == 1 else { preconditionFailure("libyaml has no memory") }
        yaml_parser_set_encoding(self.parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(self.parser, self.bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(self.parser)
        self.parser.deallocate()
        self.bytes.deallocate()
    }

    func document() throws(YAMLError) -> YAMLNode {
        try self.advance()
        while case .other = self.event.kind { try self.advance() }
        guard case .documentStart = self.event.kind else {
            return YAMLNode(.scalar("", isPlain: true), at: self.event.position)
        }
        try self.advance()
        let node = try self.node(depth: 0)
        try self.advance()
        while case .other = self.event.kind { try self.advance() }
        guard case .streamEnd = self.event.kind else { throw YAMLError(.secondDocument, at: self.event.position) }
        return node
    }

    /// Makes a node of the current event and those that belong to it.
    private func node(depth: Int) throws(YAMLError) -> YAMLNode {
        let position = self.event.position
        guard depth <= YAMLReader.maximumDepth else {
            throw YAMLError(.tooDeep(maximumDepth: YAMLReader.maximumDepth), at: position)
        }
        switch self.event.kind {
        case .scalar(let text, let isPlain): return YAMLNode(.scalar(text, isPlain: isPlain), at: position)
        case .sequenceStart: return YAMLNode(.sequence(try self.elements(depth: depth)), at: position)
        case .mappingStart: return YAMLNode(.mapping(try self.entries(depth: depth)), at: position)
        case .sequenceEnd, .mappingEnd, .documentStart, .streamEnd, .other:
            preconditionFailure("libyaml's grammar has no such event here")
        }
    }

    private func elements(depth: Int) throws(YAMLError) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            try self.advance()
            if case .sequenceEnd = self.event.kind { return elements }
            elements.append(try self.node(depth: depth + 1))
        }
    }

    private func entries(depth: Int) throws(YAMLError) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            try self.advance()
            if case .mappingEnd = self.event.kind { return entries }
            let position = self.event.position
            guard case .scalar(let key, let isPlain) = self.event.kind else {
                throw YAMLError(.compositeKey, at: position)
            }
            guard key != "<<" || !isPlain else { throw YAMLError(.refusedFeature("a merge key (<<)"), at: position) }
            if let line = lines.updateValue(position.line, forKey: key) {
                throw YAMLError(.duplicateKey(key, firstLine: line), at: position)
            }
            try self.advance()
            entries.append(YAMLNode.Entry(key: key, position: position, value: try self.node(depth: depth + 1)))
        }
    }

    /// Takes the next event and frees libyaml's copy of it.
    private func advance() throws(YAMLError) {
        var raw = yaml_event_t()
        guard yaml_parser_parse(self.parser, &raw) == 1 else { throw self.syntaxError() }
        defer { yaml_event_delete(&raw) }
        let position = self.position(raw.start_mark)
        var (anchor, tag): (UnsafeMutablePointer<yaml_char_t>?, UnsafeMutablePointer<yaml_char_t>?) = (nil, nil)
        let kind: Event.Kind
        switch raw.type {
        case YAML_SCALAR_EVENT:
            let scalar = raw.data.scalar
            (anchor, tag) = (scalar.anchor, scalar.tag)
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            kind = .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT:
            (anchor, tag) = (raw.data.sequence_start.anchor, raw.data.sequence_start.tag)
            kind = .sequenceStart
        case YAML_MAPPING_START_EVENT:
            (anchor, tag) = (raw.data.mapping_start.anchor, raw.data.mapping_start.tag)
            kind = .mappingStart
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_ALIAS_EVENT: throw YAMLError(.refusedFeature("an alias (*)"), at: position)
        default: kind = .other
        }
        guard anchor == nil else { throw YAMLError(.refusedFeature("an anchor (&)"), at: position) }
        guard tag == nil else { throw YAMLError(.refusedFeature("a tag (!)"), at: position) }
        self.event = Event(kind: kind, position: position)
    }

    private func position(_ mark: yaml_mark_t) -> SourcePosition {
        SourcePosition(file: self.file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private func syntaxError() -> YAMLError {
        let words = self.parser.pointee.problem.map { String(cString: $0) } ?? "libyaml gives no reason"
        if self.parser.pointee.error == YAML_READER_ERROR {
            // The reader looks at bytes ahead of any mark.
            let before = self.bytes.prefix(self.parser.pointee.problem_offset)
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            return YAMLError(.syntax(words), at: SourcePosition(file: self.file, line: line, column: 1))
        }
        let mark = self.parser.pointee.problem_mark
        let position = self.position(mark)
        guard !self.isTab(mark) else {
            return YAMLError(.syntax("a tab; YAML is indented by spaces"), at: position)
        }
        let context = self.parser.pointee.context.map { " (\(String(cString: $0)))" } ?? ""
        return YAMLError(.syntax(words + context), at: position)
    }

    private func isTab(_ mark: yaml_mark_t) -> Bool {
        let lines = self.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(Int(mark.line)) else { return false }
        let scalars = String(decoding: lines[Int(mark.line)], as: UTF8.self).unicodeScalars
        return scalars.dropFirst(Int(mark.column)).first == "\t"
    }
}
