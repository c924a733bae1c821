// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Rollouts
import Values

/// Shows what comes from the status topic: as a table that is redrawn in place, or as JSON lines.
struct WatchDisplay {
    /// The shortest time between two frames.
    private static let frameTime = Duration.milliseconds(100)
    /// Durations in the table move on by themselves, so it is redrawn at least so often.
    private static let tick = Duration.seconds(1)

    private let output: Output
    private let height: @Sendable () -> Int
    private let filter: WatchFilter
    private let isTable: Bool
    private var screen = WatchScreen()
    private var lastFrame: ContinuousClock.Instant?
    private var hasChanged = true
    private var unreadable = 0
    private var orphanReports = 0
    private var newestCommand: String?

    /// What is known.
    private(set) var board: WatchBoard
    /// Partitions of which something that was there at the start has not been read yet.
    var unread: Set<TopicPartition> = []
    /// Something unusual to be shown above the table.
    var notice: String? {
        didSet { if self.notice != oldValue { self.hasChanged = true } }
    }

    init(_ options: WatchOptions, _ output: Output, height: @escaping @Sendable () -> Int) {
        self.output = output
        self.height = height
        self.filter = options.filter
        self.isTable = output.style.isTerminal && !options.json
        self.board = WatchBoard(filter: options.filter)
    }

    /// Makes the terminal ready.
    func begin() throws(OutputClosed) {
        if self.isTable { try self.output.write(WatchScreen.begin) }
    }

    /// Draws the last frame and puts the terminal right.
    mutating func end() throws(OutputClosed) {
        guard self.isTable else { return }
        try self.draw()
        try self.output.write(WatchScreen.end)
    }

    /// Takes what one poll brought.
    ///
    /// - Parameters:
    ///   - batch: Records and ends.
    ///   - ends: The end of each partition at the start.
    /// - Returns: Whether anything of a followed rollout was new.
    /// - Throws: `KafkaError.closed` never; `OutputClosed` when nobody reads any more.
    mutating func take(_ batch: ReadBatch, ends: [TopicPartition: Offset]) throws(OutputClosed) -> Bool {
        var isNew = false
        var lines = ""
        for record in batch.records {
            if let end = ends[record.topicPartition], record.offset.next >= end {
                self.unread.remove(record.topicPartition)
            }
            if let command = CommandStatus.decode(headers: record.headers, value: record.value) {
                lines += self.note(command, record)
                continue
            }
            guard let status = StatusEvent.decode(headers: record.headers, value: record.value) else {
                self.noteUnreadable(record)
                continue
            }
            switch self.board.apply(status) {
            case .taken: break
            case .reported: self.orphanReports += 1
            case .known, .filtered: continue
            }
            isNew = true
            if !self.isTable, self.filter.shows(status), let line = WatchDisplay.line(record.headers, record.value) {
                lines += line + "\n"
            }
        }
        for (place, end) in batch.ends where ends[place].map({ end >= $0 }) ?? true { self.unread.remove(place) }
        self.hasChanged = self.hasChanged || isNew
        if !lines.isEmpty { try self.output.write(lines) }
        return isNew
    }

    /// Draws a frame if it is time to.
    mutating func show(at now: ContinuousClock.Instant) throws(OutputClosed) {
        guard self.isTable else { return }
        if let lastFrame {
            let age = now - lastFrame
            guard age >= (self.hasChanged ? WatchDisplay.frameTime : WatchDisplay.tick) else { return }
        }
        self.lastFrame = now
        self.hasChanged = false
        try self.draw()
    }

    private mutating func draw() throws(OutputClosed) {
        let width = self.output.width
        let frame = WatchFrame(width: width, height: self.height(), allowsColour: self.output.style.allowsColour)
        let unreadable =
            self.unreadable > 0 ? "records of the topic that are no status events: \(self.unreadable)" : nil
        let orphans = self.orphanReports > 0 ? "reports of orphans (--json tells them): \(self.orphanReports)" : nil
        let lines = frame.lines(
            self.board,
            now: .now(),
            notice: self.notice ?? self.newestCommand ?? orphans ?? unreadable
        )
        try self.output.write(self.screen.draw(lines, width: width))
    }

    /// What has become of a command: a line above the table, or all that the record says.
    private mutating func note(_ command: CommandStatus, _ record: ConsumedRecord) -> String {
        self.hasChanged = true
        let who = command.who.map { " of \($0)" } ?? ""
        let cause = command.cause.map { ": \($0.class): \($0.message)" } ?? ""
        self.newestCommand = "command \(command.kind)\(who) \(command.outcome)\(cause)"
        guard !self.isTable, self.filter == WatchFilter(), let line = WatchDisplay.line(record.headers, record.value)
        else {
            return ""
        }
        return line + "\n"
    }

    private mutating func noteUnreadable(_ record: ConsumedRecord) {
        self.unreadable += 1
        guard !self.isTable, self.unreadable == 1 else { return }
        self.output.writeErrorLine(
            "slipway watch: \(record.topicPartition)@\(record.offset) is no status event; such records are left out"
        )
    }

    /// The status event as one line: a CloudEvent in its JSON format, with all that the record says.
    static func line(_ headers: [RecordHeader], _ value: [UInt8]?) -> String? {
        guard let value, let data = try? JSONValue(parsing: value) else { return nil }
        let bytes = JSONWriter.object { writer in
            for header in headers {
                guard let text = header.text else { continue }
                if header.name.hasPrefix("ce_") {
                    writer.field(named: String(header.name.dropFirst(3))) { $0.string(text) }
                } else if header.name == "content-type" {
                    writer.field(named: "datacontenttype") { $0.string(text) }
                }
            }
            writer.field("data", data)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
