// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads small files whole: configuration, secrets, certificates.
package enum FileReader {
    /// Reads a regular file, or what a symbolic link leads to.
    ///
    /// A pipe such as a shell's `<(...)` is read as well; a directory or a device is refused.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - maximumBytes: The largest file that is taken.
    ///   - trust: Who may have a hand in it.
    /// - Returns: The bytes.
    /// - Throws: `FileError` if it cannot be opened or read, is no file, is too large, or must not be believed.
    package static func read(
        _ path: String,
        maximumBytes: Int,
        trust: FileTrust = .anybody
    ) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.system(errno), operation: "open", path: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(.system(errno), operation: "read", path: path) }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFIFO else {
            throw FileError(.notARegularFile, operation: "read", path: path)
        }
        if let complaint = trust.complaint(status) ?? trust.complaint(aboutFoldersAbove: path, status) {
            throw FileError(complaint, operation: "use", path: path)
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(maximumBytes + 1, 65_536))
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(.system(errno), operation: "read", path: path)
            }
            if count == 0 { return bytes }
            bytes += chunk.prefix(count)
            guard bytes.count <= maximumBytes else {
                throw FileError(.tooLarge(maximumBytes: maximumBytes), operation: "read", path: path)
            }
        }
    }
}
