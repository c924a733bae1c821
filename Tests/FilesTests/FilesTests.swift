// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc
import Testing

/// Makes a folder below the temporary directory, and removes it with its files and folders after the body.
private func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/slipway-folder-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer {
        unlink("\(path)/key")
        unlink("\(path)/link")
        unlink("\(path)/first")
        unlink("\(path)/inner/key")
        unlink("\(path)/inner/link")
        rmdir("\(path)/inner")
        rmdir(path)
    }
    chmod(path, 0o755)
    try body(path)
}

/// Writes a file below the temporary directory, and removes it after the body.
private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    var template = Array("/tmp/slipway-files-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    try #require(descriptor >= 0)
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer {
        close(descriptor)
        unlink(path)
    }
    try bytes.withUnsafeBytes { try FileDescriptor(descriptor).writeAll($0) }
    try body(path)
}

@Suite("Files")
struct FilesTests {
    @Test(arguments: [0, 1, 65_536, 200_000])
    func readsWhatWasWritten(size: Int) throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        try withFile(bytes) { path in
            let read = try FileReader.read(path, maximumBytes: 200_000)
            #expect(read == bytes)
        }
    }

    @Test func refusesAFileBeyondTheLimit() throws {
        try withFile([1, 2, 3]) { path in
            let read = try FileReader.read(path, maximumBytes: 3)
            #expect(read.count == 3)
            let error = #expect(throws: FileError.self) { try FileReader.read(path, maximumBytes: 2) }
            #expect(error?.reason == .tooLarge(maximumBytes: 2))
            #expect(error?.description == "cannot read \(path): larger than the limit of 2 bytes")
        }
    }

    /// Whether a file of one byte is read.
    private func isRead(_ read: () throws(FileError) -> [UInt8]) -> Bool {
        do throws(FileError) { return try read() == [1] } catch { return false }
    }

    @Test func aFileThatOthersMayWriteIsNotBelieved() throws {
        try withFile([1]) { path in
            #expect(self.isRead { () throws(FileError) in try FileReader.read(path, maximumBytes: 1, trust: .found) })
            chmod(path, 0o620)
            #expect(self.isRead { () throws(FileError) in try FileReader.read(path, maximumBytes: 1, trust: .named) })
            let group = #expect(throws: FileError.self) {
                try FileReader.read(path, maximumBytes: 1, trust: .found)
            }
            #expect(group?.reason == .writableBy("its group"))
            #expect(FileHand.all(of: path) == [FileHand(who: .group, path: path, thing: .file)])
            chmod(path, 0o602)
            let all = #expect(throws: FileError.self) { try FileReader.read(path, maximumBytes: 1, trust: .named) }
            #expect(all?.reason == .writableBy("everybody"))
            #expect(self.isRead { () throws(FileError) in try FileReader.read(path, maximumBytes: 1) })
        }
    }

    /// Only root can give a file away.
    @Test(.enabled(if: geteuid() == 0))
    func aFoundFileOfAnotherUserIsNotBelieved() throws {
        try withFile([1]) { path in
            #expect(chown(path, 12_345, 12_345) == 0)
            #expect(self.isRead { () throws(FileError) in try FileReader.read(path, maximumBytes: 1, trust: .named) })
            let foreign = #expect(throws: FileError.self) {
                try FileReader.read(path, maximumBytes: 1, trust: .found)
            }
            #expect(foreign?.reason == .foreign(owner: 12_345))
        }
    }

    /// Whoever may write a folder may put another file in the place of one, whatever that one's own mode.
    @Test func aFileInAFolderThatOthersMayWriteIsNotBelieved() throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            try FileWriter.write([1], to: path)
            chmod(folder, 0o770)
            #expect(self.isRead { () throws(FileError) in try FileReader.read(path, maximumBytes: 1, trust: .named) })
            let group = #expect(throws: FileError.self) { try FileReader.read(path, maximumBytes: 1, trust: .found) }
            #expect(group?.description.contains("chmod g-w \(folder)") == true)
            chmod(folder, 0o777)
            let all = #expect(throws: FileError.self) { try FileReader.read(path, maximumBytes: 1, trust: .named) }
            #expect(all?.description.contains("chmod o-w \(folder)") == true)
            #expect(self.isRead { () throws(FileError) in try FileReader.read(path, maximumBytes: 1) })
            // As in /tmp: others may add files there, and take away none that is not theirs.
            chmod(folder, 0o1777)
            #expect(self.isRead { () throws(FileError) in try FileReader.read(path, maximumBytes: 1, trust: .found) })
        }
    }

    /// A folder further up can be exchanged with all that is in it; a link leads to a file elsewhere.
    @Test func foldersFurtherUpAndThoseOfALinkCount() throws {
        try withFolder { folder in
            let inner = "\(folder)/inner"
            #expect(mkdir(inner, 0o755) == 0)
            let path = "\(inner)/key"
            try FileWriter.write([1], to: path)
            chmod(folder, 0o777)
            #expect(throws: FileError.self) { try FileReader.read(path, maximumBytes: 1, trust: .named) }
            try withFolder { other in
                let link = "\(other)/link"
                #expect(symlink(path, link) == 0)
                #expect(throws: FileError.self) { try FileReader.read(link, maximumBytes: 1, trust: .named) }
                chmod(folder, 0o755)
                #expect(
                    self.isRead { () throws(FileError) in try FileReader.read(link, maximumBytes: 1, trust: .named) }
                )
                chmod(other, 0o777)
                #expect(throws: FileError.self) { try FileReader.read(link, maximumBytes: 1, trust: .named) }
            }
        }
    }

    /// Whoever may write the folder in which a link stands leads it elsewhere, in the middle of a path as well as at its end.
    @Test func theFolderInWhichALinkToAFolderStandsCounts() throws {
        try withFolder { safe in
            let inner = "\(safe)/inner"
            #expect(mkdir(inner, 0o755) == 0)
            try FileWriter.write([1], to: "\(inner)/key")
            try withFolder { open in
                #expect(symlink(inner, "\(open)/link") == 0)
                let path = "\(open)/link/key"
                #expect(FileHand.all(of: path) == [])
                chmod(open, 0o757)
                #expect(throws: FileError.self) { try FileReader.read(path, maximumBytes: 1, trust: .named) }
                #expect(FileHand.all(of: path) == [FileHand(who: .everybody, path: open, thing: .folder)])
                // Back through the link's parent, which is not the folder in which the link stands.
                #expect(FileHand.all(of: "\(open)/link/../inner/key").map(\.path) == [open])
            }
        }
    }

    /// Of links that lead to links each one counts.
    @Test func eachFolderOfAChainOfLinksCounts() throws {
        try withFolder { safe in
            let path = "\(safe)/key"
            try FileWriter.write([1], to: path)
            try withFolder { open in
                #expect(symlink(path, "\(open)/link") == 0)
                try withFolder { start in
                    // By a relative way, too.
                    let way = "../\(open.split(separator: "/").last ?? "")/link"
                    #expect(symlink(way, "\(start)/first") == 0)
                    #expect(FileHand.all(of: "\(start)/first") == [])
                    chmod(open, 0o757)
                    #expect(FileHand.all(of: "\(start)/first").map(\.path) == [open])
                    #expect(throws: FileError.self) {
                        try FileReader.read("\(start)/first", maximumBytes: 1, trust: .named)
                    }
                }
            }
        }
    }

    /// In a sticky folder nobody takes another's link away, and its owner may.
    @Test(.enabled(if: geteuid() == 0))
    func theOwnerOfALinkInAStickyFolderCounts() throws {
        try withFolder { safe in
            try FileWriter.write([1], to: "\(safe)/key")
            try withFolder { sticky in
                chmod(sticky, 0o1777)
                let link = "\(sticky)/link"
                #expect(symlink(safe, link) == 0)
                #expect(FileHand.all(of: "\(link)/key") == [])
                #expect(lchown(link, 12_345, 12_345) == 0)
                let hands = FileHand.all(of: "\(link)/key")
                #expect(hands.map(\.path) == [link] && hands.map(\.who) == [.owner(12_345)])
                #expect(hands.first?.description.contains("chown -h") == true)
                #expect(throws: FileError.self) {
                    try FileReader.read("\(link)/key", maximumBytes: 1, trust: .found)
                }
                // Where it is not sticky whoever may write it is named, and the link's owner may do no more.
                chmod(sticky, 0o755)
                #expect(FileHand.all(of: "\(link)/key") == [])
            }
        }
    }

    @Test func linksInACircleEnd() throws {
        try withFolder { folder in
            #expect(symlink("\(folder)/first", "\(folder)/link") == 0)
            #expect(symlink("\(folder)/link", "\(folder)/first") == 0)
            #expect(FileHand.all(of: "\(folder)/link") == [])
            #expect(throws: FileError.self) {
                try FileReader.read("\(folder)/link", maximumBytes: 1, trust: .found)
            }
        }
    }

    /// Its owner may exchange what is in it.
    @Test(.enabled(if: geteuid() == 0))
    func aFoundFileInAFolderOfAnotherUserIsNotBelieved() throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            try FileWriter.write([1], to: path)
            #expect(chown(folder, 12_345, 12_345) == 0)
            #expect(self.isRead { () throws(FileError) in try FileReader.read(path, maximumBytes: 1, trust: .named) })
            let foreign = #expect(throws: FileError.self) { try FileReader.read(path, maximumBytes: 1, trust: .found) }
            #expect(foreign?.description.contains("user 12345") == true)
        }
    }

    @Test func namesWhatIsMissingOrNoFile() {
        let missing = #expect(throws: FileError.self) { try FileReader.read("/nowhere/file", maximumBytes: 1) }
        #expect(missing?.isMissing == true)
        #expect(missing?.description == "cannot open /nowhere/file: No such file or directory")
        let directory = #expect(throws: FileError.self) { try FileReader.read("/tmp", maximumBytes: 1) }
        #expect(directory?.reason == .notARegularFile)
        let device = #expect(throws: FileError.self) { try FileReader.read("/dev/zero", maximumBytes: 1) }
        #expect(device?.reason == .notARegularFile)
    }

    @Test func writesAFileAnew() throws {
        try withFile([1, 2, 3, 4]) { path in
            try FileWriter.write([5, 6], to: path)
            let read = try FileReader.read(path, maximumBytes: 10)
            #expect(read == [5, 6])
        }
        let missing = #expect(throws: FileError.self) { try FileWriter.write([], to: "/nowhere/file") }
        #expect(missing?.isMissing == true)
    }

    @Test func aClosedDescriptorIsAnError() {
        let error = #expect(throws: FileError.self) {
            try [UInt8(1)].withUnsafeBytes { try FileDescriptor(-1).writeAll($0) }
        }
        #expect(error?.reason == .system(EBADF))
    }
}
