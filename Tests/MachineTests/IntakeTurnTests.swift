// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// What becomes of records that were read.
struct IntakeTurnTests {
    /// Models whose owner is the partition held, and the other one.
    private let ours = ModelNames.owned(by: 0)
    private let others = ModelNames.owned(by: 1)

    @Test func anEventOfOursIsAcceptedAtOnceAndItsRunRead() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let run = try fixture.run()
        let model = self.ours[0]
        #expect(
            fixture.take(fixture.events(leases.events, model, runs: [run]))
                == ["send GetProject", "commit accepted \(model); inbox-0 at 0, events0-3 at 1"]
        )
        #expect(fixture.told == ["\(model) accepted"])
    }

    @Test func anEventOfAnotherOwnerIsPassedOn() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let run = try fixture.run()
        #expect(
            fixture.take(fixture.events(leases.events, self.others[0], runs: [run]))
                == ["commit forwarded to 1; events0-3 at 1"]
        )
        #expect(fixture.told == [])
        #expect(fixture.unfinished == 0)
    }

    @Test func anEventThatIsPassedOnForEverIsADeadLetter() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let headers =
            Forwarding.headers(Origin(topic: "events", partition: 1, offset: 2))
            + [RecordHeader(Forwarding.HeaderName.hops, "3")]
        let text = #"{"projectId":"p","experimentId":"e","runId":"r","model":{"name":"\#(self.others[0])"}}"#
        let entry = fixture.entry(leases.inbox, text, headers: headers)
        #expect(
            fixture.take(.group(.records(leases.inbox, [entry]))) == ["commit dead notForwardable; inbox-0 at 1"]
        )
    }

    @Test func whatIsNoEventIsADeadLetter() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let entry = fixture.entry(leases.events, "{")
        #expect(fixture.take(.group(.records(leases.events, [entry]))) == ["commit dead truncated; events0-3 at 1"])
    }

    @Test func anEventThatIsReadAgainOnlyCommitsItsOffset() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let entry = fixture.entry(
            leases.events,
            #"{"projectId":"p","experimentId":"e","runId":"r","model":{"name":"\#(self.ours[0])"}}"#
        )
        fixture.take(.group(.records(leases.events, [entry])))
        try fixture.commit()
        #expect(fixture.take(.group(.records(leases.events, [entry]))) == ["commit repeated; events0-3 at 1"])
        #expect(fixture.unfinished == 1)
    }

    @Test func repeatedEventsInARowShareAnEntryThatSaysHowManyTheyAre() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let entry = fixture.entry(
            leases.events,
            #"{"projectId":"p","experimentId":"e","runId":"r","model":{"name":"\#(self.ours[0])"}}"#
        )
        fixture.take(.group(.records(leases.events, [entry])))
        try fixture.commit()
        let more = Input.group(.records(leases.events, [entry, entry, entry]))
        #expect(fixture.take(more) == ["commit repeated 3; events0-3 at 1"])
    }

    @Test func whatIsReadWhileATransactionIsUnderWayGoesIntoTheNext() throws {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        let (first, second) = (try fixture.run(), try fixture.run())
        fixture.take(fixture.events(leases.events, self.ours[0], runs: [first]))
        // The project is being asked for already.
        #expect(fixture.take(fixture.events(leases.events, self.ours[1], runs: [second])) == [])
        #expect(try fixture.commit() == ["commit accepted \(self.ours[1]); inbox-0 at 0, events0-3 at 2"])
    }

    @Test func readingPausesWhileAsMuchAsAllowedIsUnfinishedAndGoesOnAfterwards() throws {
        let fixture = try MachineFixture { $0.maximumUnfinished = 2 }
        let leases = try fixture.hold()
        let runs = [try fixture.run(), try fixture.run()]
        let actions = fixture.take(fixture.events(leases.events, self.ours[0], self.ours[1], runs: runs))
        #expect(actions.contains("pause inbox-0#1 events0-3#2"))
        #expect(fixture.told.contains("intake paused"))
        var resumed: [String] = []
        for _ in 0..<100 where fixture.unfinished > 0 {
            if fixture.requests.isEmpty { try fixture.commit() } else { fixture.answer() }
            resumed += fixture.turn.actions.map(\.words).filter { $0.hasPrefix("resume") }
        }
        #expect(resumed == ["resume inbox-0#1 events0-3#2"])
    }

    @Test func readingPausesWhileTooMuchWaitsForTheJournal() throws {
        let fixture = try MachineFixture { $0.maximumWaiting = 2 }
        let leases = try fixture.hold()
        let bad = (0..<3).map { _ in fixture.entry(leases.events, "{") }
        #expect(
            fixture.take(.group(.records(leases.events, bad)))
                == [
                    "pause inbox-0#1 events0-3#2",
                    "commit dead truncated, dead truncated, dead truncated; events0-3 at 3",
                ]
        )
        #expect(try fixture.commit() == ["resume inbox-0#1 events0-3#2"])
    }
}

/// Names of models by their owner.
enum ModelNames {
    static func owned(by partition: Partition) -> [String] {
        (0..<100).map { "m\($0)" }.filter { Ownership.owner(of: $0, count: 2) == partition }
    }
}
