// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Kafka
import Rollouts
import Values

/// What `slipway watch` is asked to do.
struct WatchOptions: Sendable, Equatable {
    /// Where to begin.
    var from = TimePoint.beginning
    /// Which rollouts are followed and shown.
    var filter = WatchFilter()
    /// When it ends by itself.
    var ending = WatchEnding()
    /// Longest time altogether; `nil` for no limit.
    var timeout: Duration?
    /// Whether failed rollouts leave the exit status at 0.
    var exitZero = false
    /// Whether to write JSON lines on a terminal, too.
    var json = false

    init() {}

    /// Reads the command line.
    ///
    /// - Parameters:
    ///   - invocation: The command line.
    ///   - now: The time that durations of `--from` count back from.
    /// - Throws: `UsageError` for a `--from` that is no time.
    init(_ invocation: Invocation, now: Timestamp) throws(UsageError) {
        let from = invocation.text("from") ?? "1h"
        guard let point = TimePoint(from, now: now) else {
            throw UsageError("'\(from)' of --from is none of: \(TimePoint.expectation)")
        }
        self.from = point
        self.filter.model = invocation.text("model").map { Glob($0) }
        self.filter.rollout = invocation.text("rollout")
        self.filter.onlyFailed = invocation.flag("failed")
        self.ending.untilEnded = invocation.integer("until")
        self.ending.untilIdleFor = invocation.flag("until-idle") ? invocation.duration("idle-time") : nil
        self.timeout = invocation.duration("timeout")
        self.exitZero = invocation.flag("exit-zero")
        self.json = invocation.flag("json")
    }
}

/// The work of `slipway watch`.
struct WatchRun: Sendable {
    /// The time was up before what was waited for had come.
    static let timedOut = ExitStatus(code: 5, meaning: "the time of --timeout was up")

    let options: WatchOptions
    let access: KafkaAccess
    let output: Output
    /// Returns the terminal's rows.
    let height: @Sendable () -> Int

    /// Follows the status topic until its end is reached, or the task is cancelled.
    ///
    /// - Returns: Failure if a rollout failed, unless that was not wanted.
    /// - Throws: `KafkaError`, `MissingTopic`, `OutputClosed`, and `CancellationError` when it was cancelled.
    func run() async throws -> ExitStatus {
        let topic = try await self.access.topic(self.access.statusTopic)
        let reader = try PartitionReader(properties: try self.access.properties(), isolation: .committed)
        do {
            let status = try await self.follow(reader, topic)
            await reader.close()
            return status
        } catch {
            await reader.close()
            throw error
        }
    }

    private func follow(_ reader: PartitionReader, _ topic: Topic) async throws -> ExitStatus {
        let pass = TopicPass(reader, [topic])
        let ends = try await pass.ends()
        let starts = try await pass.starts(self.options.from)
        var display = WatchDisplay(self.options, self.output, height: self.height)
        display.unread = Set(ends.keys.filter { place in starts[place].map { $0 < ends[place] ?? $0 } ?? false })
        try await reader.assign(starts)
        do {
            try display.begin()
            let status = try await self.loop(reader, ends, &display)
            try display.end()
            return status
        } catch {
            // The cursor is hidden; whether that can be told any more does not matter now.
            if !(error is OutputClosed) { try display.end() }
            throw error
        }
    }

    private func loop(
        _ reader: PartitionReader,
        _ ends: [TopicPartition: Offset],
        _ display: inout WatchDisplay
    ) async throws -> ExitStatus {
        let clock = ContinuousClock()
        let start = clock.now
        var lastStatus = start
        while true {
            try Task.checkCancellation()
            var batch = ReadBatch()
            do throws(KafkaError) {
                batch = try await reader.poll(maximum: 2_000, timeout: .milliseconds(200))
                display.notice = nil
            } catch {
                guard error.isOutage || error.isTransport || error.isRetriable else { throw error }
                // librdkafka connects again by itself; what has been read stays on the screen.
                display.notice = "Kafka: \(error)"
                try await clock.sleep(for: .milliseconds(500))
            }
            if try display.take(batch, ends: ends) { lastStatus = clock.now }
            try display.show(at: clock.now)
            let isReached = self.options.ending.isReached(
                display.board,
                quiet: clock.now - lastStatus,
                isCaughtUp: display.unread.isEmpty
            )
            if isReached { return display.board.failedCount > 0 && !self.options.exitZero ? .failure : .success }
            if let timeout = self.options.timeout, clock.now - start >= timeout { return Self.timedOut }
        }
    }
}
