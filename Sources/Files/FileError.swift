// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file could not be read or written.
package struct FileError: Error, Sendable, Equatable {
    /// Why.
    package enum Reason: Sendable, Equatable {
        /// What the system answered, as an `errno`.
        case system(Int32)
        /// The path names a directory, a device or the like.
        case notARegularFile
        /// The file is larger than the reader takes.
        case tooLarge(maximumBytes: Int)
    }

    /// Why.
    package let reason: Reason
    /// What was attempted: `open`, `read`, `write`.
    package let operation: String
    /// Which file.
    package let path: String

    init(_ reason: Reason, operation: String, path: String) {
        self.reason = reason
        self.operation = operation
        self.path = path
    }

    /// Whether the file does not exist.
    package var isMissing: Bool { self.reason == .system(ENOENT) }
}

extension FileError: CustomStringConvertible {
    package var description: String {
        switch self.reason {
        case .system(let code): "cannot \(self.operation) \(self.path): \(FileError.text(of: code))"
        case .notARegularFile: "cannot \(self.operation) \(self.path): not a regular file"
        case .tooLarge(let maximumBytes):
            "cannot \(self.operation) \(self.path): larger than the limit of \(maximumBytes) bytes"
        }
    }

    private static func text(of code: Int32) -> String {
        // strerror_r, since strerror's buffer is shared between threads.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            buffer.initialize(repeating: 0)
            guard let start = buffer.baseAddress else { return "error \(code)" }
            guard strerror_r(code, start, buffer.count) == 0 else { return "error \(code)" }
            return String(cString: start)
        }
    }
}
