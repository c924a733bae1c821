// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Writes small files whole.
package enum FileWriter {
    /// Writes a file anew, readable by its owner alone.
    ///
    /// - Parameters:
    ///   - bytes: What is to be in it.
    ///   - path: The path; a file that is there is replaced.
    /// - Throws: `FileError` if it cannot be opened or written.
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(.system(errno), operation: "open", path: path) }
        defer { close(descriptor) }
        try bytes.withUnsafeBufferPointer { bytes throws(FileError) in
            try FileDescriptor(descriptor).writeAll(UnsafeRawBufferPointer(bytes))
        }
    }
}
