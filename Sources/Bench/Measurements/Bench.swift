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
        try await BenchBed.with(self.settings, report: self.progress) { bed in
            let runs = max(self.settings.rollouts, self.settings.singles)
            try await bed.withWorkshop(runs: runs) { workshop in
                try await bed.withTopics("main") { topics in
                    try await self.work(bed, topics, workshop)
                    guard self.settings.isGenuine else { return }
                    try await self.idleEvents(bed, topics, workshop).forEach(self.take)
                }
            }
            guard self.settings.isGenuine else { return }
            if let most = self.settings.waiting.max() {
                try await bed.withWorkshop(runs: min(most, 20_000)) { workshop in
                    try await bed.withTopics("waiting") { topics in
                        try await self.waiting(bed, topics, workshop)
                    }
                }
            }
            try await bed.withWorkshop(runs: Self.sharedRollouts) { workshop in
                try await bed.withTopics("takeover", partitionCount: 4) { topics in
                    try await self.takeover(bed, topics, workshop).forEach(self.take)
                }
            }
            try await bed.withWorkshop(runs: 1) { workshop in
                try await bed.withTopics("restore", partitionCount: 1) { topics in
                    self.take(try await self.restore(bed, topics, workshop))
                }
            }
        }
    }

    /// What one worker shows from its start on.
    private func work(_ bed: BenchBed, _ topics: BenchTopics, _ workshop: Workshop) async throws {
        self.progress("start, and doing nothing for \(self.settings.idleTime)")
        try await bed.withWorker(topics, workshop) { worker in
            self.take(self.startToPoll(worker))
            try await self.idle(worker).forEach(self.take)
            self.progress("\(self.settings.rounds) rounds of \(self.settings.rollouts) rollouts")
            try await self.rollouts(bed, topics, workshop, worker).forEach(self.take)
            self.progress("\(self.settings.singles) events, one at a time")
            try await self.latency(bed, topics, workshop, worker).forEach(self.take)
        }
    }
}
