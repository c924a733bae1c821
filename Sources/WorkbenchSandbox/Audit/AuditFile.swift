// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Why the audit file can't be used.
package struct AuditFileFailure: Error, Equatable, CustomStringConvertible {
    /// Names the file and the system's reason.
    package let description: String
}

/// Appends the audit to a file, line by line, as it happens.
///
/// Without buffer: what was written outlives the process, though not the machine.
final class AuditFile: Sendable {
    private let descriptor: Int32
    private let path: String
    private let hasFailed = Atomic(false)

    /// Opens the file, and makes it where there is none.
    init(path: String) throws(AuditFileFailure) {
        self.path = path
        self.descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard self.descriptor >= 0 else {
            throw AuditFileFailure(description: "can't write the audit file \(path): \(systemReason())")
        }
    }

    deinit {
        close(self.descriptor)
    }

    /// Writes the lines; the first failure is reported on standard error.
    func append(_ lines: [UInt8]) {
        guard !lines.isEmpty else { return }
        lines.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = write(self.descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0 {
                    if errno == EINTR { continue }
                    return self.report(systemReason())
                }
                rest = rest.dropFirst(written)
            }
        }
    }

    private func report(_ reason: String) {
        guard !self.hasFailed.exchange(true, ordering: .relaxed) else { return }
        let line = Array("sandbox: the audit file \(self.path) is incomplete: \(reason)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}

private func systemReason() -> String {
    String(cString: strerror(errno))
}
