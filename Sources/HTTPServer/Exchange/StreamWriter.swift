// SPDX-License-Identifier: Apache-2.0

import Threads

/// Writes the body of one reply in pieces, from any thread or task.
///
/// A stream that is dropped without `end` closes the connection, so that the client can tell it from a whole one.
package final class StreamWriter: Sendable {
    /// What a write met.
    package enum Status: Sendable, Equatable {
        /// More may be written.
        case open
        /// The piece was taken, but the client lags by more than 256 KiB: await `ready()` before the next.
        case full
        /// The client or the server has gone, or the stream was ended; nothing was taken.
        case closed
    }

    let state = StreamState()
    private let exchange: Exchange
    private let generation: UInt64

    init(_ exchange: Exchange, _ generation: UInt64) {
        self.exchange = exchange
        self.generation = generation
    }

    deinit {
        guard self.state.end() else { return }
        let (exchange, generation) = (self.exchange, self.generation)
        exchange.core.loop.perform { exchange.streamDropped(generation) }
    }

    /// Hands over one piece; never blocks.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Status {
        let status = self.state.add(bytes.count)
        guard status != .closed, !bytes.isEmpty else { return status }
        let (exchange, generation) = (self.exchange, self.generation)
        exchange.core.loop.perform { exchange.writeChunk(bytes, generation) }
        return status
    }

    /// Waits until the client has caught up.
    ///
    /// - Returns: `false` when the stream is closed or the task was cancelled.
    package func ready() async -> Bool {
        await self.state.ready()
    }

    /// Ends the reply; what was written before is still sent.
    package func end() {
        guard self.state.end() else { return }
        let (exchange, generation) = (self.exchange, self.generation)
        exchange.core.loop.perform { exchange.endStream(generation) }
    }

    /// Whether writing is over: ended, or the client or the server has gone.
    package var isClosed: Bool { self.state.isClosed }

    /// Calls `body` once when the stream is closed, for whatever reason; at once when it is already.
    ///
    /// Called on the server's thread, or on the caller's; it must not block.
    package func onClose(_ body: @escaping @Sendable () -> Void) {
        self.state.onClose(body)
    }
}

/// What the writer's side and the loop's side of a stream share.
final class StreamState: Sendable {
    /// Bytes written and not yet taken by the system at which a writer should wait.
    private static let highWater = 256 << 10
    /// Bytes at which it may go on.
    private static let lowWater = 64 << 10

    private struct Content: Sendable {
        var bufferedBytes = 0
        var isClosed = false
        var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var nextWaiter: UInt64 = 0
        var closeActions: [@Sendable () -> Void] = []
    }

    private let content = Locked(Content())

    var isClosed: Bool { self.content.withLock { $0.isClosed } }

    func add(_ count: Int) -> StreamWriter.Status {
        self.content.withLock { content in
            guard !content.isClosed else { return .closed }
            content.bufferedBytes += count
            return content.bufferedBytes > Self.highWater ? .full : .open
        }
    }

    /// Notes that the system has taken so many bytes.
    func flushed(_ count: Int) {
        let waiters = self.content.withLock { content -> [CheckedContinuation<Bool, Never>] in
            content.bufferedBytes -= count
            guard content.bufferedBytes <= Self.lowWater else { return [] }
            defer { content.waiters = [:] }
            return Array(content.waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    func ready() async -> Bool {
        let number = self.content.withLock { content in
            content.nextWaiter += 1
            return content.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = self.content.withLock { content -> Bool? in
                    if content.isClosed || Task.isCancelled { return false }
                    if content.bufferedBytes <= Self.lowWater { return true }
                    content.waiters[number] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            self.content.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: false)
        }
    }

    func onClose(_ body: @escaping @Sendable () -> Void) {
        let isClosed = self.content.withLock { content in
            if !content.isClosed { content.closeActions.append(body) }
            return content.isClosed
        }
        if isClosed { body() }
    }

    /// Closes the stream from the writer's side.
    ///
    /// - Returns: `false` when it was closed before.
    func end() -> Bool {
        let closed = self.content.withLock { content -> Content? in
            guard !content.isClosed else { return nil }
            defer {
                content.isClosed = true
                content.waiters = [:]
                content.closeActions = []
            }
            return content
        }
        guard let closed else { return false }
        for waiter in closed.waiters.values { waiter.resume(returning: false) }
        for action in closed.closeActions { action() }
        return true
    }

    /// Closes the stream from the loop's side; nothing when it was closed before.
    func close() {
        _ = self.end()
    }
}
