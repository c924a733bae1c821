// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

@testable import Machine

/// Rule 23: a partition whose position does not move while there is lag is named.
struct StandingPartitionTests {
    private static let events = ReadPartition(.events(0), 3)

    private var standing = StandingPartitions(patience: .seconds(10))

    /// Looks once.
    private mutating func look(
        at seconds: Int64,
        _ accepted: Int64,
        end: Int64,
        delivered: Int64? = nil,
        met: Int64? = nil,
        isPaused: Bool = false
    ) -> [Int64] {
        let progress = ReadProgress(
            end: Offset(rawValue: end),
            delivered: delivered.map { Offset(rawValue: $0) },
            met: met.map { Offset(rawValue: $0) }
        )
        self.standing.look(
            [Self.events: progress],
            .holding([Self.events: Offset(rawValue: accepted)]),
            isPaused: isPaused,
            now: .zero + .seconds(seconds)
        )
        return self.standing.standing.map(\.position.rawValue)
    }

    @Test mutating func aPositionThatDoesNotMoveIsNamed() {
        #expect(self.look(at: 0, 4, end: 9) == [])
        #expect(self.look(at: 5, 4, end: 12) == [])
        #expect(self.look(at: 10, 4, end: 12) == [4])
        let cause = self.standing.cause(eventTopics: ["experiments"])
        #expect(cause?.hasPrefix("partition 3 of 'experiments' stands at offset 4, 8 before its end") == true)
        // It has moved.
        #expect(self.look(at: 15, 5, end: 12, delivered: 5) == [])
        #expect(self.standing.cause(eventTopics: []) == nil)
    }

    @Test mutating func whereNothingIsToBeReadNothingStands() {
        for seconds in stride(from: Int64(0), to: 60, by: 5) {
            // Read to its end.
            #expect(self.look(at: seconds, 9, end: 9) == [])
        }
        for seconds in stride(from: Int64(60), to: 120, by: 5) {
            // Behind what was delivered transactions have taken places that nobody sees.
            #expect(self.look(at: seconds, 9, end: 10, delivered: 9, met: 10) == [])
        }
        for seconds in stride(from: Int64(120), to: 180, by: 5) {
            // The journal does not take what was read, and says so itself.
            #expect(self.look(at: seconds, 4, end: 9, delivered: 6) == [])
            #expect(self.look(at: seconds, 4, end: 9, isPaused: true) == [])
        }
    }
}
