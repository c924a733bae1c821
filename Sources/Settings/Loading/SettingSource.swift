// SPDX-License-Identifier: Apache-2.0

/// Where a value comes from; a later case outranks an earlier one.
package enum SettingSource: Sendable, Equatable {
    /// Built in.
    case builtIn
    /// A variable that a workbench session sets.
    case session(String)
    /// The configuration file.
    case file(SourcePosition)
    /// An environment variable.
    case environment(String)
    /// `--set` on the command line.
    case commandLine

    var rank: Int {
        switch self {
        case .builtIn: 0
        case .session: 1
        case .file: 2
        case .environment: 3
        case .commandLine: 4
        }
    }
}

extension SettingSource: CustomStringConvertible {
    package var description: String {
        switch self {
        case .builtIn: "default"
        case .session(let name), .environment(let name): name
        case .file(let position): position.description
        case .commandLine: "--set"
        }
    }
}
