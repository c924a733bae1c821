// SPDX-License-Identifier: Apache-2.0

import JSON
import Kafka
import Values

/// Makes events as training jobs do, and sends them.
struct LoadGenerator: Sendable {
    let topics: BenchTopics
    let workbench: SimulatedWorkbench
    /// Begins the name of every model, so that the rollouts of two rounds are different ones.
    let series: String
    /// Whether the routes want them.
    var isWanted = true

    /// Event *number* of the series: a run that has finished, for a model of its own.
    func record(_ number: Int) -> ProducerRecord {
        let model = "\(self.series)-\(number)"
        let value = JSONWriter.object { writer in
            writer.field("projectId", SimulatedWorkbench.projectID)
            writer.field("experimentId", self.isWanted ? SimulatedWorkbench.experimentID : "some-other-expe-rime")
            // Without a name the route's pattern might be one of the name, which only the workbench knows.
            if !self.isWanted { writer.field("experimentName", "other") }
            writer.field("runId", self.workbench.runID(number))
            writer.field("status", "FINISHED")
            writer.object("model") { $0.field("name", model) }
        }
        return ProducerRecord(
            topic: self.topics.events,
            key: Array(model.utf8),
            value: value,
            headers: [
                RecordHeader("ce_specversion", "1.0"),
                RecordHeader("ce_type", "ai.experiment.run.finished.v1"),
                RecordHeader("ce_source", "/bench"), RecordHeader("ce_id", model),
                RecordHeader("content-type", "application/json"),
            ]
        )
    }

    /// Sends events number `0..<distinct`, again and again until `count` are sent.
    ///
    /// - Throws: `KafkaError` of the first that was not delivered.
    func send(_ count: Int, distinct: Int, by producer: Producer) async throws {
        var sent = 0
        while sent < count {
            let portion = min(2_000, count - sent)
            let records = (sent..<sent + portion).map { self.record($0 % distinct) }
            for report in await producer.sendAll(records) { _ = try report.get() }
            sent += portion
        }
    }
}
