// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPServer
import HTTPValues
import JSON
import SandboxPrograms
import Values
import WorkbenchSandbox

/// The simulated workbench of a drill: its runs, its faults, its audit.
actor SimulatedWorkbench {
    /// Root of the workbench.
    nonisolated let url: String
    /// Its key.
    nonisolated let apiKey = "drill-key-0123456789abcdef"
    private let server: SandboxServer
    private let client = HTTPClient()
    /// Calls that went wrong on purpose, by fault, of rules that are in force no more.
    private var faulted: [String: Int] = [:]

    /// Starts it.
    ///
    /// - Throws: `DrillFailure` or what keeps the sandbox from starting.
    init(_ plan: DrillPlan) throws { try self.init(recorded: SimulatedWorkbench.recorded(plan), seed: plan.seed) }

    /// Starts one with these runs.
    ///
    /// - Parameters:
    ///   - recorded: Projects, experiments and runs as JSON.
    ///   - seed: Decides how long everything takes.
    /// - Throws: `DrillFailure` or what keeps the sandbox from starting.
    init(recorded: String, seed: UInt64) throws {
        var settings = SandboxServer.Settings(apiKey: self.apiKey, seed: seed)
        settings.clock = LifeCycleClock(
            registering: .milliseconds(50)...(.milliseconds(400)),
            building: .milliseconds(300)...(.milliseconds(2500)),
            deploying: .milliseconds(200)...(.milliseconds(1500)),
            stopping: .milliseconds(20)...(.milliseconds(60))
        )
        settings.runs = try RecordedRuns(parsing: Array(recorded.utf8))
        self.server = try SandboxServer(settings: settings)
        self.url = try self.server.start().url
    }

    /// Where deployed models are served.
    nonisolated var modelServiceURL: String { self.url + ModelService.root }

    /// The plan's runs as the sandbox reads them.
    private static func recorded(_ plan: DrillPlan) -> String {
        let project = #"{"id":"\#(DrillPlan.projectID)","name":"drill"}"#
        var experiments: [String] = []
        var runs: [String] = []
        for run in plan.runs {
            if run.rank == 0 {
                experiments.append(
                    #"{"id":"\#(run.experimentID)","project_id":"\#(DrillPlan.projectID)","name":"\#(run.model)"}"#
                )
            }
            let history = #"[{\"artifact_path\":\"artifacts\"}]"#
            let start = run.start.shortestRFC3339
            runs.append(
                #"{"id":"\#(run.id)","name":"\#(run.id)","experiment_id":"\#(run.experimentID)","#
                    + #""status":"EXPERIMENT_RUN_FINISHED","start_time":"\#(start)","end_time":"\#(start)","#
                    + #""data":{"tags":[{"key":"mlflow.log-model.history","value":"\#(history)"}],"#
                    + #""files":[{"path":"artifacts","is_dir":true,"file_size":"0"}]}}"#
            )
        }
        return #"{"projects":[\#(project)],"experiments":[\#(experiments.joined(separator: ","))],"#
            + #""runs":[\#(runs.joined(separator: ","))]}"#
    }

    // MARK: Faults

    /// Puts fault rules in place of those in force.
    func setFaults(_ rules: String) async throws {
        try await self.collectFaulted()
        _ = try await self.send("PUT", "/sandbox/faults", Array(rules.utf8))
    }

    /// Ends all faults.
    func clearFaults() async throws {
        try await self.collectFaulted()
        _ = try await self.send("DELETE", "/sandbox/faults")
    }

    /// Calls that went wrong on purpose, by fault.
    func faultedCalls() async throws -> [String: Int] {
        try await self.collectFaulted()
        return self.faulted
    }

    private func collectFaulted() async throws {
        let answer = try JSONValue(parsing: try await self.send("GET", "/sandbox/faults"))
        guard case .array(let rules)? = answer["rules"] else { throw DrillFailure("the sandbox lists no fault rules") }
        for rule in rules {
            guard let fault = rule["fault"]?.text, let fired = rule["fired"]?.wholeNumber, fired > 0 else { continue }
            self.faulted[fault, default: 0] += Int(fired)
        }
    }

    /// Calls that the workbench has not applied yet although their client has given up.
    func lateCalls() async throws -> Int {
        let state = try JSONValue(parsing: try await self.send("GET", "/sandbox/state?kind=none"))
        return Int(state["counts"]?["lateCalls"]?.wholeNumber ?? 0)
    }

    /// What was made.
    func audit() async throws -> AuditLedger { try AuditLedger(lines: try await self.auditLines()) }

    /// What was made, in order, as the sandbox tells it: a line of JSON each.
    func auditLines() async throws -> [UInt8] { try await self.send("GET", "/sandbox/audit") }

    /// Gives a project another name, as its owner may.
    func rename(project: String, to name: String) async throws {
        let body = JSONWriter.object { $0.field("name", name) }
        _ = try await self.send("PATCH", "/api/v2/projects/\(project)", body)
    }

    private func send(_ method: String, _ path: String, _ body: [UInt8]? = nil) async throws -> [UInt8] {
        let response = try await self.client.send(
            HTTPRequest(
                method: method,
                url: self.url + path,
                headers: [("Authorization", "Bearer \(self.apiKey)"), ("Content-Type", "application/json")],
                body: body,
                maximumResponseBytes: 1 << 30
            )
        )
        guard response.status == 200 else {
            let text = String(decoding: response.body.prefix(300), as: UTF8.self)
            throw DrillFailure("sandbox: \(method) \(path): \(response.status) \(text)")
        }
        return response.body
    }

    /// Ends it.
    func stop() async {
        await self.client.close()
        await self.server.stop()
    }
}
