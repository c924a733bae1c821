// SPDX-License-Identifier: Apache-2.0

import SandboxPrograms
import Values
import WorkbenchSandbox

@testable import Drill

/// So many milliseconds since 1970.
func wall(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }

/// Observations of a small drill in which everything went well; tests spoil one thing each.
struct CraftedObservations {
    var seen = Observations()
    private var audit = ""
    private var offset: Offset = 0

    /// Two runs of one model, deployed one after the other by one worker, and one unreadable event.
    static func clean() throws -> CraftedObservations {
        var crafted = CraftedObservations()
        crafted.seen.events = 3
        crafted.seen.unreadable = [.init(partition: 1, offset: 7)]
        crafted.seen.deadLetters = [.init(partition: 1, offset: 7)]
        for rank in 0..<2 {
            try crafted.addRun(rank: rank)
            try crafted.deploy(rank: rank, at: Int64(rank) * 10_000)
        }
        return crafted
    }

    /// A run that an event asks for.
    mutating func addRun(rank: Int, model: String = "churn") throws {
        let run = DrillPlan.Run(
            id: "run-\(rank)",
            experimentID: "e",
            model: model,
            rank: rank,
            start: wall(Int64(rank))
        )
        self.seen.runs[run.id] = run
        self.seen.expectedRollouts.insert(.init(runID: run.id, model: model, replayID: nil))
    }

    /// A whole rollout: its journal, its objects, its last status.
    mutating func deploy(rank: Int, at: Int64, process: String = "a", generation: Int32 = 1) throws {
        let id = "rollout-\(rank)"
        self.journal(id, at: at, process, generation)
        self.make("CreateRegisteredModel", #""version_id":"v\#(rank)""#, Self.version(rank, id), at: at)
        if rank == 0 { self.make("CreateModel", #""model_id":"m""#, #""name":"churn""#, at: at) }
        let build = #""comment":"slipway:\#(id)","registered_model_version_id":"v\#(rank)""#
        self.make("CreateModelBuild", #""model_id":"m","build_id":"b\#(rank)""#, build, at: at)
        let ids = #""model_id":"m","build_id":"b\#(rank)","deployment_id":"d\#(rank)""#
        self.make("CreateModelDeployment", ids, "", path: "/builds/b\(rank)/deployments", at: at)
        self.journal(id, at: at + 5_000, process, generation, isTerminal: true)
        try self.status(rank: rank, phase: "deployed")
        try self.sealAudit()
    }

    static func version(_ rank: Int, _ id: String) -> String {
        #""model_name":"churn","run_id":"run-\#(rank)","tags":[{"key":"slipway.rollout","value":"slipway:\#(id)"}]"#
    }

    /// A status event of a rollout.
    mutating func status(
        rank: Int,
        phase: String,
        sequence: Int = 6,
        cause: String = "",
        orphans: String = "",
        rollout: String? = nil
    ) throws {
        let ids = #""versionId":"v\#(rank)","modelId":"m","buildId":"b\#(rank)","deploymentId":"d\#(rank)""#
        let text = """
            {"rolloutId":"\(rollout ?? "rollout-\(rank)")","sequence":\(sequence),"phase":"\(phase)","model":{"name":"churn"},\
            "run":{"runId":"run-\(rank)"},"ids":{\(ids)},"cause":{"class":"\(cause)"},\
            "orphans":[\(orphans)]}
            """
        _ = try self.seen.rollouts.add(Array(text.utf8))
    }

    /// A line of the audit.
    mutating func make(
        _ operation: String,
        _ ids: String,
        _ markers: String,
        path: String = "/x",
        at: Int64,
        fault: String? = nil
    ) {
        let seconds = at / 1_000
        let time = "1970-01-01T00:0\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)Z"
        let fault = fault.map { #""fault":"\#($0)","# } ?? ""
        self.audit += """
            {"at":"\(time)","path":"\(path)","operation":"\(operation)","applied":true,\(fault)"ids":{\(ids)},\
            "markers":{\(markers)}}\n
            """
    }

    /// Puts the lines so far into the observations.
    mutating func sealAudit() throws { self.seen.audit = try AuditLedger(lines: Array(self.audit.utf8)) }

    /// A record of the journal's partition 0.
    mutating func journal(
        _ rollout: String?,
        at: Int64,
        _ process: String,
        _ generation: Int32,
        isTerminal: Bool = false
    ) {
        self.offset = self.offset.next
        self.seen.journal.append(
            Observations.JournalEntry(
                partition: 0,
                offset: self.offset,
                at: wall(at),
                process: process,
                generation: generation,
                rolloutID: rollout,
                isTerminal: isTerminal
            )
        )
    }
}
