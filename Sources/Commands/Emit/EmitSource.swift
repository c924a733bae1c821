// SPDX-License-Identifier: Apache-2.0

import Values

/// Where `slipway emit` takes its events from, one after another.
struct EmitSource: Sendable {
    private var builder: EmitBuilder
    private var remaining: Int
    private var lines = EventLines()
    private var waiting: [EventLines.Document] = []
    private var input: InputStream?

    /// Opens the file, if there is one.
    ///
    /// - Throws: `InputStream.Failure` when it can't be opened.
    init(_ options: EmitOptions, topic: String) throws(InputStream.Failure) {
        self.builder = EmitBuilder(options, topic: topic)
        self.remaining = options.file == nil ? options.count : 0
        self.input = nil
        if let file = options.file { self.input = try InputStream(path: file) }
    }

    /// Returns the events that are there, waiting for at least one.
    ///
    /// - Parameter maximum: The most; 1 or more.
    /// - Returns: Events; none at the end.
    /// - Throws: What reading the file throws, and `CancellationError`.
    mutating func next(maximum: Int) async throws -> [EmitCandidate] {
        let time = Timestamp.now()
        guard self.input != nil || !self.waiting.isEmpty else {
            let count = min(maximum, self.remaining)
            self.remaining -= count
            return (0..<count).map { _ in self.builder.next(time: time, newID: Self.randomID) }
        }
        while self.waiting.isEmpty, let input = self.input {
            let bytes = try await input.next()
            if bytes.isEmpty {
                if let last = self.lines.finish() { self.waiting.append(last) }
                await self.close()
            } else {
                self.waiting = try self.lines.add(bytes)
            }
        }
        let portion = self.waiting.prefix(maximum)
        self.waiting.removeFirst(portion.count)
        return portion.map { self.builder.next($0, time: time, newID: Self.randomID) }
    }

    /// Closes the file.
    mutating func close() async {
        await self.input?.close()
        self.input = nil
    }

    /// 128 random bits in lower-case hexadecimal digits.
    private static func randomID() -> String {
        Hex.text(UInt128.random(in: .min ... .max))
    }
}
