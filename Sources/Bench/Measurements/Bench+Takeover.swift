// SPDX-License-Identifier: Apache-2.0

import Values

extension Bench {
    /// Rollouts that two workers share, spread over all partitions.
    static let sharedRollouts = 48
    /// The shortest session that a worker takes.
    private static let session = Duration.seconds(11)
    private static let heartbeat = Duration.seconds(3)

    /// A worker is killed while it waits for builds: how long until another of its group goes on with them.
    ///
    /// No intent is open then and no transaction: what those add is a time-out of their own. The workers look at a build
    /// once, when they get it, and then not before ten minutes have passed, so that a look of the survivor's after the
    /// kill is for a rollout of the killed one.
    func takeover(
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench
    ) async throws -> [Figure] {
        try await workbench.setBuilding("60m", by: fixture.client)
        let settings = [
            "SLIPWAY_POLLING_MINIMUM": "10m", "SLIPWAY_POLLING_MAXIMUM": "1h",
            "SLIPWAY_KAFKA_SESSION_TIMEOUT_MS": String(Self.session.wholeMilliseconds),
            "SLIPWAY_KAFKA_HEARTBEAT_INTERVAL_MS": String(Self.heartbeat.wholeMilliseconds),
            "SLIPWAY_KAFKA_TRANSACTION_TIMEOUT_MS": "1000",
        ]
        return try await fixture.withWorker(topics, workbench, settings) { survivor in
            self.progress("\(self.settings.takeovers) workers that are killed")
            try await self.fill(from: 0, to: Self.sharedRollouts, fixture, topics, workbench, survivor)
            var times: [Duration] = []
            for round in 0..<self.settings.takeovers {
                // The kills are spread over the time between two heartbeats.
                let delay = .seconds(1) + Self.heartbeat * round / self.settings.takeovers
                times.append(
                    try await fixture.withWorker(topics, workbench, settings) { other in
                        try await self.kill(other, after: delay, beside: survivor)
                    }
                )
            }
            return self.figures(times)
        }
    }

    /// Kills a worker that has just joined the survivor, some time after it has got its share.
    ///
    /// - Returns: The time from the signal until the survivor looks at the first build of the killed worker.
    private func kill(
        _ worker: WorkerProcess,
        after delay: Duration,
        beside survivor: WorkerProcess
    ) async throws -> Duration {
        let (unfinished, all) = ("slipway_rollouts_unfinished", Double(Self.sharedRollouts))
        func looks(_ page: MetricsPage) -> Double {
            // Whoever takes a rollout over lists the builds first, since one of them may be a twin.
            ["GetModelBuild", "ListModelBuilds"].reduce(0) { sum, operation in
                sum + page.value("slipway_api_calls_total", ["operation": operation])
            }
        }
        try await worker.metrics(within: .seconds(60), "a second worker gets no rollouts") {
            $0.value(unfinished) > 0
        }
        // The survivor gave its partitions up before the other got them.
        let share = all - (try await survivor.metrics().value(unfinished))
        try await worker.metrics(within: .seconds(60), "a second worker doesn't look at its builds") {
            $0.value(unfinished) == share && looks($0) >= share
        }
        try await Task.sleep(for: delay)
        let before = looks(try await survivor.metrics())
        let killedAt = worker.kill()
        let first = try await survivor.metrics(within: .seconds(60), "a killed worker's rollouts are not taken over") {
            looks($0) > before
        }
        try await survivor.metrics(within: .seconds(60), "not all of a killed worker's rollouts are taken over") {
            $0.value(unfinished) == all && looks($0) >= before + share
        }
        return first.at - killedAt
    }

    private func figures(_ times: [Duration]) -> [Figure] {
        let bound = Self.session + Self.heartbeat + .seconds(1)
        let seconds = times.map { $0 / .seconds(1) }
        let sorted = seconds.sorted()
        return [
            Figure(
                name: "takeoverMedian",
                title: "takeover after SIGKILL, median",
                value: sorted.isEmpty ? .infinity : sorted[sorted.count / 2],
                unit: "s",
                note: "until another worker's first call for a rollout of the killed one; "
                    + seconds.map { Figure.text($0, "").dropLast() }.joined(separator: " ")
            ),
            Figure(
                name: "takeoverLongest",
                title: "takeover after SIGKILL, longest",
                value: sorted.last ?? .infinity,
                unit: "s",
                target: .atMost(bound / .seconds(1)),
                note: "session timeout of \(Self.session / .seconds(1)) s, heartbeat of "
                    + "\(Self.heartbeat / .seconds(1)) s and one second"
            ),
        ]
    }
}
