// SPDX-License-Identifier: Apache-2.0

package import Notation

/// A parsed command line: which command, and the values of its options and arguments.
///
/// Values were checked against their declared types, so access by the declared type cannot fail; asking for a name that
/// the command does not declare, or by another type, is a defect of the program and traps.
package struct Invocation: Sendable {
    /// Where the values of an option came from.
    package enum Source: Sendable, Equatable {
        /// Given on the command line.
        case commandLine
        /// Given by this environment variable.
        case environment(String)
        /// The declared default.
        case defaultValue
        /// Not given, and without a default.
        case absent
    }

    struct Values: Sendable, Equatable {
        var texts: [String]
        var source: Source
    }

    /// The names from the program down to the command.
    package let commandPath: [String]
    /// The process's environment, as the program was given it.
    package let environment: [String: String]
    let values: [String: Values]

    private func values(_ name: String) -> Values {
        guard let values = self.values[name] else {
            preconditionFailure("\(self.commandPath) declares no option or argument '\(name)'")
        }
        return values
    }

    /// Says where the values of an option or argument came from.
    package func source(of name: String) -> Source { self.values(name).source }

    /// Whether an option or argument was given, on the command line or by the environment.
    package func isGiven(_ name: String) -> Bool {
        switch self.source(of: name) {
        case .commandLine, .environment: true
        case .defaultValue, .absent: false
        }
    }

    /// Whether a flag is set.
    package func flag(_ name: String) -> Bool { self.values(name).texts.last == "true" }

    /// All values of a repeatable option or argument, in the order given.
    package func texts(_ name: String) -> [String] { self.values(name).texts }

    /// The value as written, or `nil` where it is absent.
    package func text(_ name: String) -> String? { self.values(name).texts.last }

    /// The value of an `integer`.
    package func integer(_ name: String) -> Int? { self.converted(name) { Int($0) } }

    /// The value of a `number` or an `integer`.
    package func number(_ name: String) -> Double? { self.converted(name) { Double($0) } }

    /// The value of a `duration`.
    package func duration(_ name: String) -> Duration? { self.converted(name) { Duration(notation: $0) } }

    /// The value of a `byteCount`.
    package func byteCount(_ name: String) -> ByteCount? { self.converted(name) { ByteCount(notation: $0) } }

    /// The value of an `address`.
    package func address(_ name: String) -> NetworkAddress? { self.converted(name) { NetworkAddress(notation: $0) } }

    private func converted<Value>(_ name: String, by convert: (String) -> Value?) -> Value? {
        guard let text = self.text(name) else { return nil }
        guard let value = convert(text) else { preconditionFailure("'\(name)' is declared with another type") }
        return value
    }
}
