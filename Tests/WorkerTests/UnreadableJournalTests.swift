// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Testing
import Values

@testable import Worker

/// A journal that this version can't read ends the worker, with the record's name: to go on without it would forget work.
@Suite(.timeLimit(.minutes(1)))
struct UnreadableJournalTests {
    @Test func aRecordOfSomebodyElseEndsTheWorkerAndIsNamed() async throws {
        try await WorkerFixture.with { bed in
            let producer = try Producer(properties: bed.kafka)
            let place = Partition(rawValue: 1)
            _ = try await producer.send(
                ProducerRecord(topic: bed.topics.journal, partition: place, key: Array("strange".utf8), value: [1])
            )
            await producer.close()
            let failure = await #expect(throws: WorkerFailure.self) {
                // No rollout ever ends: the worker's own end ends the wait.
                try await bed.withWorker(bed.settings(.catchAll)) { _ in _ = try await bed.phases(untilEnded: 1) }
            }
            #expect(failure?.kind == .journalUnreadable)
            #expect(failure?.description.contains("partition 1: journal record 'strange'") == true)
        }
    }
}
