// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the system passes on its way to a file: whoever may change any of it decides which file is found.
///
/// Goes from part to part as the system does, since a path that is resolved at once no longer says where its links stood.
struct PathWalk {
    /// As many links as the system follows before it gives up.
    private static let mostLinks = 40

    /// A symbolic link that is followed.
    struct Link {
        let path: String
        /// The folder in which it stands.
        let folder: String
    }

    /// The folders in which a part of the way stands, each once, the last one first; none of them by a link.
    private(set) var folders: [String] = []
    /// The links, the last one first.
    private(set) var links: [Link] = []

    /// Walks from the root, or from the working directory, to where a path leads; what is missing ends it.
    init(_ path: String) {
        var rest = Self.parts(of: path)
        if !path.hasPrefix("/") {
            guard let directory = Self.workingDirectory else { return }
            // It has no links in it, and whoever may exchange it counts all the same.
            rest += Self.parts(of: directory)
        }
        var folder = "/"
        while let name = rest.popLast() {
            self.pass(folder)
            guard name != ".." else {
                folder = Self.folder(of: folder)
                continue
            }
            let place = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
            var status = stat()
            guard lstat(place, &status) == 0 else { return }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: folder = place
            case S_IFLNK:
                guard self.links.count < Self.mostLinks, let target = Self.target(of: place) else { return }
                self.links.insert(Link(path: place, folder: folder), at: 0)
                if target.hasPrefix("/") { folder = "/" }
                rest += Self.parts(of: target)
            default: return
            }
        }
    }

    private mutating func pass(_ folder: String) {
        guard !self.folders.contains(folder) else { return }
        self.folders.insert(folder, at: 0)
    }

    /// The names in a path, the last one first.
    private static func parts(of path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }.reversed()
    }

    /// The folder above one that is named without links.
    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static var workingDirectory: String? {
        guard let found = getcwd(nil, 0) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    private static func target(of link: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(link, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
