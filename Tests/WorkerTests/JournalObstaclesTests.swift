// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

struct JournalObstaclesTests {
    private static let noRight = PortFailure(.denied(topic: nil), "no right")

    /// Entries that write to the journal alone, and to the dead-letter topic alone.
    private static let (journal, dead) = (
        [TransactionEntry(.start(StartRecord(partitionCount: 1, group: "g", workbench: "w")))],
        [
            TransactionEntry(
                .dead(
                    OriginalRecord(
                        origin: Origin(topic: "events", partition: 0, offset: 0),
                        timestamp: nil,
                        key: nil,
                        value: nil,
                        headers: []
                    ),
                    DeadLetterReason(.truncated, "cut"),
                    at: .epoch,
                    maximumBytes: 1_000
                )
            )
        ]
    )

    @Test func whatIsCommittedElsewhereShowsNothingAboutADeniedTopic() {
        var obstacles = JournalObstacles()
        obstacles.note(Self.noRight, Self.journal + Self.dead)
        let isFree = [[], Self.journal, Self.dead].map { entries in
            obstacles.committed(entries)
            return obstacles.failure == nil
        }
        #expect(isFree == [false, false, true])
    }

    @Test func producersLostInARowAreCounted() {
        var obstacles = JournalObstacles()
        obstacles.note(Self.noRight, Self.dead)
        let first = obstacles.producerLost()
        obstacles.committed(Self.journal)
        let second = obstacles.producerLost()
        obstacles.committed(Self.dead)
        let third = obstacles.producerLost()
        #expect([first, second, third] == [0, 1, 0])
    }

    @Test func theNextOwnerOfPartitionsMeetsItAgain() {
        var obstacles = JournalObstacles()
        obstacles.note(Self.noRight, Self.dead)
        obstacles.forget(isAnythingLeft: true)
        obstacles.committed([])
        #expect(obstacles.failure == nil)
    }
}
