// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Who may have a hand in a file that is to be believed.
///
/// The file itself is looked at where it is open, so what is read is what was looked at; the folders above it, and those of
/// links on the way to it, by their paths.
/// A pipe's end is the process's own.
package enum FileTrust: Sendable {
    /// Anybody.
    case anybody
    /// Whoever owns it and its group, and those of the folders above it: a file that somebody has named.
    case named
    /// This process's user or root alone own it and the folders above, and nobody else may write them: a file that nobody has
    /// named.
    case found

    func complaint(_ status: stat) -> FileError.Reason? {
        guard status.st_mode & S_IFMT == S_IFREG, self != .anybody else { return nil }
        if status.st_mode & S_IWOTH != 0 { return .writableBy("everybody") }
        guard self == .found else { return nil }
        if status.st_uid != 0, status.st_uid != geteuid() { return .foreign(owner: status.st_uid) }
        return status.st_mode & S_IWGRP != 0 ? .writableBy("its group") : nil
    }

    /// Whoever can exchange the file is as good as one who can write it.
    func complaint(aboutFoldersAbove path: String, _ status: stat) -> FileError.Reason? {
        guard status.st_mode & S_IFMT == S_IFREG, self != .anybody else { return nil }
        return FileHand.above(path).first { self == .found || $0.who == .everybody }.map { .exchangeableBy($0) }
    }
}

/// What a file's mode gives to others than its owner.
package struct FileMode: Sendable, Equatable {
    /// Whether everybody on this machine may read it.
    package let isReadableByEverybody: Bool

    /// Looks at a file, or what a symbolic link leads to; `nil` for none, and for what is no regular file.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.isReadableByEverybody = status.st_mode & S_IROTH != 0
    }
}
