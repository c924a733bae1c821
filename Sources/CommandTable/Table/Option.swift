// SPDX-License-Identifier: Apache-2.0

/// Something named that a command accepts: `--count N`, `--json`.
package struct Option: Sendable {
    /// Whether an option takes a value.
    package enum Kind: Sendable, Equatable {
        /// Present or absent; a negatable one can also be given as `--no-NAME`.
        case flag(isNegatable: Bool = false)
        /// Followed by a value, which help shows under `placeholder`.
        case value(_ placeholder: String, ValueType = .text)
    }

    /// The name without dashes: lower-case letters, digits, `-` and `.`.
    package let name: String
    /// A single letter for `-c`; `nil` for none.
    package let short: Character?
    /// Flag or value.
    package let kind: Kind
    /// What it does, in a sentence.
    package let help: String
    /// The value where none is given, as it would be written; for a negatable flag `true` or `false`.
    package let defaultValue: String?
    /// The environment variable that gives the value where the command line does not.
    package let environment: String?
    /// Whether it may be given several times; in the environment, commas separate several values.
    package let isRepeatable: Bool
    /// Whether it must be given.
    package let isRequired: Bool

    /// Declares an option.
    ///
    /// - Parameters:
    ///   - name: The name without dashes.
    ///   - short: A single letter.
    ///   - kind: Flag or value.
    ///   - help: What it does.
    ///   - defaultValue: The value where none is given, as it would be written.
    ///   - environment: The environment variable to fall back to.
    ///   - isRepeatable: Whether it may be given several times.
    ///   - isRequired: Whether it must be given.
    package init(
        _ name: String,
        short: Character? = nil,
        _ kind: Kind,
        help: String,
        defaultValue: String? = nil,
        environment: String? = nil,
        isRepeatable: Bool = false,
        isRequired: Bool = false
    ) {
        self.name = name
        self.short = short
        self.kind = kind
        self.help = help
        self.defaultValue = defaultValue
        self.environment = environment
        self.isRepeatable = isRepeatable
        self.isRequired = isRequired
    }

    /// `--help`, which every command has.
    static let help = Option("help", short: "h", .flag(), help: "Show this help.")
    /// `--version`, which the program itself has.
    static let version = Option("version", .flag(), help: "Show versions.")

    var isNegatable: Bool { self.kind == .flag(isNegatable: true) }

    var takesValue: Bool {
        switch self.kind {
        case .flag: false
        case .value: true
        }
    }

    var valueType: ValueType {
        switch self.kind {
        case .flag: .choice(["true", "false"])
        case .value(_, let type): type
        }
    }
}

/// Something that a command accepts by its place: `slipway api METHOD PATH`.
package struct Argument: Sendable {
    /// The name, by which the body asks for it; help shows it in capitals.
    package let name: String
    /// What it must be.
    package let type: ValueType
    /// What it is, in a sentence.
    package let help: String
    /// Whether it must be given.
    package let isRequired: Bool
    /// Whether it takes all that follows; only the last argument may.
    package let isRepeatable: Bool

    /// Declares an argument.
    ///
    /// - Parameters:
    ///   - name: The name in lower case.
    ///   - type: What it must be.
    ///   - help: What it is.
    ///   - isRequired: Whether it must be given; optional ones come after required ones.
    ///   - isRepeatable: Whether it takes all that follows.
    package init(
        _ name: String,
        _ type: ValueType = .text,
        help: String,
        isRequired: Bool = true,
        isRepeatable: Bool = false
    ) {
        self.name = name
        self.type = type
        self.help = help
        self.isRequired = isRequired
        self.isRepeatable = isRepeatable
    }

    var placeholder: String { self.name.uppercased() + (self.isRepeatable ? "..." : "") }
}
