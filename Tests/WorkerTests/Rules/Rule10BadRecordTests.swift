// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// Rule 10: one record that doesn't fit ends with a name of its own, and its neighbours go on.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct Rule10BadRecordTests {
    /// Which record is too large, and who notices.
    enum Oversize: String, CaseIterable {
        /// The journal record, for the limit that the worker read at its start.
        case journal
        /// The journal record, for a limit that was lowered after that: the broker refuses it.
        case journalRefused
        /// The status record, likewise.
        case statusRefused
        /// The dead letter, for the limit that the worker read at its start.
        case deadLetter
        /// The dead letter, for a lowered limit.
        case deadLetterRefused
    }

    @Test(arguments: Oversize.allCases)
    func oneOversizedRecordAmongGoodOnesEndsByItself(oversize: Oversize) async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            let runs = try await bed.seedRuns(3)
            if oversize == .journal { try await bed.limit(bed.topics.journal, bytes: 70_000) }
            if oversize == .deadLetter { try await bed.limit(bed.topics.dead, bytes: 70_000) }
            let log = TestLog()
            try await bed.withWorker(bed.settings(Self.routes), logger: log.logger) { _ in
                try await log.first("partition taken over")
                switch oversize {
                case .journal, .deadLetter: break
                case .journalRefused: try await bed.limit(bed.topics.journal, bytes: 70_000)
                // Less than the status of an event whose id and source are as long as they may be.
                case .statusRefused: try await bed.limit(bed.topics.status, bytes: 2_600)
                case .deadLetterRefused: try await bed.limit(bed.topics.dead, bytes: 70_000)
                }
                try await bed.emit(runs[0].data(model: "good-0"), id: "0", key: "good-0")
                switch oversize {
                case .journal, .journalRefused:
                    try await bed.emit(Self.withEnvironment(runs[1].data(model: "bad")), id: "1", key: "bad")
                case .statusRefused:
                    let (id, source) = (Noise.text(1_000), Noise.text(1_000))
                    try await bed.emit(runs[1].data(model: "bad"), id: id, key: "bad", source: source)
                case .deadLetter, .deadLetterRefused:
                    try await bed.emit("{" + Noise.text(100_000), id: "1", key: "bad")
                }
                try await bed.emit(runs[2].data(model: "good-2"), id: "2", key: "good-2")
                try await Self.check(oversize, bed)
            }
            #expect(try await bed.audit().created == ["version": 2, "model": 2, "build": 2, "deployment": 2])
            #expect(try await bed.committedOffsets().values.map(\.rawValue) == [3])
        }
    }

    /// What stands against an event that is passed on to the owner of its model.
    enum Refusal: CaseIterable {
        /// Nothing: it is larger than what the journal takes, but the inbox takes it.
        case none
        /// It is older than what the inbox takes; nothing, too, since the inbox is told when it was passed on.
        case time
        /// It is larger than what the inbox takes, as the worker read at its start.
        case size
        /// Likewise, for a limit that was lowered after that: the broker refuses it.
        case sizeRefused
    }

    @Test(arguments: Refusal.allCases)
    func anEventThatCannotBePassedOnIsADeadLetterAndItsNeighboursGoOn(refusal: Refusal) async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2) { bed in
            let runs = try await bed.seedRuns(2)
            let (bad, good) = (bed.modelName(ownedBy: 1), bed.modelName(ownedBy: 0))
            try await bed.limit(bed.topics.journal, bytes: 70_000)
            let body = runs[0].data(model: bad).dropLast() + #","note":"\#(Noise.text(100_000))"}"#
            let yesterday = Timestamp.now().advanced(by: .seconds(-86_400))
            switch refusal {
            case .none, .sizeRefused: break
            case .time: try await bed.change(bed.topics.inbox, "message.timestamp.before.max.ms", to: "3600000")
            case .size: try await bed.limit(bed.topics.inbox, bytes: 70_000)
            }
            let isPassedOn = refusal == .none || refusal == .time
            let log = TestLog()
            let settings = bed.settings(.catchAll)
            try await bed.withWorker(settings.tapped(by: BlindTap(inbox: 1)), logger: log.logger) { _ in
                try await log.first("partition taken over")
                if refusal == .sizeRefused { try await bed.limit(bed.topics.inbox, bytes: 70_000) }
                try await bed.emit(String(body), id: "0", key: bad, timestamp: yesterday)
                try await bed.emit(runs[1].data(model: good), id: "1", key: good)
                let phases = try await bed.phases(untilEnded: 1)
                #expect(phases.values.map(\.last) == ["deployed"])
                guard !isPassedOn else {
                    _ = try await bed.read(bed.topics.inbox) { !$0.isEmpty }
                    return
                }
                let dead = try await bed.read(bed.topics.dead) { !$0.isEmpty }
                let reasons = dead.map { $0.headers.last { $0.name == DeadLetter.HeaderName.class }?.text }
                #expect(reasons == ["notForwardable"])
            }
            guard isPassedOn else { return }
            try await bed.withWorker(settings) { _ in
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })
            }
        }
    }

    /// Takes every run, with the environment that its event wishes for.
    private static let routes = Routes([
        Route(
            name: "all",
            runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil),
            limits: Route.Limits(environment: [Glob("*")])
        )
    ])

    private static func check(_ oversize: Oversize, _ bed: WorkerFixture) async throws {
        switch oversize {
        case .journal, .journalRefused, .statusRefused:
            let phases = try await bed.phases(untilEnded: 3)
            #expect(phases.values.compactMap(\.last).sorted() == ["deployed", "deployed", "failed"])
            let failed = try await bed.read(bed.topics.status) {
                $0.contains { WorkerFixture.phase(of: $0) == "failed" }
            }
            .first { WorkerFixture.phase(of: $0) == "failed" }
            let text = String(decoding: failed?.value ?? [], as: UTF8.self)
            #expect(text.contains(#""class":"recordTooLarge""#), "\(text)")
        case .deadLetter, .deadLetterRefused:
            let phases = try await bed.phases(untilEnded: 2)
            #expect(phases.values.compactMap(\.last) == ["deployed", "deployed"])
            let dead = try await bed.read(bed.topics.dead) { !$0.isEmpty }
            #expect(dead.count == 1)
            #expect(dead.first?.headers.contains { $0.name == "slipway_omitted" } == true)
            #expect(dead.first.map { $0.sizeBytes < 70_000 } == true)
        }
    }

    private static func withEnvironment(_ data: String) -> String {
        let values = (0..<4).map { #""V\#($0)":"\#(Noise.text(25_000))""# }
        return String(data.dropLast()) + #","deployment":{"environment":{\#(values.joined(separator: ","))}}}"#
    }

    @Test func aTopicThatTakesNextToNothingIsRefusedAtTheStart() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            try await bed.limit(bed.topics.status, bytes: 10_000)
            let failure = await bed.failureAtStart(bed.settings(.catchAll))
            #expect(failure?.kind == .topics)
            #expect(failure?.description.contains("max.message.bytes to 65536 or more") == true)
        }
    }
}
