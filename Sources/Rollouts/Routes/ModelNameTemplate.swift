// SPDX-License-Identifier: Apache-2.0

/// How a route names the model of an event that doesn't: text with `{field}`, `{field,otherField}` and `{field|filter}`.
///
/// Of several fields the first that the event gives is taken. Filters: `slug` (see `ModelName.slug`), `lower`.
package struct ModelNameTemplate: Sendable, Equatable {
    /// A field of an event.
    package enum Field: String, Sendable, CaseIterable {
        /// Project id; the configured project where the event names none.
        case projectId
        /// Project name.
        case projectName
        /// Experiment id.
        case experimentId
        /// Experiment name.
        case experimentName
        /// Run id.
        case runId
        /// CloudEvents `subject`.
        case subject
    }

    /// What is done to a field's text.
    package enum Filter: String, Sendable, CaseIterable {
        /// Makes any text fit for a model's name.
        case slug
        /// Lower case.
        case lower
    }

    /// Why a template can't be used.
    package enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// It names a field that events don't have.
        case unknownField(String)
        /// It names a filter that does not exist.
        case unknownFilter(String)
        /// A brace is left open, or stands alone.
        case unbalanced
        /// Its fixed text alone can't be part of a name.
        case unusableText(String)

        package var description: String {
            switch self {
            case .unknownField(let name):
                "unknown field '\(name)', allowed: \(Field.allCases.map(\.rawValue).joined(separator: ", "))"
            case .unknownFilter(let name):
                "unknown filter '\(name)', allowed: \(Filter.allCases.map(\.rawValue).joined(separator: ", "))"
            case .unbalanced: "a brace without its partner"
            case .unusableText(let problem): problem
            }
        }
    }

    private enum Part: Sendable, Equatable {
        case text(String)
        case fields([Field], Filter?)
    }

    /// The template as written.
    package let text: String
    private let parts: [Part]

    /// Reads a template.
    ///
    /// - Throws: `Failure`, which says what is allowed.
    package init(_ text: String) throws(Failure) {
        self.text = text
        var parts: [Part] = []
        var rest = text[...]
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            if brace > rest.startIndex { parts.append(.text(String(rest[..<brace]))) }
            guard rest[brace] == "{", let end = rest[brace...].firstIndex(of: "}") else { throw .unbalanced }
            parts.append(try Self.part(rest[rest.index(after: brace)..<end]))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
        // With one letter for every field the rest must make a good name, else no event ever gets one.
        let sample = parts.map { if case .text(let text) = $0 { text } else { "x" } }.joined()
        if let problem = ModelName.problem(in: sample) { throw .unusableText(problem) }
    }

    private static func part(_ text: Substring) throws(Failure) -> Part {
        let halves = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        var filter: Filter?
        if halves.count > 1 {
            let name = Self.trimmed(halves[1])
            guard let known = Filter(rawValue: name) else { throw .unknownFilter(name) }
            filter = known
        }
        var fields: [Field] = []
        for name in (halves.first ?? "").split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed) {
            guard let field = Field(rawValue: name) else { throw .unknownField(name) }
            fields.append(field)
        }
        return .fields(fields, filter)
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// The fields of an event that the template needs and does not find.
    package struct Missing: Error, Sendable, Equatable {
        /// Any one of these would do.
        package let fields: [Field]
    }

    /// Returns the name for an event, unchecked.
    ///
    /// - Throws: `Missing` where the event gives none of the fields that a part may take.
    func name(for value: (Field) -> String?) throws(Missing) -> String {
        var name = ""
        for part in self.parts {
            switch part {
            case .text(let text): name += text
            case .fields(let fields, let filter):
                guard let text = fields.lazy.compactMap(value).first else { throw Missing(fields: fields) }
                switch filter {
                case .slug: name += ModelName.slug(text)
                case .lower: name += text.lowercased()
                case nil: name += text
                }
            }
        }
        return name
    }
}
