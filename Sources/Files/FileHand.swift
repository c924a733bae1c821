// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Somebody beside root and this process's user who may change a file, or put another one in its place.
package struct FileHand: Sendable, Equatable {
    /// Who it is.
    package enum Who: Sendable, Equatable {
        /// Everybody on this machine.
        case everybody
        /// The group of the file or folder.
        case group
        /// Another user, to whom it belongs.
        case owner(UInt32)
    }

    /// Who it is.
    package let who: Who
    /// What it is that they have in hand.
    package enum Thing: Sendable, Equatable {
        /// The file itself.
        case file
        /// A folder on the way to it.
        case folder
        /// A symbolic link on the way to it.
        case link
    }

    /// The file, or what lies on the way to it.
    package let path: String
    /// What that is.
    package let thing: Thing

    /// Names somebody.
    package init(who: Who, path: String, thing: Thing) {
        self.who = who
        self.path = path
        self.thing = thing
    }

    /// What they may do, and what takes that from them; one line.
    package var description: String {
        let words =
            switch self.thing {
            case .file: self.path
            case .folder: "folder \(self.path), and put another file in the place of one below it"
            case .link: "symbolic link \(self.path), and lead it to another file"
            }
        let command = self.thing == .link ? "chown -h" : "chown"
        return switch self.who {
        case .everybody: "everybody may write \(words); chmod o-w \(self.path)"
        case .group: "its group may write \(words); chmod g-w \(self.path)"
        case .owner(let user):
            "user \(user) owns \(words); \(command) \(self.path) to root, or to the user who runs slipway"
        }
    }

    /// Finds who may change a file or what it lies in.
    ///
    /// - Parameter path: A file, or a folder of files; symbolic links are followed, and every folder on the way counts, as do
    ///   those in which the links stand.
    /// - Returns: All of them, those of the file first; none where there is no such file.
    package static func all(of path: String) -> [FileHand] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        return self.found(path, status) + self.above(path)
    }

    /// Finds who may exchange a file by what lies on the way to it.
    static func above(_ path: String) -> [FileHand] {
        let walk = PathWalk(path)
        let folders = walk.folders.flatMap { folder -> [FileHand] in
            var status = stat()
            return lstat(folder, &status) == 0 ? self.found(folder, status) : []
        }
        return folders + walk.links.compactMap(self.owner)
    }

    /// Who may lead a link elsewhere because it is theirs.
    ///
    /// In a folder that is not sticky it is who may write that one, which is looked at by itself.
    private static func owner(of link: PathWalk.Link) -> FileHand? {
        var (status, folder) = (stat(), stat())
        guard lstat(link.path, &status) == 0, lstat(link.folder, &folder) == 0, folder.st_mode & S_ISVTX != 0,
            self.isForeign(status.st_uid)
        else { return nil }
        return FileHand(who: .owner(status.st_uid), path: link.path, thing: .link)
    }

    private static func isForeign(_ user: UInt32) -> Bool { user != 0 && user != geteuid() }

    private static func found(_ path: String, _ status: stat) -> [FileHand] {
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard isFolder || status.st_mode & S_IFMT == S_IFREG else { return [] }
        var hands: [FileHand] = []
        func add(_ who: Who) { hands.append(FileHand(who: who, path: path, thing: isFolder ? .folder : .file)) }
        if self.isForeign(status.st_uid) { add(.owner(status.st_uid)) }
        // In a sticky folder, as /tmp is one, others may add files, and take away none but their own.
        guard !isFolder || status.st_mode & S_ISVTX == 0 else { return hands }
        if status.st_mode & S_IWOTH != 0 { add(.everybody) }
        if status.st_mode & S_IWGRP != 0 { add(.group) }
        return hands
    }
}
