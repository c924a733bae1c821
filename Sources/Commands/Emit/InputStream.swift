// SPDX-License-Identifier: Apache-2.0

import Glibc
import Threads

/// Reads a file or standard input piece by piece, on a thread of its own, so that a pipe's events go out as they come.
final class InputStream: Sendable {
    /// The input could not be opened or read.
    struct Failure: Error, Equatable, CustomStringConvertible {
        let path: String
        let code: Int32

        var description: String { "cannot read \(self.path): \(String(cString: strerror(self.code)))" }
    }

    private let path: String
    private let descriptor: Int32
    private let isOwned: Bool
    /// What wakes a read that waits: the writing end closes when the caller is cancelled.
    private let wake: (reading: Int32, writing: Int32)
    private let thread: BlockingThread

    /// Opens a file.
    ///
    /// - Parameter path: The path, or `-` for standard input.
    /// - Throws: `Failure` when it can't be opened.
    init(path: String) throws(Failure) {
        let isStandardInput = path == "-"
        let descriptor = isStandardInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path: path, code: errno) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let code = errno
            if !isStandardInput { Glibc.close(descriptor) }
            throw Failure(path: path, code: code)
        }
        self.path = isStandardInput ? "standard input" : path
        self.descriptor = descriptor
        self.isOwned = !isStandardInput
        self.wake = (ends[0], ends[1])
        self.thread = BlockingThread(name: "input")
    }

    /// Returns the next bytes; empty at the end of the file.
    ///
    /// - Throws: `Failure`, or `CancellationError` when the calling task was cancelled while nothing came.
    func next() async throws -> [UInt8] {
        let (descriptor, wake, path) = (self.descriptor, self.wake, self.path)
        let result = await withTaskCancellationHandler {
            await self.thread.run { Self.read(descriptor, wokenBy: wake.reading, path) }
        } onCancel: {
            var byte: UInt8 = 1
            _ = write(wake.writing, &byte, 1)
        }
        guard let bytes = try result.get() else { throw CancellationError() }
        return bytes
    }

    /// Closes the file and ends the thread; nobody may read any more.
    func close() async {
        await self.thread.close()
        Glibc.close(self.wake.reading)
        Glibc.close(self.wake.writing)
        if self.isOwned { Glibc.close(self.descriptor) }
    }

    private static func read(
        _ descriptor: Int32,
        wokenBy wake: Int32,
        _ path: String
    ) -> Result<[UInt8]?, Failure> {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waiting, 2, -1) >= 0 || errno == EINTR else {
                return .failure(Failure(path: path, code: errno))
            }
            if waiting[1].revents != 0 { return .success(nil) }
            guard waiting[0].revents != 0 else { continue }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count >= 0 { return .success(Array(buffer[..<count])) }
            guard errno == EINTR || errno == EAGAIN else { return .failure(Failure(path: path, code: errno)) }
        }
    }
}
