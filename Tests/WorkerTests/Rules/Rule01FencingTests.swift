// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// Rule 1: every journal write carries an offset of its partition, so the brokers refuse a writer that the group has left
/// behind, even where it only goes on with old work and no new event arrives.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct Rule01FencingTests {
    /// How a worker falls out of its group without hearing of it.
    enum Expulsion: CaseIterable {
        /// The group gave it up: its member id is unknown.
        case unknownMember
        /// The group has moved on: its generation is past.
        case pastGeneration
        /// Another process took its static membership over.
        case fencedInstance
    }

    @Test(arguments: Expulsion.allCases)
    func theBrokersRefuseAStepOfAnExpelledMember(expulsion: Expulsion) async throws {
        let instance = expulsion == .fencedInstance ? KafkaFixture.uniqueName("instance") : nil
        try await WritingHalf.with(groupInstanceID: instance) { half in
            try await half.takeAll()
            try half.decide(1, 0)
            await half.write()
            #expect(try await half.journalled(0) == [1])
            #expect(half.fencedCount == 0)

            let other: Consumer?
            switch expulsion {
            case .unknownMember:
                await half.leave()
                other = nil
            case .pastGeneration:
                other = try await half.otherMember()
                // What it is told it does not take in: a worker that hangs at this place.
                _ = await half.next()
            case .fencedInstance:
                let successor = try await half.otherMember(groupInstanceID: instance)
                var probe = KafkaProbe(successor)
                _ = try await probe.assignment()
                other = successor
            }
            try half.decide(2, 0)
            await half.write()
            #expect(half.fencedCount == 1)
            #expect(half.planner.isWaitingForMembership)
            #expect(half.planner.count == 1, "it is held, not dropped")
            #expect(try await half.journalled(0) == [1])
            await other?.close()
        }
    }
}
