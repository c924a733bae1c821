// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Commands

@Suite("Text for people")
struct TerminalPartsTests {
    @Test(arguments: [
        ("plain", "plain", 5), ("\u{1B}[31mred", " [31mred", 8), ("a\nb\tc\u{0}", "a b c ", 6), ("a\r\nb", "a b", 3),
        ("模型", "模型", 4), ("é", "é", 1), ("e\u{301}", "e\u{301}", 1), ("🚢x", "🚢x", 3), ("a\u{202E}b", "ab", 2),
        ("\u{9B}2J", "2J", 2), ("", "", 0),
    ])
    func nothingMovesTheCursor(_ raw: String, _ clean: String, _ width: Int) {
        let text = TerminalText(raw)
        #expect(text.text == clean)
        #expect(text.width == width)
    }

    @Test func cutsEndInAnEllipsisAndNeverTakeMore() {
        #expect(TerminalText("model").cut(to: 5).text == "model")
        #expect(TerminalText("model").cut(to: 4).text == "mod…")
        #expect(TerminalText("模型模型").cut(to: 4).text == "模…")
        #expect(TerminalText("模型").fitted(to: 6) == "模型  ")
        #expect(TerminalText("x").cut(to: 0).text.isEmpty)
    }

    @Test func aTableIsAsWideAsItsCells() {
        var table = TextTable(["A", "LONG"])
        table.add(["wide cell", "x"])
        table.add(["y", ""])
        #expect(table.lines(width: nil) == ["A          LONG", "wide cell  x", "y"])
        #expect(table.lines(width: 6) == ["A    …", "wide …", "y"])
    }

    @Test(arguments: [
        ("beginning", TimePoint.beginning), ("now", .now), ("15m", .at(Timestamp(millisecondsSinceEpoch: 100_000))),
        ("-15m", .at(Timestamp(millisecondsSinceEpoch: 100_000))),
        ("2026-02-03", .at(Timestamp(millisecondsSinceEpoch: 1_770_076_800_000))),
        ("2026-02-03T01:00:00+01:00", .at(Timestamp(millisecondsSinceEpoch: 1_770_076_800_000))),
    ])
    func timesAreRead(_ text: String, _ expected: TimePoint) {
        #expect(TimePoint(text, now: Timestamp(millisecondsSinceEpoch: 1_000_000)) == expected)
    }

    @Test(arguments: ["", "yesterday", "15", "--15m", "2026-13-01", "now ", "-"])
    func otherTimesAreNot(_ text: String) {
        #expect(TimePoint(text, now: Timestamp(millisecondsSinceEpoch: 0)) == nil)
    }
}
