// SPDX-License-Identifier: Apache-2.0

/// Takes all figures, one measurement after the other.
struct Bench: Sendable {
    let settings: BenchSettings
    /// Told what is measured next.
    let progress: @Sendable (String) -> Void
    /// Takes each figure as soon as it is there.
    let take: @Sendable (Figure) -> Void

    /// Measures.
    func run() async throws {
        try await BenchFixture.with(self.settings, report: self.progress) { fixture in
            guard let path = self.settings.otherWorker else { return try await self.measure(fixture) }
            let two = [Contestant("this", fixture.settings.worker), Contestant("other", path)]
            try await self.compare(two, self.settings.only.intersection(Measurement.comparable), fixture)
        }
    }

    private func wants(_ measurements: Measurement...) -> Bool {
        !self.settings.only.isDisjoint(with: measurements)
    }

    private func measure(_ fixture: BenchFixture) async throws {
        if self.wants(.start, .idle, .rollouts, .latency, .known, .unwanted) {
            let runs = max(self.settings.rollouts, self.settings.singles)
            try await fixture.withWorkbench(runs: runs) { workbench in
                try await fixture.withTopics("main") { topics in
                    if self.wants(.start, .idle, .rollouts, .latency, .known) {
                        try await self.work(fixture, topics, workbench)
                    }
                    guard self.settings.isGenuine, self.wants(.known, .unwanted) else { return }
                    try await self.idleEvents(fixture, topics, workbench).forEach(self.take)
                }
            }
        }
        guard self.settings.isGenuine else { return }
        if self.wants(.waiting), let most = self.settings.waiting.max() {
            try await fixture.withWorkbench(runs: min(most, 20_000)) { workbench in
                try await fixture.withTopics("waiting") { topics in
                    try await self.waiting(fixture, topics, workbench)
                }
            }
        }
        if self.wants(.takeover) {
            try await fixture.withWorkbench(runs: Self.sharedRollouts) { workbench in
                try await fixture.withTopics("takeover", partitionCount: 4) { topics in
                    try await self.takeover(fixture, topics, workbench).forEach(self.take)
                }
            }
        }
        if self.wants(.restore) {
            try await fixture.withWorkbench(runs: 1) { workbench in
                try await fixture.withTopics("restore", partitionCount: 1) { topics in
                    self.take(try await self.restore(fixture, topics, workbench))
                }
            }
        }
        if self.wants(.price) { try await self.price(fixture) }
    }

    /// What one worker shows from its start on.
    private func work(_ fixture: BenchFixture, _ topics: BenchTopics, _ workbench: SimulatedWorkbench) async throws {
        self.progress("start")
        try await fixture.withWorker(topics, workbench) { worker in
            if self.wants(.start) { self.take(self.startToPoll(worker)) }
            if self.wants(.idle) {
                self.progress("doing nothing for \(self.settings.idleTime)")
                try await self.idle(worker).forEach(self.take)
            }
            if self.wants(.rollouts) {
                self.progress("\(self.settings.rounds) rounds of \(self.settings.rollouts) rollouts")
                try await self.rollouts(fixture, topics, workbench, worker).forEach(self.take)
            } else if self.wants(.known) {
                // What is to be known has to have been there.
                _ = try await self.round("round0", fixture, topics, workbench, worker)
            }
            guard self.wants(.latency) else { return }
            self.progress("\(self.settings.singles) events, one at a time")
            try await self.latency(fixture, topics, workbench, worker).forEach(self.take)
        }
    }
}
