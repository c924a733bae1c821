// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open file, pipe or terminal that belongs to somebody else: never closed here.
package struct FileDescriptor: Sendable {
    /// The kernel's number.
    package let number: Int32

    /// Names an open descriptor.
    package init(_ number: Int32) { self.number = number }

    /// Standard output.
    package static let standardOutput = FileDescriptor(STDOUT_FILENO)
    /// Standard error.
    package static let standardError = FileDescriptor(STDERR_FILENO)

    /// Writes every byte, blocking as long as the reader takes.
    ///
    /// Works for a descriptor that another program has set non-blocking, as happens to a shared terminal. The process
    /// must ignore SIGPIPE, or a reader that has gone ends it.
    ///
    /// - Parameter bytes: What to write.
    /// - Throws: `FileError` when the other end is closed or refuses.
    package func writeAll(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(self.number, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            let code = errno
            switch code {
            case EINTR: continue
            case EAGAIN:
                var request = pollfd(fd: self.number, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            default: throw FileError(.system(code), operation: "write", path: "file descriptor \(self.number)")
            }
        }
    }

    /// Writes a text as UTF-8, blocking as long as the reader takes.
    ///
    /// - Parameter text: What to write.
    /// - Throws: `FileError` when the other end is closed or refuses.
    package func writeAll(_ text: String) throws(FileError) {
        try Array(text.utf8).withUnsafeBufferPointer { bytes throws(FileError) in
            try self.writeAll(UnsafeRawBufferPointer(bytes))
        }
    }
}
