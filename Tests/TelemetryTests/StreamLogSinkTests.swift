// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc
import Telemetry
import Testing
import Values

/// A pipe whose ends are closed when it goes.
private final class Pipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        (self.readEnd, self.writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(self.readEnd)
        close(self.writeEnd)
    }

    /// Reads until a line starts with `prefix`, and returns all lines.
    func readLines(until isLast: (Substring) -> Bool) -> [Substring] {
        self.readAll { $0.last.map(isLast) ?? false }
    }

    /// Reads whole lines until they are all that is expected.
    func readAll(until isDone: ([Substring]) -> Bool) -> [Substring] {
        var bytes: [UInt8] = []
        while true {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = read(self.readEnd, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            if bytes.last == UInt8(ascii: "\n"), isDone(lines) { return lines }
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}

@Suite("Stream log sink", .timeLimit(.minutes(1)))
struct StreamLogSinkTests {
    private let record = LogRecord(
        time: Timestamp(millisecondsSinceEpoch: 0),
        level: .info,
        message: "m",
        fields: [.init("k", .string(String(repeating: "x", count: 100)))]
    )

    @Test func linesOfManyTasksDoNotInterleave() async throws {
        let pipe = try Pipe()
        let sink = StreamLogSink(fileDescriptor: FileDescriptor(pipe.writeEnd), format: .json)
        let expected = String(decoding: LogFormat.json.line(for: self.record).dropLast(), as: UTF8.self)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<25 { sink.write(self.record) } }
            }
        }
        #expect(await sink.close(within: .seconds(10)))
        let last = LogRecord(time: self.record.time, level: .info, message: "end")
        let end = LogFormat.json.line(for: last)
        #expect(write(pipe.writeEnd, end, end.count) == end.count)
        let lines = pipe.readLines { $0.contains("end") }
        #expect(lines.count == 201)
        #expect(lines.dropLast().allSatisfy { $0 == expected })
        #expect(sink.droppedLineCount == 0)
    }

    @Test func aBlockedDescriptorDropsLinesInsteadOfBlockingTheCaller() async throws {
        let pipe = try Pipe()
        let sink = StreamLogSink(
            fileDescriptor: FileDescriptor(pipe.writeEnd),
            format: .json,
            maximumQueuedBytes: 10_000
        )
        // A pipe takes 64 KiB, the queue 10 kB: of 2,000 lines of 160 bytes most cannot be kept.
        for _ in 0..<2000 { sink.write(self.record) }
        let dropped = sink.droppedLineCount
        #expect(dropped > 1000 && dropped < 2000)
        #expect(await sink.close(within: .milliseconds(20)) == false, "the end of the process is not held up")
        // The writer may have told of the first drops while more lines came: all notices together count.
        let lines = pipe.readAll { self.told($0) >= dropped }
        #expect(self.told(lines) == dropped)
        #expect(UInt64(lines.count { $0.contains("\"message\":\"m\"") }) == 2000 - dropped)
        #expect(sink.droppedLineCount == dropped)
    }

    /// Lines that the notices among these say were dropped.
    private func told(_ lines: [Substring]) -> UInt64 {
        lines.filter { $0.contains("log lines dropped") }
            .compactMap { line in
                line.firstRange(of: "\"count\":").map { line[$0.upperBound...].prefix(while: \.isNumber) }
            }
            .compactMap { UInt64($0) }
            .reduce(0, +)
    }

    @Test func aClosedSinkCountsWhatItDoesNotTake() async throws {
        let pipe = try Pipe()
        let sink = StreamLogSink(fileDescriptor: FileDescriptor(pipe.writeEnd), format: .json)
        #expect(await sink.close(within: .seconds(10)))
        sink.write(self.record)
        #expect(sink.droppedLineCount == 1)
    }

    /// Whoever closes a sink may close its descriptor next, whose number then is another file's.
    @Test func aClosedSinkWritesNoNoticeOfWhatItDoesNotTake() async throws {
        let pipe = try Pipe()
        let sink = StreamLogSink(
            fileDescriptor: FileDescriptor(pipe.writeEnd),
            format: .json,
            maximumQueuedBytes: 10_000
        )
        // The full pipe holds the writer up, so that it has not ended when the last lines come.
        for _ in 0..<2000 { sink.write(self.record) }
        let dropped = sink.droppedLineCount
        #expect(await sink.close(within: .milliseconds(20)) == false)
        for _ in 0..<5 { sink.write(self.record) }
        #expect(self.told(pipe.readAll { self.told($0) >= dropped }) == dropped)
        #expect(sink.droppedLineCount == dropped + 5)
    }

    @Test func aDescriptorThatRefusesIsSurvived() async {
        let sink = StreamLogSink(fileDescriptor: FileDescriptor(-1), format: .json)
        sink.write(self.record)
        #expect(await sink.close(within: .seconds(10)))
        #expect(sink.droppedLineCount == 1)
    }
}
