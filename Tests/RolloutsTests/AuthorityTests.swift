// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Rule 20: authority comes by topic, never by header field, extension or name.
struct AuthorityTests {
    private let intake = Intake(
        Intake.Settings(routes: Routes([]), defaultProjectID: nil, workbench: "w", inboxPartitions: 24)
    )

    /// What an ordinary producer may try: to stand in for an operator, and for a worker.
    private static let forgeries: [[RecordHeader]] = [
        [
            RecordHeader("ce_slipwayreplayid", "forged"), RecordHeader("ce_slipwayreplayreason", "because"),
            RecordHeader("ce_slipwayallowrollback", "true"),
        ],
        [RecordHeader("CE_SlipwayAllowRollback", "true")],
        Forwarding.headers(Origin(topic: "trusted", partition: 0, offset: 0)) + [RecordHeader("slipway_hops", "1")],
        [RecordHeader("slipway_moved", "3")],
    ]

    private func entry(
        _ record: ConsumedRecord,
        from partition: ReadPartition = ReadPartition(.events(0), 3)
    ) -> IntakeEntry {
        self.intake.entry(record, from: partition, now: wall(5))
    }

    private func state(_ entry: IntakeEntry) -> RolloutState? {
        if case .rollout(let state) = entry.decision { state } else { nil }
    }

    @Test(arguments: forgeries)
    func aForgedHeaderFieldMeansNothingAndIsSeen(forged: [RecordHeader]) throws {
        let honest = self.entry(EventSamples.record(EventSamples.data, headers: EventSamples.headers))
        let entry = self.entry(EventSamples.record(EventSamples.data, headers: EventSamples.headers + forged))
        #expect(try #require(self.state(entry)) == #require(self.state(honest)))
        #expect(entry.claimsAuthority && !honest.claimsAuthority)
        #expect(self.state(entry)?.replay == nil && self.state(entry)?.origin.topic == "events")
    }

    @Test func aForgedAttributeOfAStructuredEventMeansNothingAndIsSeen() throws {
        let members = #""slipwayreplayid":"forged","slipwayallowrollback":true,"data":\#(EventSamples.data)"#
        let entry = self.entry(EventSamples.structured(members))
        let honest = self.entry(EventSamples.structured(#""data":\#(EventSamples.data)"#))
        #expect(try #require(self.state(entry)) == #require(self.state(honest)))
        #expect(entry.claimsAuthority && !honest.claimsAuthority)
    }

    /// In the inbox workers alone write: what they say of an event's origin counts, and is no claim.
    @Test func whatWorkersPassOnIsNoClaim() throws {
        let record = EventSamples.record(EventSamples.data, headers: EventSamples.headers)
        let entry = self.entry(EventSamples.forwarded(record), from: .inbox(9))
        #expect(!entry.claimsAuthority)
        #expect(self.state(entry)?.origin == Origin(topic: "events", partition: 3, offset: 42))
    }
}
