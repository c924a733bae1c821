// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Rollouts
import Values

/// The command line that asks for a replay again, of the same events and under the same id.
enum ReplayCommandLine {
    /// Puts it together as a shell takes it.
    ///
    /// No secret is in it: settings that are secret are not taken from a command line.
    ///
    /// - Parameters:
    ///   - invocation: The command line as it was given.
    ///   - id: The replay's id, given or drawn.
    ///   - now: The time that durations counted back from; another time's hour holds other events.
    /// - Returns: One line.
    static func again(_ invocation: Invocation, id: String, now: Timestamp) -> String {
        var words = invocation.commandPath
        for option in ReplayCommand.options {
            var values = invocation.source(of: option.name) == .commandLine ? invocation.texts(option.name) : []
            switch option.name {
            case "replay-id": values = [id]
            case "since", "until": values = values.map { self.fixed($0, now) }
            default: break
            }
            for value in values {
                if case .flag = option.kind {
                    words.append("--\(option.name)")
                    continue
                }
                let quoted = JournalKeyText.quoted(value)
                // The parser takes a word with a dash for the next option.
                words += value.hasPrefix("-") ? ["--\(option.name)=\(quoted)"] : ["--\(option.name)", quoted]
            }
        }
        return words.joined(separator: " ")
    }

    private static func fixed(_ text: String, _ now: Timestamp) -> String {
        switch TimePoint(text, now: now) {
        case .at(let time): time.description
        case .now: now.description
        case .beginning, nil: text
        }
    }
}
