// SPDX-License-Identifier: Apache-2.0

import Processes

extension Bench {
    /// Measures workers in turns, on topics of their own, so that what else the machine does meets all of them.
    func compare(
        _ contestants: [Contestant],
        _ measurements: Set<Measurement>,
        _ fixture: BenchFixture
    ) async throws {
        let reference = contestants.last?.name ?? ""
        if measurements.contains(.rollouts) {
            var rollouts = Comparison("rollouts", "rollouts", reference: reference)
            try await self.rollouts(of: contestants, fixture, &rollouts)
            rollouts.figures.forEach(self.take)
        }
        if !measurements.isDisjoint(with: [.known, .unwanted]) {
            var known = Comparison("duplicates", "events already known", reference: reference)
            var unwanted = Comparison("unwanted", "events without a route", reference: reference)
            let needsKnown = measurements.contains(.known)
            try await self.inTurns(contestants, "events", fixture) { contestant, scenario, workbench in
                try await fixture.withTopics(scenario) { topics in
                    let readings = try await self.events(contestant, topics, workbench, fixture, needsKnown: needsKnown)
                    if let reading = readings.unwanted { unwanted.add(reading, of: contestant) }
                    if let reading = readings.known { known.add(reading, of: contestant) }
                }
            }
            if needsKnown { known.figures.forEach(self.take) }
            if measurements.contains(.unwanted) { unwanted.figures.forEach(self.take) }
        }
        if measurements.contains(.restore) {
            var restored = Comparison("restoredRecords", "journal restored, records", reference: reference)
            try await fixture.withWorkbench(runs: 1) { workbench in
                try await fixture.withTopics("restore", partitionCount: 1) { topics in
                    try await self.restores(of: contestants, topics, workbench, fixture, &restored)
                }
            }
            restored.figures.forEach(self.take)
        }
    }

    /// Whole rollouts of a worker that has just become ready.
    func rollouts(
        of contestants: [Contestant],
        _ fixture: BenchFixture,
        _ comparison: inout Comparison
    ) async throws {
        try await self.inTurns(contestants, "rollouts", fixture) { contestant, scenario, workbench in
            let reading = try await fixture.withTopics(scenario) { topics in
                try await fixture.withWorker(topics, workbench, contestant.environment, program: contestant.program) {
                    try await self.reading(of: $0, workbench) { worker in
                        let rate = try await self.round(scenario, fixture, topics, workbench, worker)
                        let count = Double(self.settings.rollouts)
                        return (count, .seconds(1) * (count / rate))
                    }
                }
            }
            comparison.add(reading, of: contestant)
        }
    }

    /// Who has which turn; whoever was first in a round is last in the next.
    private func turns(_ contestants: [Contestant], _ what: String) -> [(contestant: Contestant, scenario: String)] {
        (0..<self.settings.rounds).flatMap { round in
            (round.isMultiple(of: 2) ? contestants : contestants.reversed()).map { contestant in
                (contestant, "\(what)-\(round)-\(contestant.name)")
            }
        }
    }

    private func inTurns(
        _ contestants: [Contestant],
        _ what: String,
        _ fixture: BenchFixture,
        _ turn: (Contestant, String, SimulatedWorkbench) async throws -> Void
    ) async throws {
        for (contestant, scenario) in self.turns(contestants, what) {
            self.progress(scenario)
            // Of its own: what a workbench holds makes it slower.
            try await fixture.withWorkbench(runs: self.settings.rollouts) { workbench in
                try await turn(contestant, scenario, workbench)
            }
        }
    }

    private func reading(
        of worker: WorkerProcess,
        _ workbench: SimulatedWorkbench,
        _ body: (WorkerProcess) async throws -> (count: Double, took: Duration)
    ) async throws -> Reading {
        let bystanders = try Bystanders.read(self.settings.brokers, workbench)
        let before = try worker.usage().processorTime
        let (count, took) = try await body(worker)
        return Reading(
            count: count,
            took: took,
            worked: try worker.usage().processorTime - before,
            beside: try Bystanders.read(self.settings.brokers, workbench).since(bystanders)
        )
    }

    /// A backlog that no route wants, and then the same events again, each time for a worker that has just started.
    private func events(
        _ contestant: Contestant,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench,
        _ fixture: BenchFixture,
        needsKnown: Bool
    ) async throws -> (unwanted: Reading?, known: Reading?) {
        let distinct = self.settings.idleEvents / 4
        let generator = LoadGenerator(topics: topics, workbench: workbench, series: "unwanted", isWanted: false)
        try await fixture.send(distinct, distinct: distinct, generator)
        let unwanted = try await self.backlog("accepted", distinct, contestant, topics, workbench, fixture)
        guard needsKnown else { return (unwanted, nil) }
        try await fixture.send(self.settings.idleEvents, distinct: distinct, generator)
        let count = self.settings.idleEvents
        return (unwanted, try await self.backlog("duplicate", count, contestant, topics, workbench, fixture))
    }

    private func backlog(
        _ outcome: String,
        _ count: Int,
        _ contestant: Contestant,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench,
        _ fixture: BenchFixture
    ) async throws -> Reading? {
        let bystanders = try Bystanders.read(self.settings.brokers, workbench)
        return try await fixture.withWorker(topics, workbench, contestant.environment, program: contestant.program) {
            guard let passage = try await self.passage(of: outcome, count, $0) else { return nil }
            return Reading(
                count: Double(passage.events),
                took: passage.took,
                worked: passage.worked,
                beside: try Bystanders.read(self.settings.brokers, workbench).since(bystanders)
            )
        }
    }

    /// A journal that every worker restores in its turn; it names its workbench, so all of them have the same.
    private func restores(
        of contestants: [Contestant],
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench,
        _ fixture: BenchFixture,
        _ comparison: inout Comparison
    ) async throws {
        self.progress("a journal of \(self.settings.journalRecords) records")
        try await self.writeJournal(self.settings.journalRecords, fixture, topics, workbench)
        for (contestant, _) in self.turns(contestants, "restores") {
            let bystanders = try Bystanders.read(self.settings.brokers, workbench)
            try await fixture.withWorker(topics, workbench, contestant.environment, program: contestant.program) {
                let page = try await $0.metrics()
                let reading = Reading(
                    count: page.value("slipway_restored_records_total"),
                    took: .seconds(1) * page.value("slipway_restore_seconds_sum"),
                    // Its start is in it, a few hundredths of a second.
                    worked: try $0.usage().processorTime,
                    beside: try Bystanders.read(self.settings.brokers, workbench).since(bystanders)
                )
                comparison.add(reading, of: contestant)
            }
        }
    }
}
