// SPDX-License-Identifier: Apache-2.0

import CEvent

/// One request and its reply, on the loop's thread.
///
/// Used again for later requests: a responder names the generation it was made for, so that one that comes too late
/// meets nothing. libevent neither reads from nor frees a connection whose request waits for its reply, which is why
/// a reply may come at any time; from the reply on the connection may end at any moment and `connectionClosed` says so.
final class Exchange: @unchecked Sendable {
    // Safe: all but `core` is touched only by the loop's thread.
    private enum State {
        /// No request.
        case idle
        /// The handler owes a reply.
        case waiting
        /// The reply is handed to libevent and not flushed yet.
        case sending
        /// The head is sent, the writer owes the end.
        case streaming(StreamState)
        /// Raw bytes take the place of a reply.
        case raw(thenClose: Bool)
    }

    let core: ServerCore
    private(set) var generation: UInt64 = 0
    private var state = State.idle
    private var request: UnsafeMutablePointer<evhttp_request>?
    private var connection: OpaquePointer?
    private var method = HTTPMethod.get
    /// What reports call the request.
    private var route = ""
    /// Bytes of the stream that libevent holds.
    private var unflushedBytes = 0

    init(core: ServerCore) {
        self.core = core
    }

    /// Takes over a request that libevent has read.
    func begin(_ request: UnsafeMutablePointer<evhttp_request>, method: HTTPMethod) {
        self.state = .waiting
        self.request = request
        self.connection = evhttp_request_get_connection(request)
        self.method = method
        let context = Unmanaged.passUnretained(self).toOpaque()
        evhttp_request_set_on_complete_cb(request, replyFlushed, context)
        evhttp_connection_set_closecb(self.connection, connectionClosed, context)
    }

    /// Names the request in reports.
    func name(_ route: String) { self.route = route }

    private func release() {
        if case .streaming(let state) = self.state { state.close() }
        self.generation += 1
        self.state = .idle
        self.request = nil
        self.connection = nil
        self.unflushedBytes = 0
        self.core.released(self)
    }

    /// Whether `generation` still owes a reply.
    private func owesReply(_ generation: UInt64) -> UnsafeMutablePointer<evhttp_request>? {
        guard generation == self.generation, case .waiting = self.state else { return nil }
        return self.request
    }

    // MARK: Replies

    func send(_ reply: HTTPServerReply, _ generation: UInt64) {
        guard let request = self.owesReply(generation) else { return }
        self.state = .sending
        self.addHeaders(reply.headers, to: request)
        if reply.mayHaveBody {
            if self.method == .head {
                evhttp_add_header(
                    evhttp_request_get_output_headers(request),
                    "Content-Length",
                    String(reply.body.count)
                )
            } else if !reply.body.isEmpty {
                evbuffer_add(evhttp_request_get_output_buffer(request), reply.body, reply.body.count)
            }
        }
        evhttp_send_reply(request, Int32(reply.status), nil, nil)
    }

    func sendRaw(_ bytes: [UInt8], thenClose: Bool, _ generation: UInt64) {
        guard self.owesReply(generation) != nil, let connection = self.connection else { return }
        self.state = .raw(thenClose: thenClose)
        if bytes.isEmpty && thenClose { return evhttp_connection_free(connection) }
        let buffer = evhttp_connection_get_bufferevent(connection)
        bufferevent_setcb(
            buffer,
            rawRead,
            rawWritten,
            rawFailed,
            Unmanaged.passUnretained(self).toOpaque()
        )
        if !thenClose { bufferevent_set_timeouts(buffer, nil, nil) }
        bufferevent_write(buffer, bytes, bytes.count)
        bufferevent_enable(buffer, Int16(EV_READ | EV_WRITE))
    }

    func replyDropped(_ generation: UInt64) {
        guard self.owesReply(generation) != nil else { return }
        self.core.report(.droppedWithoutReply(route: self.route))
        let body = Array("the handler ended without a reply\n".utf8)
        self.send(
            HTTPServerReply(status: 500, headers: [("Content-Type", "text/plain; charset=utf-8")], body: body),
            generation
        )
    }

    func repliedTwice(_ generation: UInt64) {
        self.core.report(.secondReply(route: generation == self.generation ? self.route : "an ended request"))
    }

    private func addHeaders(
        _ headers: [(name: String, value: String)],
        to request: UnsafeMutablePointer<evhttp_request>
    ) {
        let list = evhttp_request_get_output_headers(request)
        for (name, value) in headers where evhttp_add_header(list, name, value) != 0 {
            self.core.report(.invalidHeader(name: name))
        }
        if self.core.closesAfterReply {
            evhttp_remove_header(list, "Connection")
            evhttp_add_header(list, "Connection", "close")
        }
    }

    // MARK: Streams

    func startStream(
        status: Int,
        headers: [(name: String, value: String)],
        state: StreamState,
        _ generation: UInt64
    ) {
        guard let request = self.owesReply(generation), let connection = self.connection else { return state.close() }
        self.state = .streaming(state)
        self.addHeaders(headers, to: request)
        if request.pointee.minor == 0 {
            // HTTP/1.0 has no chunks: only closing the connection can end the body.
            evhttp_remove_header(evhttp_request_get_input_headers(request), "Connection")
        }
        bufferevent_set_timeouts(evhttp_connection_get_bufferevent(connection), nil, nil)
        evhttp_send_reply_start(request, Int32(status), nil)
    }

    func writeChunk(_ bytes: [UInt8], _ generation: UInt64) {
        guard generation == self.generation, case .streaming(let state) = self.state else { return }
        guard self.method != .head else { return state.flushed(bytes.count) }
        self.unflushedBytes += bytes.count
        evbuffer_add(self.core.scratch, bytes, bytes.count)
        let context = Unmanaged.passUnretained(self).toOpaque()
        evhttp_send_reply_chunk_with_cb(self.request, self.core.scratch, chunksFlushed, context)
    }

    func endStream(_ generation: UInt64) {
        guard generation == self.generation, case .streaming = self.state, let connection = self.connection else {
            return
        }
        self.state = .sending
        self.core.setIdleTimeout(of: connection)
        evhttp_send_reply_end(self.request)
    }

    func streamDropped(_ generation: UInt64) {
        guard generation == self.generation, case .streaming = self.state, let connection = self.connection else {
            return
        }
        self.core.report(.streamDropped(route: self.route))
        evhttp_connection_free(connection)
    }

    // MARK: What libevent says

    fileprivate func flushed() {
        // The connection lives on for other requests, which are none of this exchange's business.
        evhttp_connection_set_closecb(self.connection, nil, nil)
        self.release()
    }

    fileprivate func closed() {
        // libevent leaves a request behind whose reply was not complete when the client went.
        if let request = self.request, evhttp_request_get_connection(request) == nil { evhttp_request_free(request) }
        self.release()
    }

    fileprivate func chunksTaken() {
        guard case .streaming(let state) = self.state else { return }
        state.flushed(self.unflushedBytes)
        self.unflushedBytes = 0
    }

    fileprivate func rawBytesTaken() {
        if case .raw(thenClose: true) = self.state { evhttp_connection_free(self.connection) }
    }

    fileprivate func rawConnectionFailed() {
        evhttp_connection_free(self.connection)
    }
}

private func exchange(_ context: UnsafeMutableRawPointer?) -> Exchange? {
    context.map { Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
}

private func replyFlushed(_: UnsafeMutablePointer<evhttp_request>?, _ context: UnsafeMutableRawPointer?) {
    exchange(context)?.flushed()
}

private func connectionClosed(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    exchange(context)?.closed()
}

private func chunksFlushed(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    exchange(context)?.chunksTaken()
}

private func rawRead(_ buffer: OpaquePointer?, _: UnsafeMutableRawPointer?) {
    // Further requests on a connection that is to be cut or left silent go nowhere.
    let input = bufferevent_get_input(buffer)
    evbuffer_drain(input, evbuffer_get_length(input))
}

private func rawWritten(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    exchange(context)?.rawBytesTaken()
}

private func rawFailed(_: OpaquePointer?, _: Int16, _ context: UnsafeMutableRawPointer?) {
    exchange(context)?.rawConnectionFailed()
}
