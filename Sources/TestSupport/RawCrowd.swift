// SPDX-License-Identifier: Apache-2.0

import Glibc
import Threads

/// Many TCP connections on one thread, so that a test waits a few times for all of them and not once or more for each.
package final class RawCrowd: Sendable {
    private let descriptors: [Int32]
    private let thread: BlockingThread

    /// Connects so many clients to a port of this machine, one after another; each sends the text at once.
    package init(_ count: Int, port: UInt16, sending text: String) async throws {
        let thread = BlockingThread(name: "raw-crowd")
        self.thread = thread
        self.descriptors = try await thread.run {
            Result {
                try (0..<count).map { _ in
                    let descriptor = try RawSocket.connected(to: port)
                    RawSocket.send(text, over: descriptor)
                    return descriptor
                }
            }
        }.get()
    }

    /// Waits until the other side has closed the first so many.
    package func closed(first count: Int) async {
        let oldest = self.descriptors.prefix(count)
        await self.thread.run { oldest.forEach(RawSocket.waitForEnd) }
    }

    /// Closes all.
    package func close() async {
        for descriptor in self.descriptors { _ = Glibc.close(descriptor) }
        await self.thread.close()
    }
}
