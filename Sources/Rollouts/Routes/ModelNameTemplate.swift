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
        /// The model's name; in names of registered models alone.
        case model

        /// Those that a model's name may be made of.
        package static let ofModels: [Field] = [
            .projectId, .projectName, .experimentId, .experimentName, .runId, .subject,
        ]
        /// Those that a registered model's name may be made of: a run of its own for each would make a model for each.
        package static let ofRegisteredModels: [Field] = [
            .projectId, .projectName, .experimentId, .experimentName, .model,
        ]
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
        case unknownField(String, allowed: [Field])
        /// It names a filter that does not exist.
        case unknownFilter(String)
        /// A brace is left open, or stands alone.
        case unbalanced
        /// Its fixed text alone can't be part of a name.
        case unusableText(String)

        package var description: String {
            switch self {
            case .unknownField(let name, let allowed):
                "unknown field '\(name)', allowed: \(allowed.map(\.rawValue).joined(separator: ", "))"
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
    /// - Parameters:
    ///   - text: The template.
    ///   - allowed: Fields that it may name; default those of a model's name.
    /// - Throws: `Failure`, which says what is allowed.
    package init(_ text: String, fields allowed: [Field] = Field.ofModels) throws(Failure) {
        self.text = text
        var parts: [Part] = []
        var rest = text[...]
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            if brace > rest.startIndex { parts.append(.text(String(rest[..<brace]))) }
            guard rest[brace] == "{", let end = rest[brace...].firstIndex(of: "}") else { throw .unbalanced }
            parts.append(try Self.part(rest[rest.index(after: brace)..<end], allowed))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
        // With one letter for every field the rest must make a good name, else no event ever gets one.
        let sample = parts.map { if case .text(let text) = $0 { text } else { "x" } }.joined()
        if let problem = ModelName.problem(in: sample) { throw .unusableText(problem) }
    }

    private static func part(_ text: Substring, _ allowed: [Field]) throws(Failure) -> Part {
        let halves = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        var filter: Filter?
        if halves.count > 1 {
            let name = Self.trimmed(halves[1])
            guard let known = Filter(rawValue: name) else { throw .unknownFilter(name) }
            filter = known
        }
        var fields: [Field] = []
        for name in (halves.first ?? "").split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed) {
            guard let field = Field(rawValue: name), allowed.contains(field) else {
                throw .unknownField(name, allowed: allowed)
            }
            fields.append(field)
        }
        return .fields(fields, filter)
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// Whether it names a field.
    package func names(_ field: Field) -> Bool {
        self.parts.contains { if case .fields(let fields, _) = $0 { fields.contains(field) } else { false } }
    }

    /// The fields of an event that the template needs and does not find.
    package struct Missing: Error, Sendable, Equatable {
        /// Any one of these would do.
        package let fields: [Field]
    }

    /// Whether more knowledge changes nothing of the name: each part has the first of its fields.
    ///
    /// The first of a part that is not there may be given by the workbench later.
    func isCertain(by value: (Field) -> String?) -> Bool {
        self.parts.allSatisfy { part in
            guard case .fields(let fields, _) = part else { return true }
            // The subject is an event's own: what it does not give is not given later.
            return fields.first { $0 != .subject || value($0) != nil }.map { value($0) != nil } ?? true
        }
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
