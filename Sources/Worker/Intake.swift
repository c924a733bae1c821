// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import Threads
import Values

/// Takes events over: decides what each record means and hands that to the driver, partition by partition.
///
/// Makes no call of the workbench: accepting an event needs none.
struct Intake: Sendable {
    let settings: WorkerSettings
    let decision: IntakeDecision
    let driver: Driver
    let journal: Journal
    let holdings: Holdings
    let flow: IntakeFlow
    let health: WorkerHealth
    let logger: Logger

    /// Records that may wait for the journal before intake pauses.
    private static let maximumWaiting = 4_000

    /// Takes records over, in order within each partition.
    ///
    /// - Parameters:
    ///   - records: As the consumer handed them out.
    ///   - seeks: The number of its newest seek by then; what a seek has overtaken since is read again.
    /// - Throws: `KafkaError` when the consumer is closed.
    func take(_ records: [ConsumedRecord], seeks: Int) async throws {
        var index = records.startIndex
        while index < records.endIndex {
            let partition = records[index].partition
            let end =
                records[index...].firstIndex { $0.partition != partition } ?? records.endIndex
            await self.take(records[index..<end], partition: partition, seeks: seeks)
            index = end
        }
        try await self.closeIfFull()
    }

    private func take(_ records: ArraySlice<ConsumedRecord>, partition: Partition, seeks: Int) async {
        guard let epoch = self.holdings.accepting(partition, seeks: seeks) else { return }
        let wall = Timestamp.now()
        var taken: [(Driver.Taken, next: Offset)] = []
        taken.reserveCapacity(records.count)
        for record in records {
            taken.append((self.decision.decide(record, partition: partition, now: wall), record.offset.next))
        }
        await self.driver.take(taken, partition: partition, epoch: epoch)
    }

    // MARK: Back-pressure

    private func isFull() async -> Bool {
        let waiting = self.journal.pendingCount
        let unfinished = await self.driver.unfinishedCount
        return waiting >= Self.maximumWaiting || unfinished >= self.settings.maximumUnfinished
    }

    /// Whether so much has ended that intake may go on.
    private func hasRoom() async -> Bool {
        let waiting = self.journal.pendingCount
        let unfinished = await self.driver.unfinishedCount
        return waiting < Self.maximumWaiting / 2 && unfinished <= self.settings.maximumUnfinished * 9 / 10
    }

    private func closeIfFull() async throws {
        guard await self.isFull(), self.flow.gate.close(.full) else { return }
        self.health.intakePaused("as many rollouts as allowed are accepted and unfinished, or wait for the journal")
        self.logger.info("intake paused")
        try await self.flow.settle()
        // Room may have been made between the look and the pause.
        if await self.hasRoom() { try await self.reopen() }
    }

    /// Lets events in again whenever room was made, until the signal ends.
    func openAgain(_ pressure: Signal) async throws {
        for await _ in pressure.signals where !self.flow.gate.isOpen {
            if await self.hasRoom() { try await self.reopen() }
        }
    }

    private func reopen() async throws {
        guard self.flow.gate.open(.full) else { return }
        self.health.intakePaused(nil)
        self.logger.info("intake goes on")
        try await self.flow.settle()
    }
}
