// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with the settings.
package struct SettingProblem: Sendable, Equatable {
    /// Where: a file with its line, a variable, an option; `nil` for what is missing.
    package let place: String?
    /// The key, or `nil` where no key is known.
    package let key: String?
    /// What is wrong and what is allowed; never a secret.
    package let message: String

    /// Creates a problem.
    package init(place: String?, key: String?, message: String) {
        self.place = place
        self.key = key
        self.message = message
    }

    /// Takes over the error of a file.
    package init(_ error: YAMLError) {
        self.init(place: error.position.description, key: nil, message: error.message)
    }
}

extension SettingProblem: CustomStringConvertible {
    package var description: String {
        [self.place, self.key, self.message].compactMap { $0 }.joined(separator: ": ")
    }
}

extension SettingProblem {
    /// The same with the key in front, for what is no mistake and so has no place that must be corrected.
    package var lineWithKeyFirst: String {
        let place = self.place.map { " (\($0))" } ?? ""
        return [self.key, self.message].compactMap { $0 }.joined(separator: ": ") + place
    }
}

/// The settings cannot be used; holds everything that is wrong with them, not just the first.
package struct SettingsError: Error, Sendable, Equatable {
    /// What is wrong; at least one.
    package let problems: [SettingProblem]

    /// Creates an error of at least one problem.
    package init(_ problems: [SettingProblem]) { self.problems = problems }
}

extension SettingsError: CustomStringConvertible {
    package var description: String {
        let title =
            self.problems.count == 1
            ? "the configuration is wrong" : "the configuration has \(self.problems.count) mistakes"
        return ([title + ":"] + self.problems.map { "  \($0)" }).joined(separator: "\n")
    }
}
