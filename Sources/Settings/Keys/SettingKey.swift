// SPDX-License-Identifier: Apache-2.0

/// A setting: its name, what it must be, and what it is without being set.
package struct SettingKey: Sendable, Equatable {
    /// A variable of a workbench session that serves where nothing else sets the key.
    package struct SessionVariable: Sendable, Equatable {
        /// The variable's name.
        package let name: String
        /// What is put before its value.
        package let prefix: String
    }

    /// The path in the file with dots: `workbench.requestTimeout`.
    package let path: String
    /// What the value must be.
    package let type: SettingType
    /// The built-in value as it would be written; `nil` where there is none.
    package let defaultText: String?
    /// What it does, in a sentence or two.
    package let summary: String
    /// Whether an empty text is a value of its own, and not the same as none.
    package let allowsEmpty: Bool
    /// Whether the value is never shown and taken from the environment only.
    package let isSecret: Bool
    /// Whether the built-in value holds only where there is a configuration file; it is empty without one.
    package let isBesideFile: Bool
    /// The session's variable for it.
    package let session: SessionVariable?

    init(
        _ path: String,
        _ type: SettingType,
        default defaultText: String? = nil,
        _ summary: String,
        allowsEmpty: Bool = false,
        isSecret: Bool = false,
        isBesideFile: Bool = false,
        session: SessionVariable? = nil
    ) {
        self.path = path
        self.type = type
        self.defaultText = defaultText
        self.summary = summary
        self.allowsEmpty = allowsEmpty
        self.isSecret = isSecret
        self.isBesideFile = isBesideFile
        self.session = session
    }

    /// The environment variable: `SLIPWAY_` and the path in capitals, dots and camel humps as underscores.
    package var environmentName: String { Self.environmentName(self.path) }

    /// The environment variable of any path.
    static func environmentName(_ path: String) -> String {
        var name = "SLIPWAY_"
        var previous: Character = "."
        for (index, character) in zip(path.indices, path) {
            let next = path.index(after: index)
            let startsWord = next < path.endIndex && path[next].isLowercase
            if character.isUppercase, previous.isLowercase || (previous.isUppercase && startsWord) { name += "_" }
            name += character == "." ? "_" : character.uppercased()
            previous = character
        }
        return name
    }

    /// The names of the sections, in the order of the annotated file.
    static let sections: [String] = all.reduce(into: []) { sections, key in
        guard let dot = key.path.firstIndex(of: ".") else { return }
        let section = String(key.path[..<dot])
        if !sections.contains(section) { sections.append(section) }
    }

    /// Whether a text is allowed.
    func accepts(_ text: String) -> Bool {
        if text.isEmpty { return self.allowsEmpty }
        return self.type.accepts(text)
    }
}
