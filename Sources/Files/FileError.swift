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
        /// Somebody may write it who must not.
        case writableBy(String)
        /// Somebody may put another file in its place who must not.
        case exchangeableBy(FileHand)
        /// It was found, not named, and belongs to another user.
        case foreign(owner: UInt32)
    }

    /// Why.
    package let reason: Reason
    /// What was attempted: `open`, `read`, `use`, `write`.
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

    /// Whether there is no such file, or no way to one.
    package var isAbsent: Bool { self.isMissing || self.reason == .system(ENOTDIR) }
}

extension FileError: CustomStringConvertible {
    package var description: String { "cannot \(self.operation) \(self.path): \(self.why)" }

    /// Why, without operation and path.
    package var why: String {
        switch self.reason {
        case .system(let code): FileError.text(of: code)
        case .notARegularFile: "not a regular file"
        case .tooLarge(let maximumBytes): "larger than the limit of \(maximumBytes) bytes"
        case .writableBy(let others):
            "it may be written by \(others), so its owner may not be who speaks; chmod go-w \(self.path)"
        case .exchangeableBy(let hand): hand.description
        case .foreign(let owner):
            "it belongs to another user (\(owner)) and nobody has named it; name it if it is meant"
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
