// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values

/// A rollout as its last journal record tells it: deployed, or, one in a thousand, waiting for its build.
struct EndedRollout {
    let number: Int

    private static let routes = Routes([
        Route(name: "bench", runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil))
    ])
    /// 2026-01-01.
    private static let start = Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)

    /// The journal record, as the worker writes it.
    func record(in topics: BenchTopics) throws -> ProducerRecord {
        let record = JournalRecord(try self.state(in: topics), writer: Self.writer)
        return Self.producerRecord(record, topics)
    }

    /// What a worker writes before anything else, so that others know whose journal it is.
    static func start(in topics: BenchTopics, workbench: String) -> ProducerRecord {
        let start = StartRecord(
            partitionCount: topics.partitionCount,
            group: topics.groupID,
            workbench: workbench,
            topics: [topics.events: .beginning]
        )
        return self.producerRecord(JournalRecord(start, writer: self.writer), topics)
    }

    private static let writer = JournalRecord.Writer(process: "slipway-bench-0a1b2c3d", generation: 7)

    private static func producerRecord(_ record: JournalRecord, _ topics: BenchTopics) -> ProducerRecord {
        ProducerRecord(
            topic: topics.journal,
            partition: Partition(rawValue: 0),
            key: record.key,
            value: record.value,
            headers: record.headers
        )
    }

    private func state(in topics: BenchTopics) throws -> RolloutState {
        let event = self.event(in: topics)
        guard case .success(let decoded) = EventDecoder.decode(event),
            case .plan(let plan) = Self.routes.decide(decoded, defaultProjectID: nil)
        else { throw BenchFailure("the benchmark's own event is refused") }
        var state = RolloutState(
            id: RolloutID(of: decoded, workspace: "bench"),
            partition: 0,
            origin: decoded.origin,
            event: decoded.reference,
            plan: plan,
            acceptedAt: Self.start
        )
        state.run = ResolvedRun(
            projectID: SimulatedWorkbench.projectID,
            experimentID: SimulatedWorkbench.experimentID,
            order: RunOrder(start: Self.start, runID: SimulatedWorkbench.runID(self.number))
        )
        state.made.registeredModelID = self.identifier("regi-ster")
        state.made.versionID = self.identifier("vers-ions")
        state.made.modelID = String(self.number)
        state.made.runtimeIdentifier = "registry.example/ml-runtime-pbj-workbench-python3.10-standard:2025.01.3-b8"
        state.made.buildID = String(self.number)
        self.finish(&state)
        return state
    }

    private func finish(_ state: inout RolloutState) {
        state.step = .build
        var phases: [Phase] = [.registering, .building]
        if !self.number.isMultiple(of: 1_000) {
            phases += [.deploying, .verifying, .deployed]
            state.made.deploymentID = String(self.number)
            state.step = .finished
        }
        for (index, phase) in phases.enumerated() { state.enter(phase, at: Self.start.advanced(by: .seconds(index))) }
    }

    private func event(in topics: BenchTopics) -> OriginalRecord {
        OriginalRecord(
            origin: Origin(topic: topics.events, partition: 0, offset: Offset(rawValue: Int64(self.number))),
            timestamp: Self.start,
            value: Array(
                """
                {"projectId":"\(SimulatedWorkbench.projectID)","experimentId":"\(SimulatedWorkbench.experimentID)",\
                "runId":"\(SimulatedWorkbench.runID(self.number))","model":{"name":"model-\(self.number)"}}
                """.utf8
            )
        )
    }

    /// An id of the workbench's usual form.
    private func identifier(_ prefix: String) -> String { prefix + SimulatedWorkbench.runID(self.number).suffix(10) }
}
