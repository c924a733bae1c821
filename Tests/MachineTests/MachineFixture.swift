// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Rollouts
import Testing
import Values
import WorkbenchAPI
import WorkbenchSandbox

/// A machine that is told by hand what has happened; its requests can be answered by a sandbox in process.
final class MachineFixture {
    private static let key = "test-key"

    private var machine: WorkerMachine
    var sandbox = Sandbox(apiKey: key, seed: 1)
    private var seconds = 1.0
    /// The newest turn.
    private(set) var turn = Turn()
    /// Requests that wait for an answer, oldest first.
    private(set) var requests: [PlannedRequest] = []
    /// All operations sent so far.
    private(set) var sent: [String] = []
    /// All orders to the group so far, in words.
    private(set) var orders: [String] = []
    /// The transaction that is under way; `nil` for none.
    private(set) var transaction: Transaction?
    /// The newest order to read commands.
    private(set) var commandsWanted: (id: CommandsReadID, from: Offset, reaching: Offset)?
    /// What was told of rollouts, in order.
    private(set) var phases: [RolloutState] = []
    /// How rollouts have ended, by model: the phase, and where it has one its cause.
    private(set) var ends: [String: [(phase: Phase, cause: Cause?)]] = [:]
    /// Entries of committed transactions by model, in order.
    private(set) var written: [String: [String]] = [:]
    let intake: Intake
    private var lastOffset: [ReadPartition: Int64] = [:]

    /// Project and experiment of all runs.
    let project: String
    let experiment: String

    init(
        routes: Routes = Routes([MachineFixture.rule]),
        horizon: Duration? = nil,
        _ change: (inout WorkerMachine.Settings) -> Void = { _ in }
    ) throws {
        var settings = WorkerMachine.Settings(
            ownership: PartitionOwnership.Settings(
                world: Self.world,
                eventTopics: ["events"],
                startFrom: .beginning,
                horizon: nil
            ),
            planner: TransactionPlanner.Settings(maximumRecordBytes: 1_000_000, maximumDeadBytes: 1_000_000),
            policy: Coordinator.Policy(inboxPartitions: 2),
            routes: routes,
            dialect: Dialect(baseURL: try ServiceURL("https://workbench"))
        )
        settings.lagInterval = .seconds(1_000_000)
        change(&settings)
        self.machine = WorkerMachine(settings, seed: 1)
        self.intake = Intake(
            Intake.Settings(
                routes: routes,
                defaultProjectID: nil,
                workbench: "w",
                inboxPartitions: 2,
                horizon: horizon
            )
        )
        self.project = try Self.make(&self.sandbox, "projects", #"{"name": "churn"}"#)
        self.experiment = try Self.make(&self.sandbox, "projects/\(self.project)/experiments", #"{"name": "e"}"#)
    }

    static let world = StartRecord(partitionCount: 2, group: "g", workbench: "w")
    static let rule = Route(name: "all", artifactPath: "model", runtime: .identifier(MachineFixture.runtime))
    static let runtime =
        "docker.repository.cloudera.com/cloudera/cdsw/ml-runtime-jupyterlab-python3.10-standard:2024.10.1-b12"

    // MARK: Time and turns

    var now: Now {
        let nanoseconds = Int64(self.seconds * 1e9)
        return Now(
            monotonic: MonotonicTime(nanoseconds: nanoseconds),
            wall: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000 + nanoseconds / 1_000_000)
        )
    }

    /// Lets time pass; nobody is woken.
    func pass(_ seconds: Double) { self.seconds += seconds }

    /// Tells all of it in one turn.
    ///
    /// - Returns: What the turn does, in words.
    @discardableResult
    func take(_ inputs: Input...) -> [String] { self.take(all: inputs) }

    @discardableResult
    func take(all inputs: [Input]) -> [String] {
        self.turn = self.machine.handle(inputs, now: self.now)
        self.machine.checkInvariants(.everything)
        for case .phase(let state) in self.turn.reports { self.phases.append(state) }
        for case .phase(let state) in self.turn.reports where state.phase.isTerminal {
            self.ends[state.plan.modelName, default: []].append((state.phase, state.cause))
        }
        for action in self.turn.actions {
            switch action {
            case .workbench(.start(let requests)):
                self.requests += requests
                self.sent += requests.map(\.send.operation.id)
            case .journal(.commit(let transaction)): self.transaction = transaction
            case .commands(.read(let id, let offset, let end)): self.commandsWanted = (id, offset, end)
            case .group: self.orders.append(action.words)
            case .workbench(.cancelUnstarted), .workbench(.reloadKey), .journal, .end: break
            }
        }
        // Of reading commands the tests of commands tell.
        return self.turn.actions.filter { if case .commands = $0 { false } else { true } }.map(\.words)
    }

    /// What the newest turn tells, in words; requests and counts left out.
    var told: [String] {
        self.turn.reports.filter { report in
            switch report {
            case .request, .unfinished, .firstCall: false
            default: true
            }
        }.map(\.words)
    }

    // MARK: Kafka

    static func membership(_ generation: Int32 = 1, member: String = "m") throws -> GroupMembership {
        try #require(GroupMembership(groupID: "g", generation: generation, memberID: member))
    }

    static func location(_ committed: Int64?, high: Int64 = 0) -> Location {
        Location(
            committed: committed.map { Offset(rawValue: $0) },
            ends: Watermarks(low: 0, high: Offset(rawValue: high))
        )
    }

    /// A journal partition was read.
    static func restored(
        _ lease: Lease,
        _ restored: Coordinator.Restored = Coordinator.Restored(),
        isNew: Bool = true,
        commands: Int64? = nil,
        position: CommandsPosition? = nil,
        done: DoneCommands = DoneCommands()
    ) -> Input {
        var start = world
        start.topics["events"] = .beginning
        let facts = RestoreFacts(
            restored: restored,
            start: isNew ? nil : start,
            commands: position ?? commands.map { CommandsPosition(next: Offset(rawValue: $0)) },
            doneCommands: done,
            recordCount: isNew ? 0 : 1,
            location: self.location(isNew ? nil : 0)
        )
        return .journal(.restored(lease, .success(facts)))
    }

    /// The transaction under way has ended.
    @discardableResult
    func commit(_ outcome: CommitOutcome = .committed(records: 1)) throws -> [String] {
        let transaction = try #require(self.transaction, "no transaction is under way")
        self.transaction = nil
        if case .committed = outcome {
            for entry in transaction.entries {
                let words = entry.words.split(separator: " ").map(String.init)
                if words.count > 1 { self.written[words[1], default: []].append(entry.words) }
            }
        }
        return self.take(.journal(.commitEnded(transaction.id, outcome)))
    }

    /// Events of one run each, as they are read.
    ///
    /// - Returns: The input that tells them.
    func events(_ lease: Lease, _ models: String..., runs: [String]) -> Input {
        .group(.records(lease, zip(models, runs).map { self.event(lease, $0, run: $1) }))
    }

    /// An event of a run, as it is read; with further members, which begin with a comma.
    func event(_ lease: Lease, _ model: String, run: String, _ members: String = "") -> IntakeEntry {
        self.entry(
            lease,
            #"{"projectId":"\#(self.project)","experimentId":"\#(self.experiment)","runId":"\#(run)","#
                + #""model":{"name":"\#(model)"}\#(members)}"#
        )
    }

    /// An event of a run that another worker has passed on, as it is read from the inbox.
    func passedOn(_ inbox: Lease, _ model: String, run: String, from topic: String = "events") -> IntakeEntry {
        let text =
            #"{"projectId":"\#(self.project)","experimentId":"\#(self.experiment)","runId":"\#(run)","#
            + #""model":{"name":"\#(model)"}}"#
        let offset = Offset(rawValue: Int64(self.lastOffset[inbox.subject, default: 0]))
        let origin = Origin(topic: topic, partition: 8, offset: offset)
        let hops = RecordHeader(Forwarding.HeaderName.hops, "1")
        return self.entry(inbox, text, headers: Forwarding.headers(origin) + [hops])
    }

    /// What another worker says of its room, as it is read from the inbox.
    func said(_ inbox: Lease, _ notice: RoomNotice) -> IntakeEntry {
        let record = Forwarding.record(notice, to: inbox.partition, inbox: "inbox")
        return self.entry(inbox, String(decoding: record.value ?? [], as: UTF8.self), headers: record.headers)
    }

    /// A record of any text, as it is read.
    func entry(_ lease: Lease, _ text: String, headers: [RecordHeader] = []) -> IntakeEntry {
        let offset = self.lastOffset[lease.subject, default: 0]
        self.lastOffset[lease.subject] = offset + 1
        let record = ConsumedRecord(
            topicPartition: TopicPartition(Self.topic(of: lease.subject), lease.partition),
            offset: Offset(rawValue: offset),
            value: Array(text.utf8),
            headers: headers
        )
        return self.intake.entry(record, from: lease.subject, now: self.now.wall)
    }

    /// `events`, `events1`, ...: the event topics, by their index.
    static func topic(of partition: ReadPartition) -> String {
        switch partition.topic {
        case .inbox: "inbox"
        case .events(let index): index == 0 ? "events" : "events\(index)"
        }
    }

    // MARK: The workbench

    private static func make(
        _ sandbox: inout Sandbox,
        _ path: String,
        _ body: String,
        at now: Timestamp = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
    ) throws -> String {
        let reply = sandbox.receive(
            SandboxRequest(
                method: path.hasSuffix(":patch") ? "PATCH" : "POST",
                path: "/api/v2/" + path.replacing(":patch", with: ""),
                authorization: "Bearer \(self.key)",
                body: Array(body.utf8)
            ),
            at: now
        )
        let text = String(decoding: reply.body, as: UTF8.self)
        try #require(reply.status == 200, "\(path): \(text)")
        let parts = text.split(separator: #""id":""#, maxSplits: 1)
        return parts.count > 1 ? String(parts[1].prefix { $0 != "\"" }) : ""
    }

    /// Makes a project, or an experiment in one, whoever owns it.
    func make(_ name: String, experimentOf project: String? = nil) throws -> String {
        let path = project.map { "projects/\($0)/experiments" } ?? "projects"
        return try Self.make(&self.sandbox, path, #"{"name": "\#(name)"}"#, at: self.now.wall)
    }

    /// Makes a finished run with a model in it; tagged so that it fails on its way, if asked for.
    ///
    /// In the fixture's own experiment, where no other is named.
    func run(failing marker: String? = nil, in project: String? = nil, _ experiment: String? = nil) throws -> String {
        let runs = "projects/\(project ?? self.project)/experiments/\(experiment ?? self.experiment)/runs"
        let run = try Self.make(&self.sandbox, runs, "{}", at: self.now.wall)
        _ = try Self.make(
            &self.sandbox,
            "\(runs)/\(run):logbatch",
            #"{"model_json": "{\"artifact_path\": \"model\"}"}"#,
            at: self.now.wall
        )
        if let marker {
            let tags = #"{"tags": [{"key": "sandbox.fail", "value": "\#(marker)"}]}"#
            _ = try Self.make(&self.sandbox, "\(runs)/\(run):logbatch", tags, at: self.now.wall)
        }
        let finished = #"{"status": "EXPERIMENT_RUN_FINISHED"}"#
        _ = try Self.make(&self.sandbox, "\(runs)/\(run):patch", finished, at: self.now.wall)
        return run
    }

    /// Registers a run as somebody else would; in the fixture's own experiment, where no other is named.
    func register(_ run: String, as model: String, in project: String? = nil, _ experiment: String? = nil) throws {
        let (project, experiment) = (project ?? self.project, experiment ?? self.experiment)
        let body = #"""
            {"project_id": "\#(project)", "experiment_id": "\#(experiment)", "run_id": "\#(run)",
             "model_name": "\#(model)", "model_path": "model"}
            """#
        _ = try Self.make(&self.sandbox, "registry/models", body, at: self.now.wall)
    }

    /// Names of the models that the registry has.
    var registeredNames: [String] {
        let reply = self.sandbox.receive(
            SandboxRequest(
                method: "GET",
                path: "/api/v2/registry/models",
                authorization: "Bearer \(Self.key)",
                body: []
            ),
            at: self.now.wall
        )
        let parts = String(decoding: reply.body, as: UTF8.self).split(separator: #""name":""#).dropFirst()
        return parts.map { String($0.prefix { $0 != "\"" }) }
    }

    /// The sandbox answers all requests that wait, in one turn.
    @discardableResult
    func answer() -> [String] {
        let answers = self.requests.map { request in
            WorkbenchAnswer(id: request.id, .response(self.response(to: request)))
        }
        self.requests = []
        return self.take(.workbench(answers))
    }

    /// The oldest request that waits brings no response.
    @discardableResult
    func fail(_ kind: HTTPFailure.Kind, mayHaveBeenSent: Bool = false) throws -> [String] {
        let request = try #require(self.requests.first, "no request waits")
        self.requests.removeFirst()
        let failure = HTTPFailure(kind: kind, mayHaveBeenSent: mayHaveBeenSent, message: "by hand")
        return self.take(.workbench([WorkbenchAnswer(id: request.id, .failure(failure))]))
    }

    private func response(to request: PlannedRequest) -> HTTPResponse {
        let planned = request.send.request
        let target = planned.url.drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" }
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let delivery = self.sandbox.receive(
            SandboxRequest(
                method: planned.method,
                path: parts[0],
                query: parts.count > 1 ? parts[1] : "",
                authorization: "Bearer \(Self.key)",
                body: planned.body ?? []
            ),
            at: self.now.wall
        )
        return HTTPResponse(status: delivery.status, headers: delivery.headers, body: delivery.body)
    }

    // MARK: Shortcuts

    /// Up to where an inbox partition and a partition of an event topic are held, and nothing is under way.
    ///
    /// - Returns: Their leases.
    func hold() throws -> (inbox: Lease, events: Lease) {
        let (inbox, events) = (ReadPartition.inbox(0), ReadPartition(.events(0), 3))
        self.take()
        self.answer()
        self.take(.group(.assigned([inbox, events], try Self.membership())))
        let leases = (Lease(inbox, epoch: 1), Lease(events, epoch: 2))
        self.take(
            Self.restored(leases.0),
            .group(.located(leases.1, .success(Self.location(0))))
        )
        try self.commit()
        return leases
    }

    /// Up to where an inbox partition and a partition of each of several event topics are held.
    ///
    /// - Returns: Their leases.
    func hold(topics count: Int) throws -> (inbox: Lease, events: [Lease]) {
        let inbox = ReadPartition.inbox(0)
        let events = (0..<count).map { ReadPartition(.events($0), 3) }
        self.take()
        self.answer()
        self.take(.group(.assigned([inbox] + events, try Self.membership())))
        let leases = events.enumerated().map { Lease($1, epoch: UInt64($0) + 2) }
        let lease = Lease(inbox, epoch: 1)
        self.take(Self.restored(lease))
        for lease in leases { self.take(.group(.located(lease, .success(Self.location(0))))) }
        try self.settle()
        return (lease, leases)
    }

    /// Answers and commits until nothing is left to be done at once.
    func settle() throws {
        for _ in 0..<1_000 {
            if !self.requests.isEmpty {
                self.answer()
            } else if self.transaction != nil {
                try self.commit()
            } else {
                return
            }
        }
        Issue.record("it does not come to rest")
    }

    /// Lets time pass, answers and commits until no rollout is under way.
    ///
    /// - Parameter seconds: How long that may take.
    /// - Throws: A failed requirement where it takes longer, or nothing is left that could end them.
    func finish(within seconds: Double = 3_600) throws {
        let limit = self.seconds + seconds
        try self.settle()
        while self.unfinished > 0 {
            let wake = try #require(self.turn.wakeAt, "nothing is under way, and nobody is to be woken")
            // A little later, since a fraction of a second is not exact.
            self.seconds = max(self.seconds, Double(wake.nanoseconds) / 1e9) + 1e-6
            try #require(self.seconds < limit, "\(self.unfinished) rollouts have not ended")
            self.take(.woke)
            try self.settle()
        }
    }

    /// The machine's own parts, for what no turn says.
    var unfinished: Int { self.machine.rollouts.unfinishedCount }
    var waiting: Int { self.machine.planner.count }
}
