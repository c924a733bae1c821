// SPDX-License-Identifier: Apache-2.0

import JSON
import Kafka
import Rollouts
import Testing
import Values
import WorkbenchAPI
import WorkbenchSandbox

@testable import Worker

/// What comes in wrong ends in one named outcome each, and what comes after it is served.
@Suite(.timeLimit(.minutes(3)))
struct BadInputTests {
    /// The last phase and the cause's class of each rollout, by its model.
    private func outcomes(_ bed: WorkerFixture, ended count: Int) async throws -> [String: String] {
        func end(_ record: ConsumedRecord) -> Phase? {
            WorkerFixture.phase(of: record).flatMap { Phase(rawValue: $0) }.flatMap { $0.isTerminal ? $0 : nil }
        }
        let records = try await bed.read(bed.topics.status) { records in records.count { end($0) != nil } >= count }
        var outcomes: [String: String] = [:]
        for record in records {
            guard let phase = end(record) else { continue }
            let value = try JSONValue(parsing: record.value ?? [])
            let data = value["data"] ?? value
            let model = data["model"]?["name"]?.text ?? ""
            #expect(outcomes[model] == nil, "two outcomes of '\(model)'")
            outcomes[model] = "\(phase.rawValue) \(data["cause"]?["class"]?.text ?? "-")"
        }
        return outcomes
    }

    @Test func aRunThatCannotBeDeployedEndsWithAName() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(3)
            let path = "/projects/\(runs[0].projectID)/experiments/\(runs[0].experimentID)/runs"
            func call(_ method: String, _ path: String, _ body: String?) async throws -> [UInt8] {
                try await bed.client.raw(method, path, body: body.map { Array($0.utf8) }).body
            }
            _ = try await call("PATCH", "\(path)/\(runs[0].runID)", #"{"status":"EXPERIMENT_RUN_FAILED"}"#)
            _ = try await call("DELETE", "\(path)/\(runs[1].runID)", nil)
            let bare = try JSONValue(parsing: try await call("POST", path, #"{"run_name":"bare"}"#))
            var bareRun = runs[2]
            bareRun.runID = try #require(bare["id"]?.text)
            let end = #"{"status":"EXPERIMENT_RUN_FINISHED","end_time":"2026-01-01T01:00:00Z"}"#
            _ = try await call("PATCH", "\(path)/\(bareRun.runID)", end)
            // Its event comes before its end, which never comes.
            let running = try JSONValue(parsing: try await call("POST", path, #"{"run_name":"running"}"#))
            var runningRun = runs[2]
            runningRun.runID = try #require(running["id"]?.text)
            var elsewhere = runs[2]
            elsewhere.projectID = "else-wher-else-wher"
            let events = [
                ("failed-run", runs[0]), ("deleted-run", runs[1]), ("no-artifact", bareRun),
                ("running-run", runningRun), ("other-project", elsewhere), ("good", runs[2]),
            ]
            let route = Route(
                name: "all",
                runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil),
                deadlines: StepDeadlines(resolve: 2_000)
            )
            try await bed.withWorker(bed.settings(Routes([route]))) { _ in
                for (model, run) in events { try await bed.emit(run.data(model: model), id: model, key: model) }
                // The workbench lists no files of a bare run, so only the registration can find that there are none.
                let outcomes = try await self.outcomes(bed, ended: events.count)
                #expect(
                    outcomes == [
                        "failed-run": "skipped runNotFinished", "deleted-run": "failed runNotFound",
                        "no-artifact": "failed registration", "running-run": "failed runNotFinished",
                        "other-project": "failed projectNotFound", "good": "deployed -",
                    ]
                )
            }
        }
    }

    @Test func namesAndWishesThatAreNotAllowedEndWithAName() async throws {
        let names = ["../../etc/passwd", String(repeating: "x", count: 300), "🚀", "a/b", "%2e%2e"]
        try await WorkerFixture.with { bed in
            let run = try await bed.seedRuns(1)[0]
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                for name in names { try await bed.emit(run.data(model: name), id: name, key: "k") }
                let greedy = run.data(model: "greedy").dropLast() + #","deployment":{"cpu":1000}}"#
                try await bed.emit(String(greedy), id: "greedy", key: "k")
                try await bed.emit(run.data(model: "good"), id: "good", key: "k")
                let outcomes = try await self.outcomes(bed, ended: names.count + 2)
                #expect(outcomes.count == names.count + 2)
                for name in names {
                    // A long one is told cut.
                    let told = outcomes.first { $0.key.hasPrefix(name.prefix(50)) }
                    #expect(told?.value == "failed invalidName", "\(name)")
                }
                #expect(outcomes["greedy"] == "failed overLimit")
                #expect(outcomes["good"] == "deployed -")
            }
            #expect(try await bed.audit().created["model"] == 1)
        }
    }

    @Test func bodiesThatAreNoEventsAreDeadLettersEach() async throws {
        let deep = String(repeating: "[", count: 5_000)
        let huge = #"{"runId":""# + String(repeating: "x", count: 300_000) + #""}"#
        let bodies = ["", "{", deep, huge, "[]", "7", #"{"projectId":7,"runId":"r"}"#]
        try await WorkerFixture.with { bed in
            let run = try await bed.seedRuns(1)[0]
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                for (index, body) in bodies.enumerated() { try await bed.emit(body, id: "\(index)", key: "k") }
                try await bed.emit(run.data(model: "good"), id: "good", key: "k")
                #expect(try await self.outcomes(bed, ended: 1) == ["good": "deployed -"])
                let dead = try await bed.read(bed.topics.dead) { $0.count >= bodies.count }
                #expect(dead.map { String(decoding: $0.value ?? [], as: UTF8.self) } == bodies)
                for letter in dead {
                    let reason = letter.headers.last { $0.name == DeadLetter.HeaderName.class }?.text
                    #expect(reason?.isEmpty == false)
                }
            }
        }
    }
}
