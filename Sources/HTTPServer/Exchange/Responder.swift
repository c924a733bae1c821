// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One reply, whole.
package struct HTTPServerReply: Sendable {
    /// Status code, such as 200.
    package var status: Int
    /// Header fields; `Content-Length` and `Date` are added.
    package var headers: [(name: String, value: String)]
    /// Body bytes; not sent in reply to `HEAD` and with 204 and 304.
    package var body: [UInt8]

    /// Creates a reply.
    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The way to answer one request, at once or later, from any thread or task.
///
/// Exactly one of its methods is to be called, once; a second call does nothing but a report. A responder that is
/// dropped unused gives the client 500. After the client or the server has gone a reply does nothing.
package final class Responder: Sendable {
    private let exchange: Exchange
    private let generation: UInt64
    private let isUsed = Atomic(false)

    init(_ exchange: Exchange) {
        self.exchange = exchange
        self.generation = exchange.generation
    }

    deinit {
        guard !self.isUsed.load(ordering: .relaxed) else { return }
        let (exchange, generation) = (self.exchange, self.generation)
        exchange.core.loop.perform { exchange.replyDropped(generation) }
    }

    /// Sends a reply.
    package func reply(_ reply: HTTPServerReply) {
        self.use { exchange, generation in exchange.send(reply, generation) }
    }

    /// Sends a reply of these parts.
    package func reply(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.reply(HTTPServerReply(status: status, headers: headers, body: body))
    }

    /// Sends a plain text.
    package func reply(status: Int, text: String) {
        let headers = [(name: "Content-Type", value: "text/plain; charset=utf-8")]
        self.reply(HTTPServerReply(status: status, headers: headers, body: Array(text.utf8)))
    }

    /// Sends the head of a reply whose body follows in pieces (chunked for HTTP/1.1 clients).
    package func stream(status: Int, headers: [(name: String, value: String)] = []) -> StreamWriter {
        let writer = StreamWriter(self.exchange, self.generation)
        let state = writer.state
        let isFirst = self.use { exchange, generation in
            exchange.startStream(status: status, headers: headers, state: state, generation)
        }
        if !isFirst { state.close() }
        return writer
    }

    /// Closes the connection without a byte of reply: a fault to be simulated.
    package func closeWithoutReply() {
        self.raw([], thenClose: true)
    }

    /// Sends only the first bytes of a reply, head included, then closes: a fault to be simulated.
    ///
    /// - Parameters:
    ///   - reply: The reply as it would be.
    ///   - cutAfterBytes: How many bytes of its head and body are sent.
    package func reply(_ reply: HTTPServerReply, cutAfterBytes: Int) {
        self.raw(Array(reply.bytes().prefix(cutAfterBytes)), thenClose: true)
    }

    /// Sends bytes as they are in place of a reply: a fault to be simulated.
    ///
    /// - Parameters:
    ///   - bytes: Anything, HTTP or not.
    ///   - thenClose: Whether the connection is closed after the last byte; otherwise it stays open and silent until
    ///     the client closes it or the server stops.
    package func raw(_ bytes: [UInt8], thenClose: Bool) {
        self.use { exchange, generation in exchange.sendRaw(bytes, thenClose: thenClose, generation) }
    }

    @discardableResult
    private func use(_ body: @escaping @Sendable (Exchange, UInt64) -> Void) -> Bool {
        let (exchange, generation) = (self.exchange, self.generation)
        guard !self.isUsed.exchange(true, ordering: .relaxed) else {
            exchange.core.loop.perform { exchange.repliedTwice(generation) }
            return false
        }
        exchange.core.loop.perform { body(exchange, generation) }
        return true
    }
}

extension HTTPServerReply {
    /// Length in bytes of the whole reply, head included, as `reply(_:cutAfterBytes:)` counts it.
    package var size: Int { self.bytes().count }

    /// Whether a body may follow the head.
    var mayHaveBody: Bool { self.status >= 200 && self.status != 204 && self.status != 304 }

    /// The reply as sent over HTTP/1.1.
    func bytes() -> [UInt8] {
        var head = "HTTP/1.1 \(self.status) Simulated\r\n"
        for (name, value) in self.headers { head += "\(name): \(value)\r\n" }
        head += "Content-Length: \(self.body.count)\r\n\r\n"
        return Array(head.utf8) + self.body
    }
}
