// SPDX-License-Identifier: Apache-2.0

import JSON

extension ForgottenFields {
    /// Objects inside a body that stand for a call of their own.
    private static let nested = ["auto_build_config", "auto_deployment_config"]

    /// A request's body as the workbench keeps it.
    func applied(to body: JSONValue) -> JSONValue {
        guard case .object(let members) = body else { return body }
        return .object(
            members.compactMap { member in
                if ForgottenFields.nested.contains(member.name) {
                    return JSONValue.Member(member.name, self.applied(to: member.value))
                }
                guard let field = Field(rawValue: member.name), self.fields.contains(field) else { return member }
                guard let kept = self.keptBytes else { return nil }
                return JSONValue.Member(member.name, ForgottenFields.cut(member.value, to: kept))
            }
        )
    }

    /// Cuts a text; of a list of tags and of a map their values.
    private static func cut(_ value: JSONValue, to count: Int) -> JSONValue {
        switch value {
        case .string(let text): .string(ForgottenFields.prefix(of: text, bytes: count))
        case .array(let elements):
            .array(
                elements.map { element in
                    guard case .object(let members) = element else { return element }
                    return .object(
                        members.map { member in
                            member.name == "value"
                                ? JSONValue.Member(member.name, self.cut(member.value, to: count)) : member
                        }
                    )
                }
            )
        case .object(let members):
            .object(members.map { JSONValue.Member($0.name, self.cut($0.value, to: count)) })
        case .null, .bool, .integer, .double: value
        }
    }

    /// The longest beginning that takes no more bytes and ends with a whole character.
    private static func prefix(of text: String, bytes count: Int) -> String {
        guard text.utf8.count > count else { return text }
        var kept = String.UnicodeScalarView()
        var length = 0
        for scalar in text.unicodeScalars {
            length += UTF8.width(scalar)
            if length > count { break }
            kept.append(scalar)
        }
        return String(kept)
    }
}
