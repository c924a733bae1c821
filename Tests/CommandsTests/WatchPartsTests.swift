// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Testing
import Values

@testable import Commands

@Suite("Parts of watch")
struct WatchPartsTests {
    private func board(
        _ events: [StatusEvent],
        filter: WatchFilter = WatchFilter(),
        mostEnded: Int = 500
    ) -> WatchBoard {
        var board = WatchBoard(filter: filter, mostEnded: mostEnded)
        for event in events { _ = board.apply(event) }
        return board
    }

    private let now = Timestamp(millisecondsSinceEpoch: 100_000)

    // MARK: Board

    @Test func theNewestActivityComesFirst() throws {
        let board = self.board([
            try StatusSamples.event(1, "accepted", sequence: 1), try StatusSamples.event(2, "accepted", sequence: 1),
            try StatusSamples.event(3, "accepted", sequence: 1), try StatusSamples.event(1, "building", sequence: 2),
        ])
        #expect(board.newest(10).map(\.status.rolloutID) == [1, 3, 2].map(StatusSamples.id))
        #expect(board.newest(2).map(\.status.rolloutID) == [1, 3].map(StatusSamples.id))
        #expect(board.newest(0).isEmpty)
        #expect(board.underWay == ["accepted": 2, "building": 1])
    }

    @Test func whatIsKnownOrOlderChangesNothing() throws {
        var board = self.board([try StatusSamples.event(1, "building", sequence: 3)])
        #expect(board.apply(try StatusSamples.event(1, "accepted", sequence: 1)) == .known)
        #expect(board.apply(try StatusSamples.event(1, "building", sequence: 3)) == .known)
        #expect(board.apply(try StatusSamples.event(1, "deployed", sequence: 4)) == .taken)
        #expect(board.apply(try StatusSamples.event(1, "building", sequence: 5)) == .known)
        #expect(board.ended == [.deployed: 1])
        #expect(board.underWay.isEmpty)
    }

    @Test func endedRowsAreForgottenAndStillCounted() throws {
        var events: [StatusEvent] = [try StatusSamples.event(9999, "building", sequence: 1)]
        for number in 1...100 { events.append(try StatusSamples.event(number, "failed", sequence: 2)) }
        let board = self.board(events, mostEnded: 7)
        #expect(board.shownCount == 8)
        #expect(board.failedCount == 100)
        #expect(board.newest(7).map(\.status.rolloutID) == (94...100).reversed().map(StatusSamples.id))
        #expect(board.newest(8).last?.status.rolloutID == StatusSamples.id(9999))
    }

    @Test func filtersChooseRollouts() throws {
        let events = [
            try StatusSamples.event(1, "failed", sequence: 1, model: "churn-a"),
            try StatusSamples.event(2, "deployed", sequence: 1, model: "churn-b"),
            try StatusSamples.event(3, "deployed", sequence: 1, model: "wine"),
        ]
        let models = self.board(events, filter: WatchFilter(model: Glob("churn-*")))
        #expect(models.endedCount == 2 && models.shownCount == 2)
        let rollout = self.board(events, filter: WatchFilter(rollout: String(StatusSamples.id(3).prefix(8))))
        #expect(rollout.newest(5).map(\.status.modelName) == ["wine"])
        let failed = self.board(events, filter: WatchFilter(onlyFailed: true))
        #expect(failed.endedCount == 3 && failed.shownCount == 1)
        #expect(failed.newest(5).map(\.status.modelName) == ["churn-a"])
    }

    // MARK: Ending

    @Test func untilCountsEnds() throws {
        let ending = WatchEnding(untilEnded: 2)
        let one = self.board([try StatusSamples.event(1, "deployed", sequence: 1)])
        #expect(!ending.isReached(one, quiet: .seconds(99), isCaughtUp: true))
        let two = self.board(try [1, 2].map { try StatusSamples.event($0, "failed", sequence: 1) })
        #expect(ending.isReached(two, quiet: .zero, isCaughtUp: false))
    }

    @Test func idleNeedsAnEndNothingUnderWayAndSilence() throws {
        let ending = WatchEnding(untilIdleFor: .seconds(5))
        let done = try StatusSamples.event(1, "skipped", sequence: 1)
        #expect(ending.isReached(self.board([done]), quiet: .seconds(5), isCaughtUp: true))
        #expect(!ending.isReached(self.board([done]), quiet: .seconds(4), isCaughtUp: true))
        #expect(!ending.isReached(self.board([done]), quiet: .seconds(9), isCaughtUp: false))
        #expect(!ending.isReached(self.board([]), quiet: .seconds(9), isCaughtUp: true))
        let busy = self.board([done, try StatusSamples.event(2, "building", sequence: 1)])
        #expect(!ending.isReached(busy, quiet: .seconds(9), isCaughtUp: true))
        #expect(!WatchEnding().isReached(self.board([done]), quiet: .seconds(9), isCaughtUp: true))
    }

    // MARK: Frame

    @Test func aFrameShowsWhatMatters() throws {
        let board = self.board([
            try StatusSamples.event(1, "building", sequence: 2, time: 40_000),
            try StatusSamples.event(2, "failed", sequence: 5, model: "wine", time: 7_000, cause: "build"),
            try StatusSamples.event(3, "deployed", sequence: 6, time: 95_000),
        ])
        let frame = WatchFrame(width: 100, height: 10, allowsColour: false)
        #expect(
            frame.lines(board, now: self.now) == [
                "1 under way, 1 deployed, 1 failed; now 1 building",
                "ROLLOUT   PHASE         SINCE   TOTAL  MODEL      RUN    DETAIL",
                "30000000  deployed         5s   1m35s  churn-clf  run-3  https://models.example/3",
                "20000000  failed        1m33s      7s  wine       run-2  build: it broke  Mend it.",
                "10000000  building      1m00s   1m40s  churn-clf  run-1  ",
            ]
        )
    }

    @Test func aPhaseOfTheFutureIsShown() throws {
        let board = self.board([try StatusSamples.event(1, "canary", sequence: 2)])
        let lines = WatchFrame(width: 80, height: 10, allowsColour: true).lines(board, now: self.now)
        #expect(lines[0].hasPrefix("\u{1B}[1m1 under way; now 1 canary"))
        #expect(lines[2].contains("\u{1B}[35mcanary     \u{1B}[0m"))
    }

    @Test(arguments: 1...120)
    func noLineIsWiderThanTheTerminal(_ width: Int) throws {
        let board = self.board([
            try StatusSamples.event(1, "failed", sequence: 2, model: "模型-🚢-\u{1B}[2J", cause: "verification"),
            try StatusSamples.event(2, "superseded", sequence: 2, model: String(repeating: "m", count: 300)),
        ])
        let lines = WatchFrame(width: width, height: 24, allowsColour: false)
            .lines(board, now: self.now, notice: "something unusual")
        for line in lines {
            #expect(TerminalText(line).width <= width)
            #expect(!line.unicodeScalars.contains("\u{1B}"))
        }
    }

    @Test(arguments: 1...12)
    func aFrameKeepsToTheHeight(_ height: Int) throws {
        let board = self.board(try (1...9).map { try StatusSamples.event($0, "queued", sequence: 1) })
        let lines = WatchFrame(width: 80, height: height, allowsColour: false).lines(board, now: self.now)
        #expect(lines.count <= max(1, height - 1))
        if height == 8 { #expect(lines.last == "… 5 more") }
        if height == 12 { #expect(lines.count == 11) }
    }

    @Test(arguments: [
        (-5_000, "0s"), (999, "0s"), (59_999, "59s"), (60_000, "1m00s"), (3_599_000, "59m59s"), (11_100_000, "3h05m"),
        (86_400_000, "1d00h"), (8_640_000_000_000, "100000d"),
    ])
    func durationsAreBrief(_ milliseconds: Int64, _ expected: String) {
        #expect(WatchFrame.brief(milliseconds) == expected)
    }

    @Test func redrawingGoesBackToTheFirstLine() {
        var screen = WatchScreen()
        #expect(screen.draw(["a", "b"], width: 80) == "\u{1B}[2Ka\r\n\u{1B}[2Kb\r\n\u{1B}[J")
        #expect(screen.draw(["c"], width: 80) == "\r\u{1B}[2A\u{1B}[2Kc\r\n\u{1B}[J")
        #expect(screen.draw(["d"], width: 60) == "\u{1B}[H\u{1B}[2J\u{1B}[2Kd\r\n\u{1B}[J")
    }

    @Test func aJSONLineIsACloudEvent() throws {
        let line = WatchDisplay.line(
            StatusSamples.headers("deployed"),
            StatusSamples.json(1, "deployed", sequence: 3)
        )
        let event = try JSONValue(parsing: Array((line ?? "").utf8))
        #expect(event["specversion"]?.text == "1.0")
        #expect(event["type"]?.text == "dev.slipway.rollout.deployed.v1")
        #expect(event["datacontenttype"]?.text == "application/json")
        #expect(event["data"]?["phase"]?.text == "deployed")
        #expect(WatchDisplay.line([], nil) == nil)
    }
}
