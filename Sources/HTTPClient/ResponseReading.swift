// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// Gathers a response as it arrives.
struct ResponseReading {
    /// Longest head taken, in bytes.
    private static let maximumHeadBytes = 256 << 10

    private let maximumBytes: Int
    private var body: [UInt8] = []
    /// Header lines without their line ends, one after another.
    private var head: [UInt8] = []
    private var lineEnds: [Int] = []
    /// Whether the empty line that ends the head has come; libcurl takes a head that was cut for a whole response.
    private(set) var isHeadComplete = false
    /// Whether the response went over a limit.
    private(set) var isTooLarge = false

    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
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
        if bytes.starts(with: "HTTP/".utf8) {
            self.head.removeAll(keepingCapacity: true)
            self.lineEnds.removeAll(keepingCapacity: true)
            self.isHeadComplete = false
            return true
        }
        guard self.head.count + bytes.count <= Self.maximumHeadBytes else {
            self.isTooLarge = true
            return false
        }
        var line = bytes[...]
        while let last = line.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else {
            self.isHeadComplete = true
            return true
        }
        self.head.append(contentsOf: line)
        self.lineEnds.append(self.head.count)
        return true
    }

    /// The whole response.
    mutating func take(status: Int) -> HTTPResponse {
        var headers: [(name: String, value: String)] = []
        headers.reserveCapacity(self.lineEnds.count)
        var start = 0
        for end in self.lineEnds {
            defer { start = end }
            guard let colon = self.head[start..<end].firstIndex(of: UInt8(ascii: ":")) else { continue }
            let value = self.head[(colon + 1)..<end].drop(while: Self.isBlank)
            let length = value.count - value.reversed().prefix(while: Self.isBlank).count
            headers.append(
                (
                    String(decoding: self.head[start..<colon], as: UTF8.self),
                    String(decoding: value.prefix(length), as: UTF8.self)
                )
            )
        }
        defer { self.body = [] }
        return HTTPResponse(status: status, headers: headers, body: self.body)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
