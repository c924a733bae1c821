// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc

/// What a process takes of the machine, as the kernel tells it in `/proc`.
package struct ProcessUsage: Sendable, Equatable {
    /// Memory in RAM (resident set), in bytes.
    package let residentBytes: Int
    /// Time that a core worked for it since its start, user and kernel together.
    package let processorTime: Duration

    /// Reads it; `nil` when there is no such process.
    package init?(of process: Int32) {
        guard let pages = ProcessUsage.fields(of: "/proc/\(process)/statm"),
            let stat = ProcessUsage.fields(of: "/proc/\(process)/stat"), pages.count > 1, stat.count > 12,
            let resident = Int(pages[1]), let user = Int(stat[11]), let kernel = Int(stat[12])
        else { return nil }
        self.residentBytes = resident * Int(sysconf(Int32(_SC_PAGESIZE)))
        self.processorTime = .milliseconds((user + kernel) * 1_000 / Int(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// The words of a file; of `stat` those after the program's name, which may hold spaces and parentheses.
    private static func fields(of path: String) -> [Substring]? {
        guard case .success(let bytes) = Result(catching: { try FileReader.read(path, maximumBytes: 65_536) }) else {
            return nil
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let rest = text.lastIndex(of: ")").map { text[text.index(after: $0)...] } ?? text[...]
        return rest.split { $0 == " " || $0 == "\n" }
    }
}
