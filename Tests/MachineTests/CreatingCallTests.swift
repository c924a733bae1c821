// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Rollouts
import Testing
import Values

/// Creating calls: after their intents alone, by their limit, and awaited when their partition goes.
struct CreatingCallTests {
    private let inbox = ReadPartition.inbox(0)
    private let events = ReadPartition(.events(0), 3)
    private let model = ModelNames.owned(by: 0)[0]

    /// Up to where the intent to register is being committed.
    private func committing() throws -> MachineFixture {
        let fixture = try MachineFixture()
        let leases = try fixture.hold()
        fixture.take(fixture.events(leases.events, self.model, runs: [try fixture.run()]))
        try fixture.commit()
        #expect(fixture.answer() == ["send GetExperiment"])
        #expect(fixture.answer() == ["send GetExperimentRun"])
        #expect(fixture.answer() == ["commit step \(self.model) version; inbox-0 at 0"])
        return fixture
    }

    @Test func aCreatingCallIsMadeOnceItsIntentIsCommittedAndByItsLimit() throws {
        let fixture = try self.committing()
        let began = fixture.now.monotonic
        fixture.pass(2)
        #expect(fixture.take(.woke) == [])
        #expect(try fixture.commit() == ["send CreateRegisteredModel"])
        // Counted from the moment at which the commit began.
        #expect(fixture.requests.map(\.startBefore) == [began + .seconds(5)])
    }

    @Test func anIntentWhoseCommitTookTooLongIsWrittenAgain() throws {
        let fixture = try self.committing()
        fixture.pass(6)
        #expect(try fixture.commit() == ["commit step \(self.model) version; inbox-0 at 0"])
        #expect(try fixture.commit() == ["send CreateRegisteredModel"])
    }

    @Test func aRequestThatWasNotStartedByItsLimitBeginsWithANewIntent() throws {
        let fixture = try self.committing()
        try fixture.commit()
        #expect(try fixture.fail(.notStarted) == ["commit step \(self.model) version; inbox-0 at 0"])
        #expect(try fixture.commit() == ["send CreateRegisteredModel"])
    }

    @Test func whatACallMadeAndTheNextIntentAreOneRecord() throws {
        let fixture = try self.committing()
        try fixture.commit()
        #expect(fixture.answer() == ["send ListModels"])
        #expect(fixture.answer() == ["commit step \(self.model) model; inbox-0 at 0"])
    }

    // MARK: Revocation

    @Test func aRevocationAwaitsTheCreatingCallAndWhatItBrought() throws {
        let fixture = try self.committing()
        try fixture.commit()
        // What is not handed to a connection yet may be taken back; this one is under way.
        #expect(fixture.take(.group(.revoking([self.inbox], RevocationID(number: 1)))) == ["cancel 5"])
        #expect(fixture.answer() == ["commit step \(self.model) registering; inbox-0 at 0"])
        #expect(try fixture.commit() == ["let go 1"])
        #expect(fixture.unfinished == 0)
    }

    @Test func aRevocationAwaitsTheTransactionAndTakesItsIntentBack() throws {
        let fixture = try self.committing()
        #expect(fixture.take(.group(.revoking([self.inbox], RevocationID(number: 1)))) == [])
        #expect(try fixture.commit() == ["commit step \(self.model) registering; inbox-0 at 0"])
        #expect(try fixture.commit() == ["let go 1"])
        #expect(!fixture.sent.contains("CreateRegisteredModel"))
    }

    @Test func aRevocationIsLetGoWhenItsTimeIsUp() throws {
        let fixture = try self.committing()
        try fixture.commit()
        fixture.take(.group(.revoking([self.inbox], RevocationID(number: 1))))
        #expect(fixture.turn.wakeAt.map { $0 <= fixture.now.monotonic + .seconds(30) } == true)
        fixture.pass(31)
        #expect(fixture.take(.woke) == ["let go 1"])
        #expect(fixture.told.contains("let go in the middle inbox-0"))
        // Its answer means nothing here any more.
        #expect(fixture.answer() == [])
    }

    @Test func nothingIsWrittenForALostPartition() throws {
        let fixture = try self.committing()
        try fixture.commit()
        #expect(fixture.take(.group(.lost([self.inbox, self.events]))) == ["cancel 5"])
        #expect(fixture.told.prefix(1) == ["lost inbox-0 events0-3"])
        #expect(fixture.answer() == [])
        #expect(fixture.waiting == 0)
        #expect(fixture.unfinished == 0)
    }

    @Test func workOfAnotherPartitionGoesOnDuringARevocation() throws {
        let fixture = try self.committing()
        try fixture.commit()
        #expect(fixture.take(.group(.revoking([self.events], RevocationID(number: 1)))) == ["let go 1"])
        #expect(fixture.answer() == ["send ListModels"])
    }
}
