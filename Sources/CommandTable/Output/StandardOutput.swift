// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc
import Threads

/// The process's own standard output and standard error.
///
/// Unbuffered: what was written is with the reader before the next step begins.
package final class StandardOutput: OutputTarget {
    private let lock = Locked(())
    private let errorLock = Locked(())

    /// Creates the target.
    package init() {}

    package func write(_ text: String) throws(OutputClosed) {
        let failure = self.lock.withLock { _ -> FileError? in
            do throws(FileError) {
                try FileDescriptor.standardOutput.writeAll(text)
                return nil
            } catch {
                return error
            }
        }
        if let failure {
            throw OutputClosed(failure.reason == .system(EPIPE) ? nil : "\(failure)")
        }
    }

    package func writeError(_ text: String) {
        do {
            try self.errorLock.withLock { _ in try FileDescriptor.standardError.writeAll(text) }
        } catch {
            // Standard error is where this would be said.
        }
    }
}

extension Output {
    /// The output of this process, with what its environment says about the terminal.
    ///
    /// Colours are allowed on a terminal unless `NO_COLOR` is set and not empty (no-color.org); where `TERM` is `dumb`, it
    /// counts as none.
    /// `COLUMNS` overrides the width that the terminal reports.
    package static func standard(environment: [String: String]) -> Output {
        Output(
            to: StandardOutput(),
            style: style(of: STDOUT_FILENO, environment: environment),
            errorStyle: style(of: STDERR_FILENO, environment: environment),
            width: {
                if let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 { return columns }
                return terminalWidth() ?? 80
            }
        )
    }

    private static func style(of fileDescriptor: Int32, environment: [String: String]) -> Style {
        // A dumb terminal moves no cursor and clears no line either: it gets what a file gets.
        let isTerminal = isatty(fileDescriptor) == 1 && environment["TERM"] != "dumb"
        let noColour = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return Style(isTerminal: isTerminal, allowsColour: isTerminal && !noColour)
    }
}

private func terminalWidth() -> Int? {
    var size = winsize()
    for fileDescriptor in [STDOUT_FILENO, STDERR_FILENO] {
        if ioctl(fileDescriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    }
    return nil
}
