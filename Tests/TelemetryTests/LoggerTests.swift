// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Telemetry
import Testing
import Values

@Suite("Logger", .timeLimit(.minutes(1)))
struct LoggerTests {
    private let time = Timestamp(millisecondsSinceEpoch: 1_700_000_000_123)

    private func logger(_ sink: InMemoryLogSink, level: LogLevel = .trace) -> Logger {
        let time = self.time
        return Logger(level: level, sink: sink, now: { time })
    }

    private func line(_ format: LogFormat, _ message: String, _ fields: [LogRecord.Field] = []) -> String {
        let record = LogRecord(time: self.time, level: .warning, message: message, fields: fields)
        return String(decoding: format.line(for: record), as: UTF8.self)
    }

    @Test func recordsCarryMessageLevelTimeAndFields() {
        let sink = InMemoryLogSink()
        self.logger(sink).info("rollout accepted", ["rolloutID": "r1", "partition": 3, "late": false, "share": 0.5])
        #expect(
            sink.records == [
                LogRecord(
                    time: self.time,
                    level: .info,
                    message: "rollout accepted",
                    fields: [
                        .init("rolloutID", "r1"), .init("partition", 3), .init("late", false), .init("share", 0.5),
                    ]
                )
            ]
        )
    }

    @Test func everyLevelHasItsMethod() {
        let sink = InMemoryLogSink()
        let logger = self.logger(sink)
        logger.trace("t")
        logger.debug("d")
        logger.info("i")
        logger.notice("n")
        logger.warning("w")
        logger.error("e")
        #expect(sink.records.map(\.level) == LogLevel.allCases)
        #expect(LogLevel.allCases == LogLevel.allCases.sorted())
    }

    @Test func fieldsOfADisabledLevelAreNotEvaluated() {
        let sink = InMemoryLogSink()
        func unexpected() -> LogValue {
            Issue.record("evaluated")
            return 1
        }
        self.logger(sink, level: .notice).info("dropped", ["value": unexpected()])
        #expect(sink.records.isEmpty)
        #expect(!self.logger(sink, level: .notice).isEnabled(.info))
    }

    @Test func childAddsItsFieldsAndTheCallOverrides() {
        let sink = InMemoryLogSink()
        let child = self.logger(sink).with(["rolloutID": "r1", "step": "build"]).with(["model": "m"])
        child.info("step ended", ["step": "deploy"])
        #expect(sink.records.first?.fields == [.init("rolloutID", "r1"), .init("step", "deploy"), .init("model", "m")])
        #expect(sink.records.first?["model"] == "m")
    }

    @Test func jsonIsOneObjectALine() throws {
        struct Line: Decodable {
            var time: String
            var level: String
            var message: String
            var text: String
            var count: Int
            var ratio: Double
            var infinite: String
            var flag: Bool
            var took: Double
            var since: String
            var fieldLevel: String

            enum CodingKeys: String, CodingKey {
                case time, level, message, text, count, ratio, infinite, flag, took, since
                case fieldLevel = "field_level"
            }
        }
        let text = self.line(
            .json,
            "a \"message\"",
            [
                .init("text", "line1\nline2\u{1b}[31m\u{85}\u{2028}é🙂\u{0}\\"), .init("count", 3), .init("ratio", 0.25),
                .init("infinite", .double(.infinity)), .init("flag", true),
                .init("took", .duration(.milliseconds(1500))),
                .init("since", .timestamp(self.time)), .init("level", "forged"),
            ]
        )
        #expect(text.hasSuffix("}\n"))
        #expect(text.dropLast().allSatisfy { !$0.isNewline && $0 != "\u{1b}" })
        let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
        #expect(line.time == "2023-11-14T22:13:20.123Z")
        #expect(line.level == "warning")
        #expect(line.message == "a \"message\"")
        #expect(line.text == "line1\nline2\u{1b}[31m\u{85}\u{2028}é🙂\u{0}\\")
        #expect(line.count == 3 && line.ratio == 0.25 && line.flag && line.took == 1.5)
        #expect(line.infinite == "inf" && line.fieldLevel == "forged")
        #expect(line.since == line.time)
    }

    @Test func humanFormatIsPlainWithoutColour() {
        let text = self.line(
            .human(colour: false),
            "something",
            [
                .init("a", "plain"), .init("b", "two words"), .init("c", ""), .init("d", "x=\"y\"\u{202e}"),
                .init("e", 1),
            ]
        )
        let expected = #"2023-11-14T22:13:20.123Z warning something a=plain b="two words" c="" d="x=\"y\"\u{202e}" e=1"#
        #expect(text == expected + "\n")
    }

    @Test func humanFormatColoursWhereAsked() {
        let text = self.line(.human(colour: true), "m", [.init("k", "\u{1b}]0;title\u{7}")])
        #expect(text.contains("\u{1b}[33mwarning\u{1b}[0m"))
        #expect(text.contains(#"\u{1b}]0;title\u{7}"#), "a value cannot drive the terminal")
    }

    @Test func longTextIsCut() {
        let text = self.line(.json, "m", [.init("k", .string(String(repeating: "é", count: 100_000)))])
        #expect(text.utf8.count < 5000)
        #expect(text.hasSuffix("é...\"}\n"))
    }

    @Test func aSecretShowsNothing() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump([secret as Any], to: &dumped)
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])",
            "\(Optional(secret) as Any)",
            dumped, self.line(.json, "m", [.init("k", .describing(secret)), .init("l", "\(secret)")]),
        ]
        for text in texts {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("<redacted>"))
        }
        #expect(secret.reveal() == "hunter2")
        #expect(secret == Secret("hunter2") && secret != Secret("hunter3") && secret != Secret("hunter"))
    }

    @Test func aTestCanWaitForARecord() async {
        let sink = InMemoryLogSink()
        let logger = self.logger(sink)
        async let record = sink.firstRecord { $0.message == "second" }
        logger.info("first")
        logger.info("second", ["n": 2])
        #expect(await record?["n"] == 2)
        #expect(await sink.firstRecord { $0.message == "first" } != nil)
    }

    @Test func waitingEndsWithCancellation() async {
        let sink = InMemoryLogSink()
        let result = await withTaskGroup(of: LogRecord?.self) { group in
            group.addTask { await sink.firstRecord { _ in false } }
            group.cancelAll()
            return await group.next()
        }
        #expect(result == .some(nil))
    }
}
