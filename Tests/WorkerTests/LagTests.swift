// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import Testing
import Values

@testable import Worker

@Suite(.timeLimit(.minutes(1)))
struct LagTests {
    private func lag(_ accepted: Int64, _ reached: Consumer.Reached?, end: Int64) -> Int64 {
        LagWatch.records(Offset(rawValue: accepted), reached, end: Offset(rawValue: end))
    }

    @Test func whatIsNotAcceptedCounts() {
        #expect(self.lag(0, nil, end: 10) == 10)
        #expect(self.lag(10, nil, end: 10) == 0)
        // The end was asked for before the last records were accepted.
        #expect(self.lag(12, nil, end: 10) == 0)
    }

    @Test func placesOfTransactionsAreNoRecords() {
        let reached = Consumer.Reached(delivered: Offset(rawValue: 9), end: Offset(rawValue: 10))
        #expect(self.lag(9, reached, end: 10) == 0)
        #expect(self.lag(9, reached, end: 12) == 2)
        // What was delivered and is not accepted is behind, whatever the consumer has met.
        #expect(self.lag(8, reached, end: 10) == 2)
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
                while !(0..<3).allSatisfy({
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
        guard case .success(let decoded) = EventDecoder.decode(event) else { preconditionFailure("a good event") }
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
