// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import Testing
import Values

@testable import Machine
@testable import Worker

@Suite(.timeLimit(.minutes(1)))
struct LagTests {
    private static let events = ReadPartition(.events(0), 0)

    private func lag(_ accepted: Int64, end: Int64, delivered: Int64? = nil, met: Int64? = nil) -> Int64? {
        var lag = Lag(interval: .seconds(5))
        let progress = ReadProgress(
            end: Offset(rawValue: end),
            delivered: delivered.map { Offset(rawValue: $0) },
            met: met.map { Offset(rawValue: $0) }
        )
        let ownership = PartitionOwnership.holding([Self.events: Offset(rawValue: accepted)])
        return lag.behind([Self.events: progress], ownership)[Self.events]
    }

    @Test func whatIsNotAcceptedCounts() {
        #expect(self.lag(0, end: 10) == 10)
        #expect(self.lag(10, end: 10) == 0)
        // The end was asked for before the last records were accepted.
        #expect(self.lag(12, end: 10) == 0)
    }

    @Test func placesOfTransactionsAreNoRecords() {
        #expect(self.lag(9, end: 10, delivered: 9, met: 10) == 0)
        #expect(self.lag(9, end: 12, delivered: 9, met: 10) == 2)
        // What was delivered and is not accepted is behind, whatever the consumer has met.
        #expect(self.lag(8, end: 10, delivered: 9, met: 10) == 2)
    }

    @Test func whatIsHeldNoLongerIsBehindNoLonger() {
        var lag = Lag(interval: .seconds(5))
        let progress = [Self.events: ReadProgress(end: 10)]
        let held = lag.behind(progress, .holding([Self.events: 4]))
        #expect(held == [Self.events: 6])
        #expect(lag.behind([:], .holding([:])) == [Self.events: 0])
        #expect(lag.behind([:], .holding([:])) == [:])
    }

    @Test func rolloutsAreCountedByPhaseAsTheyMove() {
        var counts = PhaseCounts()
        var state = RolloutState.sample
        counts.note(state)
        #expect(counts[.accepted] == 1)
        state.enter(.building, at: Timestamp(millisecondsSinceEpoch: 1))
        counts.note(state)
        #expect(counts[.accepted] == 0)
        #expect(counts[.building] == 1)
        state.enter(.deployed, at: Timestamp(millisecondsSinceEpoch: 2))
        counts.note(state)
        #expect(Phase.allCases.allSatisfy { counts[$0] == 0 })
    }

    @Test func aWorkerTellsItsLagAndWhatIsInFlight() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            let registry = MetricsRegistry()
            try await bed.withWorker(bed.settings(.catchAll), registry: registry) { _ in
                try await bed.emit(runs[0].data(model: "m"), id: "e", key: "m")
                _ = try await bed.phases(untilEnded: 1)
                let partitions = (0..<3).map { "inbox-\($0)" } + (0..<4).map { "events0-\($0)" }
                while !partitions.allSatisfy({
                    registry.prometheusText().contains("slipway_consumer_lag{partition=\"\($0)\"} 0\n")
                }) { try await Task.sleep(for: .milliseconds(50)) }
                #expect(registry.prometheusText().contains("slipway_rollouts_in_flight{phase=\"building\"} 0\n"))
            }
        }
    }
}

extension RolloutState {
    fileprivate static var sample: RolloutState {
        let event = ConsumedRecord(
            topicPartition: TopicPartition("t", 0),
            offset: 1,
            value: Array(#"{"projectId":"p","experimentId":"e","runId":"r","model":{"name":"m"}}"#.utf8)
        )
        guard case .success(let decoded) = EventDecoder.decode(OriginalRecord(event)) else {
            preconditionFailure("a good event")
        }
        return RolloutState(
            id: RolloutID(of: decoded, workspace: "w"),
            partition: 0,
            origin: decoded.origin,
            event: decoded.reference,
            plan: Routes.catchAll.decide(decoded, defaultProjectID: nil).knownPlan,
            acceptedAt: .epoch
        )
    }
}
