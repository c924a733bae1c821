// SPDX-License-Identifier: Apache-2.0

/// How a command ended, as its caller sees it.
///
/// A program adds its own by an extension; their meanings appear in help where a command lists them.
package struct ExitStatus: Sendable, Hashable {
    /// The process's exit code, 0 to 255.
    package let code: UInt8
    /// What it means, in half a sentence without a full stop.
    package let meaning: String

    /// Creates a status.
    package init(code: UInt8, meaning: String) {
        self.code = code
        self.meaning = meaning
    }

    package static func == (left: ExitStatus, right: ExitStatus) -> Bool { left.code == right.code }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.code) }
}

extension ExitStatus {
    /// 0: the command did what it was asked to do.
    package static let success = ExitStatus(code: 0, meaning: "success")
    /// 1: the command failed, or found what it was asked to look for to be wrong.
    package static let failure = ExitStatus(code: 1, meaning: "the command failed")
    /// 2: the command line is wrong; nothing was done.
    package static let usage = ExitStatus(code: 2, meaning: "the command line is wrong")
    /// 3: the configuration is wrong; nothing was done.
    package static let configuration = ExitStatus(code: 3, meaning: "the configuration is wrong")
    /// 4: Kafka or the workbench cannot be reached, or refuses the credentials.
    package static let unavailable = ExitStatus(
        code: 4,
        meaning: "Kafka or the workbench is out of reach, or refuses the credentials"
    )
    /// 5: the worker was stuck and ended itself; started again it goes on from the journal.
    package static let stalled = ExitStatus(code: 5, meaning: "the worker was stuck and ended itself")
    /// 130: ended by Ctrl-C.
    package static let interrupted = ExitStatus(code: 130, meaning: "interrupted by Ctrl-C")
    /// 141: the reader of the output has closed it, as with any program that SIGPIPE ends.
    package static let outputClosed = ExitStatus(code: 141, meaning: "the reader of the output has gone")
}
