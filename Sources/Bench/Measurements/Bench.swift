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
            let runs = max(self.settings.rollouts, self.settings.singles)
            try await fixture.withWorkbench(runs: runs) { workbench in
                try await fixture.withTopics("main") { topics in
                    try await self.work(fixture, topics, workbench)
                    guard self.settings.isGenuine else { return }
                    try await self.idleEvents(fixture, topics, workbench).forEach(self.take)
                }
            }
            guard self.settings.isGenuine else { return }
            if let most = self.settings.waiting.max() {
                try await fixture.withWorkbench(runs: min(most, 20_000)) { workbench in
                    try await fixture.withTopics("waiting") { topics in
                        try await self.waiting(fixture, topics, workbench)
                    }
                }
            }
            try await fixture.withWorkbench(runs: Self.sharedRollouts) { workbench in
                try await fixture.withTopics("takeover", partitionCount: 4) { topics in
                    try await self.takeover(fixture, topics, workbench).forEach(self.take)
                }
            }
            try await fixture.withWorkbench(runs: 1) { workbench in
                try await fixture.withTopics("restore", partitionCount: 1) { topics in
                    self.take(try await self.restore(fixture, topics, workbench))
                }
            }
        }
    }

    /// What one worker shows from its start on.
    private func work(_ fixture: BenchFixture, _ topics: BenchTopics, _ workbench: SimulatedWorkbench) async throws {
        self.progress("start, and doing nothing for \(self.settings.idleTime)")
        try await fixture.withWorker(topics, workbench) { worker in
            self.take(self.startToPoll(worker))
            try await self.idle(worker).forEach(self.take)
            self.progress("\(self.settings.rounds) rounds of \(self.settings.rollouts) rollouts")
            try await self.rollouts(fixture, topics, workbench, worker).forEach(self.take)
            self.progress("\(self.settings.singles) events, one at a time")
            try await self.latency(fixture, topics, workbench, worker).forEach(self.take)
        }
    }
}
