// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// Gathers a response as it arrives.
struct ResponseReading {
    /// Longest head taken, in bytes.
    static let maximumHeadBytes = 256 << 10

    private var maximumBytes = 0
    private var body: [UInt8] = []
    /// Header lines, each ended by a line feed.
    private var head: [UInt8] = []
    /// Size of the previous head; the next one is most often the same.
    private var expectedHeadBytes = 0
    /// Whether the empty line that ends the head has come; libcurl takes a head that was cut for a whole response.
    private(set) var isHeadComplete = false
    /// Whether the response went over a limit.
    private(set) var isTooLarge = false
    /// Whether it was the head that did.
    private(set) var isHeadTooLarge = false

    /// Forgets what was read and begins another response.
    mutating func begin(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
        self.body = []
        self.head = []
        self.isHeadComplete = false
        self.isTooLarge = false
        self.isHeadTooLarge = false
    }

    /// Takes a piece of the body; `false` ends the transfer.
    mutating func append(body bytes: UnsafeRawBufferPointer) -> Bool {
        guard self.body.count + bytes.count <= self.maximumBytes else {
            self.isTooLarge = true
            return false
        }
        self.body.append(contentsOf: bytes)
        return true
    }

    /// Takes one line of the head, or of the trailer; `false` ends the transfer.
    mutating func append(field bytes: UnsafeRawBufferPointer) -> Bool {
        // A status line begins another head: the one before was an interim response, such as 100.
        if bytes.first == UInt8(ascii: "H"), bytes.starts(with: "HTTP/".utf8) {
            self.head.removeAll(keepingCapacity: true)
            self.isHeadComplete = false
            return true
        }
        guard self.head.count + bytes.count <= Self.maximumHeadBytes else {
            (self.isTooLarge, self.isHeadTooLarge) = (true, true)
            return false
        }
        var count = bytes.count
        while count > 0, bytes[count - 1] == UInt8(ascii: "\n") || bytes[count - 1] == UInt8(ascii: "\r") { count -= 1 }
        guard count > 0 else {
            self.isHeadComplete = true
            return true
        }
        if self.head.isEmpty { self.head.reserveCapacity(self.expectedHeadBytes) }
        self.head.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        self.head.append(UInt8(ascii: "\n"))
        return true
    }

    /// The whole response; keeps nothing of it.
    mutating func take(status: Int) -> HTTPResponse {
        self.expectedHeadBytes = self.head.count
        defer { (self.head, self.body) = ([], []) }
        return HTTPResponse(status: status, fields: HTTPFields(lines: self.head), body: self.body)
    }
}
