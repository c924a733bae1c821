// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A named thread of our own that runs one function to its end.
///
/// For C libraries whose calls block or whose event loop must stay on one thread: nothing that blocks may run on the
/// cooperative pool. The owner makes the function return (by its own stop flag and wake-up), then awaits `join()`.
package final class DedicatedThread: Sendable {
    private let ended = OneShotEvent()

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: Shown by debuggers and `top -H`; Linux keeps the first 15 bytes.
    ///   - body: Runs once on the new thread.
    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Start(name: name, body: body, ended: self.ended)
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, runThread, Unmanaged.passRetained(start).toOpaque())
        precondition(code == 0, "pthread_create failed for '\(name)': error \(code)")
        pthread_detach(thread)
    }

    /// Waits, without blocking a thread of the pool, until the function has returned.
    ///
    /// Not cut short by cancellation.
    package func join() async {
        await self.ended.wait()
    }
}

/// What travels to the new thread.
private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    let ended: OneShotEvent

    init(name: String, body: @escaping @Sendable () -> Void, ended: OneShotEvent) {
        self.name = name
        self.body = body
        self.ended = ended
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    nameThisThread(start.name)
    start.body()
    start.ended.complete()
    return nil
}

/// Names the calling thread for debuggers; a failure is harmless, so it is not reported.
private func nameThisThread(_ name: String) {
    // `pthread_setname_np` and `prctl` are out of Swift's reach (GNU extension, variadic); the kernel's file is not.
    let file = open("/proc/thread-self/comm", O_WRONLY)
    guard file >= 0 else { return }
    defer { close(file) }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(file, bytes, bytes.count)
}
