// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPClient
import HTTPServer
import HTTPValues
import JSON
import Kafka
import Machine
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values
import WorkbenchAPI
import WorkbenchSandbox

@testable import Worker

/// A workbench, a Kafka and their topics for one test of the whole worker.
struct WorkerFixture: Sendable {
    let kafka: KafkaProperties
    let topics: TopicNames
    let groupID = KafkaFixture.uniqueName("worker-test")
    /// Partitions of inbox and journal, status and dead letters.
    let partitionCount: Int
    /// Partitions of each event topic; another number, so that most events are read where they don't belong.
    let eventPartitionCount: Int
    let client: WorkbenchClient
    let transport: HTTPClient
    let credentials: FixedCredential
    let workbench: String
    let mock: MockCluster?

    /// The first of the event topics, which most tests have one of.
    var events: String { self.topics.events[0] }

    static let apiKey = "test-key-0123456789"

    /// Runs `body` with everything started, on the mock cluster or on a genuine one.
    static func with(
        genuine: Bool = false,
        partitionCount: Int = 3,
        eventPartitionCount: Int? = nil,
        eventTopicCount: Int = 1,
        clock: LifeCycleClock = .instant,
        _ body: (WorkerFixture) async throws -> Void
    ) async throws {
        var sandboxSettings = SandboxServer.Settings(apiKey: Self.apiKey, seed: 7)
        sandboxSettings.clock = clock
        let sandbox = try SandboxServer(settings: sandboxSettings)
        let url = try sandbox.start().url
        let transport = HTTPClient()
        let credentials = FixedCredential(Secret(Self.apiKey))
        let client = WorkbenchClient(
            transport: transport,
            dialect: Dialect(
                baseURL: try ServiceURL(url),
                modelServiceURL: try ServiceURL("\(url)/modelservice")
            ),
            credentials: credentials
        )
        let suffix = KafkaFixture.uniqueName("t")
        let topics = TopicNames(
            events: (0..<eventTopicCount).map { "events\($0)-\(suffix)" },
            inbox: "deployments-inbox-\(suffix)",
            journal: "journal-\(suffix)",
            commands: "commands-\(suffix)",
            status: "status-\(suffix)",
            dead: "dead-\(suffix)"
        )
        let mock = genuine ? nil : try MockCluster()
        let kafka = try KafkaProperties(bootstrapServers: mock?.bootstrapServers ?? KafkaFixture.genuineBootstrap ?? "")
        let bed = WorkerFixture(
            kafka: kafka,
            topics: topics,
            partitionCount: partitionCount,
            eventPartitionCount: eventPartitionCount ?? (partitionCount == 1 ? 1 : partitionCount + 1),
            client: client,
            transport: transport,
            credentials: credentials,
            workbench: url,
            mock: mock
        )
        do {
            try await bed.createTopics()
            try await body(bed)
        } catch {
            await bed.end(sandbox, transport)
            throw error
        }
        await bed.end(sandbox, transport)
    }

    private func end(_ sandbox: SandboxServer, _ transport: HTTPClient) async {
        await transport.close()
        await sandbox.stop()
        if let mock = self.mock { await mock.close() } else { await self.deleteTopics() }
    }

    /// How many partitions a topic has at first.
    private func count(of topic: String) -> Int {
        if topic == self.topics.commands { return 1 }
        return self.topics.events.contains(topic) ? self.eventPartitionCount : self.partitionCount
    }

    /// Deletes the topics of a genuine cluster; one that stays is told, and fails no test.
    private func deleteTopics() async {
        do throws(KafkaError) {
            let admin = try Admin(properties: self.kafka)
            do throws(KafkaError) {
                for (name, failure) in try await admin.deleteTopics(self.topics.all, timeout: .seconds(10)) {
                    print("topic \(name) stays: \(failure)")
                }
            } catch {
                print("topics stay, \(self.topics.all): \(error)")
            }
            await admin.close()
        } catch {
            print("topics stay, \(self.topics.all): \(error)")
        }
    }

    private func createTopics() async throws {
        if let mock = self.mock {
            for name in self.topics.all { try await mock.createTopic(name, partitionCount: self.count(of: name)) }
            return
        }
        let admin = try Admin(properties: self.kafka)
        let new = self.topics.all.map { name in
            NewTopic(
                name: name,
                partitionCount: self.count(of: name),
                settings: name == self.topics.journal ? ["cleanup.policy": "compact"] : [:]
            )
        }
        let failures = try await admin.createTopics(new)
        await admin.close()
        if let failure = failures.values.first { throw failure }
    }

    // MARK: Worker

    func settings(_ routes: Routes) -> WorkerSettings {
        var settings = WorkerSettings(
            kafka: self.kafka,
            groupID: self.groupID,
            workbench: self.workbench,
            routes: routes
        )
        settings.topics = self.topics
        settings.startFrom = .beginning
        settings.sessionTimeout = .seconds(20)
        settings.policy.retry.pollMinimum = .milliseconds(5)
        settings.policy.retry.pollMaximum = .milliseconds(50)
        settings.policy.retry.backoff.base = .milliseconds(20)
        settings.policy.settle = .milliseconds(500)
        // As shipped.
        settings.policy.ownsRegistryNames = true
        settings.policy.requestTimeout = .seconds(2)
        return settings
    }

    /// How workers reach the workbench.
    func access(_ settings: WorkerSettings) throws -> WorkbenchAccess {
        WorkbenchAccess(
            client: self.transport,
            credentials: self.credentials,
            dialect: Dialect(
                baseURL: try ServiceURL(self.workbench),
                modelServiceURL: try ServiceURL("\(self.workbench)/modelservice"),
                requestTimeout: settings.policy.requestTimeout.duration
            )
        )
    }

    /// Runs a worker while `body` runs, then stops it in order.
    func withWorker(
        _ settings: WorkerSettings,
        registry: MetricsRegistry = MetricsRegistry(),
        logger: Logger = TestLog().logger,
        _ body: @escaping @Sendable (Worker) async throws -> Void
    ) async throws {
        let worker = Worker(
            settings: settings,
            workbench: try self.access(settings),
            logger: logger,
            metrics: WorkerMetrics(registry)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            // A worker that ends with an error ends the test, too.
            group.addTask { try await worker.run() }
            group.addTask {
                do {
                    try await body(worker)
                } catch {
                    worker.stop()
                    throw error
                }
                worker.stop()
            }
            for try await _ in group {}
        }
    }

    /// Runs a worker that is expected not to start, and returns why; one that starts all the same is stopped.
    func failureAtStart(_ settings: WorkerSettings) async -> WorkerFailure? {
        let log = TestLog()
        return await #expect(throws: WorkerFailure.self) {
            try await self.withWorker(settings, logger: log.logger) { _ in try await log.first("started") }
        }
    }

    /// Runs a worker while `body` runs, then cancels it: it writes nothing more and leaves no group.
    func withCrashingWorker(_ settings: WorkerSettings, _ body: (Worker) async throws -> Void) async throws {
        let worker = Worker(
            settings: settings,
            workbench: try self.access(settings),
            logger: TestLog().logger,
            metrics: WorkerMetrics(MetricsRegistry())
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // It ends with whatever its cancellation made of it.
                do { try await worker.run() } catch {}
            }
            try await body(worker)
            group.cancelAll()
        }
    }

    /// The group's committed offsets of a topic; of the first event topic, where none is named.
    func committedOffsets(of topic: String? = nil) async throws -> [TopicPartition: Offset] {
        let admin = try Admin(properties: self.kafka)
        let topic = topic ?? self.events
        let partitions = TopicPartition.all(of: topic, count: self.count(of: topic))
        let result: Result<[TopicPartition: Offset], KafkaError>
        do throws(KafkaError) {
            result = .success(try await admin.committedOffsets(ofGroup: self.groupID, partitions))
        } catch {
            result = .failure(error)
        }
        await admin.close()
        return try result.get()
    }

    /// Changes one setting of a topic, and waits until the brokers go by it.
    func change(_ topic: String, _ setting: String, to value: String) async throws {
        let admin = try Admin(properties: self.kafka)
        while !Task.isCancelled {
            do throws(KafkaError) {
                let settings = try await admin.settings(ofTopic: topic)
                if settings[setting]?.value == value { break }
                try await admin.changeSettings(ofTopic: topic, [setting: value])
            } catch {
                // A topic that was just made is not known to every broker at once.
                guard error.isUnknownTopic else { throw error }
            }
        }
        await admin.close()
    }

    /// Changes how large a topic's records may be, in bytes.
    func limit(_ topic: String, bytes: Int) async throws {
        try await self.change(topic, "max.message.bytes", to: "\(bytes)")
    }

    /// A member of another group, or of the workers' own.
    func member(ofGroup group: String) async throws -> Consumer {
        var settings = ConsumerSettings(groupID: group)
        settings.sessionTimeout = .seconds(20)
        let consumer = try Consumer(properties: self.kafka, settings: settings)
        try await consumer.subscribe(self.topics.events + [self.topics.inbox])
        return consumer
    }

    /// The name of a model that belongs to a partition.
    func modelName(ownedBy partition: Partition) -> String {
        let names = (0...).lazy.map { "model-\($0)" }
        return names.first {
            Partitioning.ownerPartition(forKey: $0.utf8, count: self.partitionCount) == partition
        } ?? ""
    }

    /// The place of a run in a list.
    func index(of runID: String, in runs: [SeededRun]) -> Int { runs.firstIndex { $0.runID == runID } ?? -1 }

    // MARK: Events

    /// Sends one event in binary mode, keyed by `key`, to a partition of an event topic or where murmur2 puts it.
    func emit(
        _ data: String,
        id: String,
        key: String?,
        partition: Partition? = nil,
        topic: String? = nil,
        source: String = "/test",
        extensions: [(String, String)] = [],
        timestamp: Timestamp? = nil
    ) async throws {
        let producer = try Producer(properties: self.kafka)
        var headers = [
            RecordHeader("ce_specversion", "1.0"), RecordHeader("ce_type", "ai.experiment.run.finished.v1"),
            RecordHeader("ce_source", source), RecordHeader("ce_id", id),
            RecordHeader("content-type", "application/json"),
        ]
        headers += extensions.map { RecordHeader("ce_\($0.0)", $0.1) }
        _ = try await producer.send(
            ProducerRecord(
                topic: topic ?? self.events,
                partition: partition,
                key: key.map { Array($0.utf8) },
                value: Array(data.utf8),
                headers: headers,
                timestamp: timestamp
            )
        )
        await producer.close()
    }

    /// Reads a topic from its beginning until `isDone` holds for what was read.
    func read(_ topic: String, until isDone: ([ConsumedRecord]) -> Bool) async throws -> [ConsumedRecord] {
        let reader = try PartitionReader(properties: self.kafka)
        var start: [TopicPartition: Offset] = [:]
        for partition in TopicPartition.all(of: topic, count: self.count(of: topic)) { start[partition] = 0 }
        try await reader.assign(start)
        var records: [ConsumedRecord] = []
        while !isDone(records), !Task.isCancelled {
            records += try await reader.poll(timeout: .milliseconds(200)).records
        }
        await reader.close()
        return records
    }

    /// The phases of each rollout on the status topic, in order, once so many have ended.
    func phases(untilEnded count: Int) async throws -> [String: [String]] {
        let records = try await self.read(self.topics.status) { records in
            records.count { Self.phase(of: $0).map { Phase(rawValue: $0)?.isTerminal == true } == true } >= count
        }
        var phases: [String: [String]] = [:]
        for record in records where !Barrier.isEvent(record) {
            let id = String(decoding: record.key ?? [], as: UTF8.self)
            phases[id, default: []].append(Self.phase(of: record) ?? "?")
        }
        return phases
    }

    /// The step that a journal record is at; `nil` for a lane.
    static func step(of record: ConsumedRecord) -> String? {
        record.headers.first { $0.name == "slipway_step" }?.text
    }

    static func phase(of record: ConsumedRecord) -> String? {
        guard let type = record.headers.first(where: { $0.name == "ce_type" })?.text else { return nil }
        return type.split(separator: ".").dropLast().last.map(String.init)
    }

    /// The class of the cause that a status names.
    static func causeClass(of record: ConsumedRecord) throws -> String {
        struct Status: Decodable {
            struct Cause: Decodable { var `class`: String }
            var cause: Cause?
        }
        return try JSONDecoder().decode(Status.self, from: Data(record.value ?? [])).cause?.class ?? "none"
    }

    // MARK: Workbench

    /// A run on the workbench.
    struct SeededRun: Sendable {
        var projectID: String
        var experimentID: String
        var runID: String

        /// The event's data for it.
        func data(model: String, status: String = "FINISHED", artifactPath: String? = nil) -> String {
            let path = artifactPath.map { #","artifactPath":"\#($0)""# } ?? ""
            return """
                {"projectId":"\(self.projectID)","experimentId":"\(self.experimentID)","runId":"\(self.runID)",\
                "status":"\(status)","model":{"name":"\(model)"\(path)}}
                """
        }

        /// A rollout of it that was just accepted.
        func state(model: String, partition: Partition, topic: String) -> RolloutState {
            var state = RolloutState(
                id: RolloutID(high: 1, low: 1),
                partition: partition,
                origin: Origin(topic: topic, partition: partition, offset: 0),
                event: EventReference(id: self.runID, source: "/test", time: nil),
                plan: RolloutPlan(
                    route: "all",
                    run: RunReference(
                        projectID: self.projectID,
                        experimentID: self.experimentID,
                        runID: self.runID
                    ),
                    modelName: model,
                    artifactPath: "artifacts",
                    runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil)
                ),
                acceptedAt: Timestamp.now()
            )
            // What its event asked for, by which the route is chosen again.
            var claim = Claim()
            claim.model.name = model
            state.plan.claim = claim
            return state
        }
    }

    /// Kinds of cluster to test on: the mock one, and a genuine one where there is one (`genuine` of `with`).
    static var clusters: [Bool] { KafkaFixture.genuineBootstrap == nil ? [false] : [false, true] }

    /// Makes a project with an experiment and finished runs, the first the oldest.
    func seedRuns(_ count: Int, metrics: [Double] = []) async throws -> [SeededRun] {
        let name = KafkaFixture.uniqueName("p")
        let project = try await self.post("/projects", #"{"name":"\#(name)"}"#)["id"]
        let experiment = try await self.post("/projects/\(project ?? "")/experiments", #"{"name":"e-\#(name)"}"#)["id"]
        guard let project, let experiment else { throw CancellationError() }
        var runs: [SeededRun] = []
        for index in 0..<count {
            let path = "/projects/\(project)/experiments/\(experiment)/runs"
            let start = "2026-01-01T00:00:\(index < 10 ? "0" : "")\(index)Z"
            let run = try await self.post(path, #"{"run_name":"r\#(index)","start_time":"\#(start)"}"#)["id"] ?? ""
            let history = #"[{\"artifact_path\":\"artifacts\"}]"#
            let metric = index < metrics.count ? #"{"key":"accuracy","value":\#(metrics[index]),"step":"0"}"# : ""
            _ = try await self.post(
                "\(path)/\(run):logbatch",
                #"{"metrics":[\#(metric)],"tags":[{"key":"mlflow.log-model.history","value":"\#(history)"}]}"#
            )
            _ = try await self.client.raw(
                "PATCH",
                "\(path)/\(run)",
                body: Array(#"{"status":"EXPERIMENT_RUN_FINISHED","end_time":"2026-01-01T01:00:00Z"}"#.utf8)
            )
            runs.append(SeededRun(projectID: project, experimentID: experiment, runID: run))
        }
        return runs
    }

    private struct Created: Decodable {
        var id: String?
    }

    private func post(_ path: String, _ body: String) async throws -> [String: String] {
        let response = try await self.client.raw("POST", path, body: Array(body.utf8))
        let created = try JSONDecoder().decode(Created.self, from: Data(response.body))
        return created.id.map { ["id": $0] } ?? [:]
    }

    // MARK: The sandbox's own controls

    /// What the audit says was created, by kind.
    struct Audit: Sendable {
        var created: [String: Int] = [:]
        /// Runs in the order in which their builds were deployed.
        var deployedRuns: [String] = []
    }

    private struct AuditLine: Decodable {
        var operation: String
        var applied: Bool
        var ids: [String: String]
        var markers: [String: JSONText]
    }

    /// A marker's text; other kinds of JSON are of no interest here.
    private struct JSONText: Decodable {
        var text: String?

        init(from decoder: any Decoder) throws { self.text = try? decoder.singleValueContainer().decode(String.self) }
    }

    /// Reads the audit.
    func audit() async throws -> Audit {
        let response = try await self.control("GET", "/sandbox/audit", nil)
        let kinds = [
            "CreateRegisteredModel": "version", "CreateModel": "model", "CreateModelBuild": "build",
            "CreateModelDeployment": "deployment",
        ]
        var audit = Audit()
        var runOfVersion: [String: String] = [:]
        var runOfBuild: [String: String] = [:]
        for line in response.body.split(separator: UInt8(ascii: "\n")) {
            let entry = try JSONDecoder().decode(AuditLine.self, from: Data(line))
            guard entry.applied, let kind = kinds[entry.operation] else { continue }
            audit.created[kind, default: 0] += 1
            switch kind {
            case "version":
                runOfVersion[entry.ids["version_id"] ?? ""] = entry.markers["run_id"]?.text
            case "build":
                let version = entry.markers["registered_model_version_id"]?.text
                runOfBuild[entry.ids["build_id"] ?? ""] = runOfVersion[version ?? ""]
            case "deployment": audit.deployedRuns.append(runOfBuild[entry.ids["build_id"] ?? ""] ?? "?")
            default: break
            }
        }
        return audit
    }

    /// Sets the faults, in place of any earlier ones.
    func fault(_ rules: String) async throws {
        _ = try await self.control("PUT", "/sandbox/faults", rules)
    }

    func control(_ method: String, _ path: String, _ body: String?) async throws -> HTTPResponse {
        let request = HTTPRequest(
            method: method,
            url: self.workbench + path,
            headers: [("Authorization", "Bearer \(Self.apiKey)"), ("Content-Type", "application/json")],
            body: body.map { Array($0.utf8) }
        )
        let response = try await self.transport.send(request)
        guard response.status == 200 else {
            throw WorkerFailure(.kafka, "\(path): \(response.status) \(String(decoding: response.body, as: UTF8.self))")
        }
        return response
    }
}
