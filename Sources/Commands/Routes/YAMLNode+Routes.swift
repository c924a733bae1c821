// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Settings

/// Values that only a routes file has.
extension YAMLNode {
    /// Returns a text on one line.
    func line() throws(YAMLError) -> String {
        let text = try self.text()
        guard (1...200).contains(text.utf8.count),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0 != "\u{7F}" })
        else { throw self.error("must be a text of 1 to 200 bytes on one line") }
        return text
    }

    /// Returns texts on one line each, from a list or a single value.
    func lines() throws(YAMLError) -> [String] {
        var lines: [String] = []
        for element in try self.elementsOrSelf() { lines.append(try element.line()) }
        return lines
    }

    /// Returns a case of an enumeration by its word.
    func word<Word: RawRepresentable & CaseIterable>(_ type: Word.Type) throws(YAMLError) -> Word
    where Word.RawValue == String {
        let word = try self.choice(type.allCases.map(\.rawValue))
        guard let value = Word(rawValue: word) else { throw self.error("unknown word") }
        return value
    }

    /// Returns how much is allowed at most; what stands there for "none" or "all" in other files is refused with the way out.
    func bound(_ range: ClosedRange<Int>) throws(YAMLError) -> Int {
        do throws(YAMLError) {
            return try self.integer(range)
        } catch {
            throw self.error("\(error.message); leave the key out for no bound")
        }
    }

    /// Returns a finite number.
    func anyNumber() throws(YAMLError) -> Double {
        try self.number(-Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
    }

    /// Returns a template for model names.
    func template() throws(YAMLError) -> ModelNameTemplate {
        let text = try self.text()
        do throws(ModelNameTemplate.Failure) {
            return try ModelNameTemplate(text)
        } catch {
            throw self.error(error.description)
        }
    }

    /// Returns a template for names of registered models.
    func registryTemplate() throws(YAMLError) -> ModelNameTemplate {
        let text = try self.text()
        let template: ModelNameTemplate
        do throws(ModelNameTemplate.Failure) {
            template = try ModelNameTemplate(text, fields: ModelNameTemplate.Field.ofRegisteredModels)
        } catch {
            throw self.error(error.description)
        }
        guard template.names(.model) else {
            let example = "{projectName|slug}-{model}"
            throw self.error("must hold {model}, such as \(example): else all models share one registered model")
        }
        return template
    }

    /// Returns a folder below a run's artifacts.
    func artifactPath() throws(YAMLError) -> String {
        let path = try self.text()
        guard TextRule.artifactPath.isMet(by: path) else {
            throw self.error("must be \(TextRule.artifactPath.allowed)")
        }
        return path
    }

    /// Returns the value as JSON text; numbers stay as they are written, since a model may insist on `30.0`.
    func json() throws(YAMLError) -> String {
        var writer = JSONWriter()
        try self.write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(_ writer: inout JSONWriter) throws(YAMLError) {
        switch self.content {
        case .scalar(let text, let isPlain): try self.write(text, isPlain: isPlain, &writer)
        case .sequence(let elements):
            try writer.array { list throws(YAMLError) in
                for element in elements { try element.write(&list) }
            }
        case .mapping(let entries):
            try writer.object { object throws(YAMLError) in
                for entry in entries {
                    try object.field(named: entry.key) { field throws(YAMLError) in try entry.value.write(&field) }
                }
            }
        }
    }

    private func write(_ text: String, isPlain: Bool, _ writer: inout JSONWriter) throws(YAMLError) {
        if self.isNull { return writer.null() }
        guard isPlain else { return writer.string(text) }
        if text == "true" || text == "false" { return writer.bool(text == "true") }
        switch try? JSONValue(parsing: Array(text.utf8)) {
        case .integer, .double: writer.number(verbatim: text)
        case nil, .null, .bool, .string, .array, .object:
            // YAML has more notations for numbers than JSON; as texts they would puzzle the model.
            guard Double(text) == nil, ![".inf", "-.inf", ".nan"].contains(text.lowercased()) else {
                throw self.error("must be a number as JSON writes it, such as 0.5, or a text in quotes")
            }
            writer.string(text)
        }
    }
}
