// SPDX-License-Identifier: Apache-2.0

import CommandTable
import FoundationEssentials
import Synchronization
import Testing

@testable import Bench

/// The whole benchmark, small: what it measures is real, its figures in a debug build say nothing.
@Suite(.timeLimit(.minutes(3)))
struct BenchRunTests {
    private static let mockFigures = [
        "startToFirstPoll", "idleMemory", "idleProcessor", "rolloutsPerSecond", "processorTimePerRollout",
        "eventToFirstCallMedian", "eventToFirstCall99", "eventToFirstCreateMedian", "eventToFirstCreate99",
    ]
    private static let priceFigures = ["bare", "withoutJournal", "withoutFence", "withoutLooks", "whole"].flatMap {
        ["pricePerSecond.\($0)", "priceProcessorTime.\($0)"]
    }
    private static let kafka = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP"]

    private func figures(_ bootstrap: String?) async throws -> [Figure] {
        var settings = BenchSettings.sample
        settings.bootstrap = bootstrap
        settings.programs = try #require(Self.programs)
        // Enough that a worker is not through with them within one look.
        if bootstrap != nil { settings.idleEvents = 40_000 }
        let figures = Mutex<[Figure]>([])
        let bench = Bench(
            settings: settings,
            progress: { _ in },
            take: { figure in figures.withLock { $0.append(figure) } }
        )
        try await bench.run()
        return figures.withLock { $0 }
    }

    /// The programs lie beside the bundle of the tests.
    private static var programs: String? {
        let words = ProcessInfo.processInfo.arguments
        guard let bundle = words.first(where: { $0.hasSuffix(".xctest") }) else { return nil }
        return URL(filePath: bundle).deletingLastPathComponent().path
    }

    private func check(_ figures: [Figure]) {
        for figure in figures {
            #expect(figure.value.isFinite && figure.value >= 0, "\(figure.name)")
            if figure.name != "idleProcessor", !figure.name.hasPrefix("bytesEach") {
                #expect(figure.value > 0, "\(figure.name)")
            }
            if let limit = figure.limit { #expect(limit.value > 0, "\(figure.name)") }
        }
    }

    @Test func theMockClusterGivesTheFiguresThatItCan() async throws {
        let figures = try await self.figures(nil)
        #expect(figures.map(\.name) == Self.mockFigures)
        self.check(figures)
    }

    @Test(.enabled(if: kafka != nil, "needs a genuine Kafka: KAFKA_BOOTSTRAP"))
    func aGenuineKafkaGivesThemAll() async throws {
        let figures = try await self.figures(Self.kafka)
        #expect(
            figures.map(\.name) == Self.mockFigures + [
                "duplicatesPerSecond", "unwantedPerSecond", "memoryOf10Waiting", "bytesEachOf10Waiting",
                "takeoverMedian", "takeoverLongest", "restoredRecordsPerSecond",
            ] + Self.priceFigures
        )
        self.check(figures)
        // This one the session makes, not the build: nobody is taken for dead before it is over.
        let takeovers = figures.filter { $0.name.hasPrefix("takeover") }
        #expect(takeovers.allSatisfy { (8...15).contains($0.value) }, "\(takeovers.map(\.value))")
    }

    @Test(.enabled(if: kafka != nil, "needs a genuine Kafka: KAFKA_BOOTSTRAP"))
    func twoWorkersAreComparedInTurns() async throws {
        var settings = BenchSettings.sample
        settings.bootstrap = Self.kafka
        settings.programs = try #require(Self.programs)
        settings.otherWorker = settings.worker
        settings.idleEvents = 40_000
        settings.brokers = [ProcessInfo.processInfo.processIdentifier]
        let figures = Mutex<[Figure]>([])
        try await Bench(
            settings: settings,
            progress: { _ in },
            take: { figure in figures.withLock { $0.append(figure) } }
        ).run()
        let taken = figures.withLock { $0 }
        let names = ["rollouts", "duplicates", "unwanted", "restoredRecords"].flatMap { name in
            ["this", "other"].flatMap { ["\(name)PerSecond.\($0)", "\(name)ProcessorTime.\($0)"] }
        }
        #expect(taken.map(\.name) == names)
        #expect(taken.allSatisfy { $0.note.contains(" in 1 turn") })
        #expect(taken[0].value > 0 && taken[1].note.contains("brokers"))
        #expect(taken[0].share != nil && taken[2].share == nil)
    }

    @Test func aSingleMeasurementStandsAlone() async throws {
        var settings = BenchSettings.sample
        settings.programs = try #require(Self.programs)
        settings.only = [.start]
        let figures = Mutex<[Figure]>([])
        try await Bench(
            settings: settings,
            progress: { _ in },
            take: { figure in figures.withLock { $0.append(figure) } }
        ).run()
        #expect(figures.withLock { $0 }.map(\.name) == ["startToFirstPoll"])
    }

    @Test func missingProgramsAreSaid() async throws {
        var settings = BenchSettings.sample
        settings.programs = "/nowhere"
        await #expect(throws: (any Error).self) {
            try await Bench(settings: settings, progress: { _ in }, take: { _ in }).run()
        }
    }
}
