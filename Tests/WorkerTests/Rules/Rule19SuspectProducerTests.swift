// SPDX-License-Identifier: Apache-2.0

import Kafka
import Telemetry
import TestSupport
import Testing

@testable import Worker

/// Rule 19: after a lost answer a new producer, before the next transaction and without reading anything again.
///
/// What late copies do to one that goes on is shown on a genuine Kafka (`Rule19LateRequestTests` of the Kafka target).
@Suite(.timeLimit(.minutes(2)))
struct Rule19SuspectProducerTests {
    @Test(arguments: [MockCluster.Request.endTransaction, .addOffsetsToTransaction])
    func aProducerThatLostAnAnswerIsReplaced(_ request: MockCluster.Request) async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(2)
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in
                try await bed.emit(runs[0].data(model: "first"), id: "1", key: "first")
                _ = try await bed.phases(untilEnded: 1)
                #expect(log.kept.records.allSatisfy { !$0.message.hasPrefix("producer replaced") })
                try await bed.mock?.fail(request, with: ["_TRANSPORT"])
                try await bed.emit(runs[1].data(model: "second"), id: "2", key: "second")
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })
            }
            let messages = log.kept.records.map(\.message)
            #expect(messages.count { $0.hasPrefix("producer replaced") } == 1)
            #expect(!messages.contains("producer unusable; reloading every partition from the journal"))
        }
    }
}
