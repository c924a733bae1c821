// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Bench

@Suite struct ReportTests {
    private let rate = Figure(
        name: "rolloutsPerSecond",
        title: "rollouts",
        value: 612.4,
        unit: "/s",
        target: .atLeast(500),
        limit: Figure.Limit(text: "a bare client", value: 1224.8, unit: "/s"),
        note: "best of 3"
    )

    @Test(arguments: [
        (0.0, "0.00 x"), (0.456, "0.46 x"), (9.999, "10.00 x"), (12.34, "12.3 x"), (99.96, "100.0 x"), (123.4, "123 x"),
        (1234.5, "1,235 x"), (1_234_567, "1,234,567 x"), (-12.3, "-12.3 x"), (1_000_005, "1,000,005 x"),
    ])
    func numbersHaveThreeDigitsOrMore(value: Double, text: String) {
        #expect(Figure.text(value, "x") == text)
    }

    @Test func aFigureStandsBesideItsLimit() {
        #expect(
            self.rate.lines.map { $0.split(separator: " ").joined(separator: " ") } == [
                "rollouts 612 /s target: at least 500 /s", "beside it: a bare client 1,225 /s (50 % of it)",
                "best of 3",
            ]
        )
        #expect(self.rate.isMet == true)
    }

    @Test func aMissedTargetIsSaid() {
        var figure = self.rate
        figure.target = .atMost(600)
        #expect(figure.isMet == false)
        #expect(figure.lines[0].hasSuffix("target: at most 600 /s, MISSED"))
        figure.target = nil
        #expect(figure.isMet == nil)
    }

    @Test func noShareOfAnotherUnit() {
        var figure = self.rate
        figure.limit?.unit = "ms"
        #expect(figure.share == nil)
        #expect(figure.lines[1].hasSuffix("1,225 ms"))
    }

    @Test(arguments: ["localhost:9092", nil])
    func aReportSaysWhereItWasTaken(bootstrap: String?) throws {
        var settings = BenchSettings.sample
        settings.bootstrap = bootstrap
        let report = Report(settings: settings)
        #expect(report.head.contains(bootstrap.map { "genuine Kafka at \($0)" } ?? "mock cluster"))
        #expect(report.head.contains("not measured") == (bootstrap == nil))
        let json = report.json([self.rate])
        #expect(json.contains(#""kafka":"\#(bootstrap == nil ? "mock" : "genuine")""#))
        #expect(
            json.contains(
                #"{"name":"rolloutsPerSecond","value":612.4,"unit":"/s","atLeast":500,"met":true,"#
                    + #""limit":{"text":"a bare client","value":1224.8,"unit":"/s"},"share":0.5,"note":"best of 3"}"#
            )
        )
    }
}

extension BenchSettings {
    static let sample = BenchSettings(
        bootstrap: nil,
        programs: ".",
        rollouts: 10,
        rounds: 1,
        singles: 5,
        idleEvents: 100,
        waiting: [10],
        journalRecords: 1_000,
        takeovers: 2,
        idleTime: .seconds(1),
        bareTime: .seconds(1),
        concurrency: 4
    )
}
