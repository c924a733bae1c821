// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc
import Testing

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
