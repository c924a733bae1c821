// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPValues
import JSON
import Synchronization
import Values

/// Asks the workers every second whether they are ready, and keeps them running.
final class HealthWatch: Sendable {
    private let fleet: WorkerFleet
    private let client = HTTPClient()
    private let samples = Mutex<[Observations.HealthSample]>([])

    init(_ fleet: WorkerFleet) { self.fleet = fleet }

    /// What was answered so far.
    var history: [Observations.HealthSample] { self.samples.withLock { $0 } }

    /// Asks until the task is cancelled.
    ///
    /// - Throws: `DrillFailure` if a worker can't be started again.
    func run() async throws {
        while !Task.isCancelled {
            try await self.fleet.tend()
            try await self.ask()
            do { try await Task.sleep(for: .milliseconds(700)) } catch { return }
        }
    }

    /// Waits until so many workers are ready.
    ///
    /// One that ends meanwhile is started again: a broker that doesn't know new topics yet refuses the first.
    ///
    /// - Throws: `DrillFailure` when the time is up.
    func waitUntilReady(_ count: Int, within time: Duration) async throws {
        let deadline = ContinuousClock.now + time
        while try await self.ask().count(where: { $0 == nil }) < count {
            try await self.fleet.tend()
            guard ContinuousClock.now < deadline else {
                let causes = self.history.suffix(count).compactMap(\.cause).joined(separator: "; ")
                let words = await self.fleet.lastWords() ?? ""
                throw DrillFailure("the workers were not ready within \(time.tenths) s: \(causes) \(words)")
            }
            try await Task.sleep(for: .milliseconds(500))
        }
        await self.fleet.forgetEnds()
    }

    /// Asks every worker once.
    ///
    /// - Returns: Of each one why it is not ready; `nil` if it is.
    @discardableResult
    private func ask() async throws -> [String?] {
        let endpoints = try await self.fleet.endpoints()
        let client = self.client
        let causes = await withTaskGroup(of: String?.self) { group in
            for (slot, url) in endpoints {
                group.addTask { await Self.cause(url, client).map { "worker \(slot): \($0)" } }
            }
            var causes: [String?] = []
            for await cause in group { causes.append(cause) }
            return causes
        }
        let now = Timestamp.now()
        self.samples.withLock { $0 += causes.map { Observations.HealthSample(at: now, cause: $0) } }
        return causes
    }

    private static func cause(_ url: String?, _ client: HTTPClient) async -> String? {
        guard let url else { return "has not started yet" }
        let response: HTTPResponse
        do {
            response = try await client.send(HTTPRequest(method: "GET", url: "\(url)/readyz", timeout: .seconds(1)))
        } catch {
            return "does not answer"
        }
        guard response.status != 200 else { return nil }
        guard case .array(let conditions)? = (try? JSONValue(parsing: response.body))?["conditions"] else {
            return "answers \(response.status)"
        }
        return conditions.compactMap { $0["cause"]?.text }.joined(separator: "; ")
    }

    /// Ends its client.
    func close() async { await self.client.close() }
}
