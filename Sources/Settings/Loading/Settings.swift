// SPDX-License-Identifier: Apache-2.0

package import Notation
package import Values

/// The effective settings: each checked, with its source.
///
/// Asking for a key by another type than it is declared with is a defect of the program and traps.
package struct Settings: Sendable {
    /// A value with its source.
    package struct Value: Sendable, Equatable {
        /// The value as it would be written; `nil` for a secret.
        package let text: String?
        /// The value of a secret; `nil` for anything else.
        package let secret: Secret?
        /// Where it comes from.
        package let source: SettingSource

        init(_ text: String, isSecret: Bool, source: SettingSource) {
            self.text = isSecret ? nil : text
            self.secret = isSecret ? Secret(text) : nil
            self.source = source
        }
    }

    /// A librdkafka property that is handed on.
    package struct Property: Sendable, Equatable {
        /// librdkafka's name of it.
        package let name: String
        /// Its value.
        package let value: Value

        /// Its path among the settings.
        package var path: String { "kafka." + self.name }
    }

    /// The configuration file that was read.
    package let file: String?
    /// librdkafka's properties by name, those left out that are settings of their own.
    package let properties: [Property]
    private let values: [String: Value]

    init(file: String?, values: [String: Value], properties: [Property]) {
        self.file = file
        self.values = values
        self.properties = properties
    }

    /// The value of a key; `nil` where it is not set and has no default.
    package subscript(key: SettingKey) -> Value? { self.values[key.path] }

    /// A text that may be missing.
    package func text(_ key: SettingKey) -> String? { self[key]?.text }

    /// A secret that may be missing.
    package func secret(_ key: SettingKey) -> Secret? { self[key]?.secret }

    /// A text, or anything else as it is written, of a key with a default.
    package func required(_ key: SettingKey) -> String { self.converted(key) { $0 } }

    /// The members of a list, in order; at least one.
    package func list(_ key: SettingKey) -> [String] { self.converted(key) { SettingType.list($0) } }

    /// A flag.
    package func flag(_ key: SettingKey) -> Bool { self.converted(key) { $0 == "true" } }

    /// A whole number.
    package func integer(_ key: SettingKey) -> Int { self.converted(key) { Int($0) } }

    /// A number.
    package func number(_ key: SettingKey) -> Double { self.converted(key) { Double($0) } }

    /// A duration.
    package func duration(_ key: SettingKey) -> Duration { self.converted(key) { Duration(notation: $0) } }

    /// A number of bytes.
    package func bytes(_ key: SettingKey) -> ByteCount { self.converted(key) { ByteCount(notation: $0) } }

    /// A path that may be missing; empty where that is allowed.
    ///
    /// One that begins with no slash counts from the configuration file's folder if it stands there or is built in, else
    /// from the working directory.
    package func path(_ key: SettingKey) -> String? {
        guard let value = self[key], let text = value.text else { return nil }
        guard !text.isEmpty, !text.hasPrefix("/"), let file = self.file, let slash = file.lastIndex(of: "/") else {
            return text
        }
        switch value.source {
        case .builtIn, .file: return file[...slash] + text
        case .session, .environment, .commandLine: return text
        }
    }

    private func converted<Result>(_ key: SettingKey, by convert: (String) -> Result?) -> Result {
        guard let text = self[key]?.text, let result = convert(text) else {
            preconditionFailure("'\(key.path)' has no default, or another type")
        }
        return result
    }
}
