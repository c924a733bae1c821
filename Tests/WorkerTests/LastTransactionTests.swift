// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

@testable import Worker

/// What may be settled: only what can have been committed, and what a lost broker may have forgotten.
struct LastTransactionTests {
    private static let failure = PortFailure(.outage, "gone")
    private static let aborts = [
        CommitOutcome.aborted(Self.failure), .refused([:]), .membershipLost(Self.failure), .fatal(Self.failure),
    ]

    private static func places(_ partitions: Int32...) -> Set<TopicPartition> {
        Set(partitions.map { TopicPartition(topic: "t", partition: Partition(rawValue: $0)) })
    }

    private let start = ContinuousClock.now

    /// After one that was committed in partition 1.
    private var afterCommit: LastTransaction {
        var last = LastTransaction()
        last.ended(.committed(records: 2), Self.places(1), at: self.start)
        return last
    }

    @Test func itsPlacesUntilTheNextOne() {
        var last = self.afterCommit
        #expect(last.places == Self.places(1) && last.mayBeOpen && !last.isInDoubt)
        last.ended(.unknown(Self.failure), Self.places(2, 3), at: self.start)
        #expect(last.places == Self.places(2, 3))
        last.settled(at: self.start)
        #expect(last.places.isEmpty && !last.mayBeOpen)
    }

    @Test func offsetsAlone() {
        var last = LastTransaction()
        #expect(!last.mayBeOpen)
        last.ended(.committed(records: 0), [], at: self.start)
        #expect(last.mayBeOpen)
    }

    /// Its abort may be what was forgotten, and settling it would commit it.
    @Test(arguments: Self.aborts)
    func nothingAfterAnAbortedOneThatKafkaKnew(outcome: CommitOutcome) {
        var last = self.afterCommit
        last.ended(outcome, Self.places(1), at: self.start)
        #expect(last.places.isEmpty && !last.mayBeOpen)
    }

    /// It met a dead broker, so that the one before it is still the last.
    @Test(arguments: Self.aborts)
    func theOneBeforeWhereKafkaNeverKnewTheNext(outcome: CommitOutcome) {
        var last = self.afterCommit
        last.ended(outcome, [], at: self.start)
        #expect(last.places == Self.places(1) && last.mayBeOpen)
    }

    /// The coordinator that came back books what it has forgotten as complete, so that the next one begins.
    @Test func theOneBeforeAsWellWhereABrokerWasLostInBetween() {
        var last = self.afterCommit
        last.lostConnection(at: self.start + .seconds(1))
        #expect(last.isInDoubt)
        last.ended(.committed(records: 2), Self.places(2), at: self.start + .seconds(2))
        #expect(last.places == Self.places(1, 2) && last.isInDoubt)
        last.settled(at: self.start + .seconds(3))
        last.ended(.committed(records: 2), Self.places(4), at: self.start + .seconds(4))
        #expect(last.places == Self.places(4) && !last.isInDoubt)
    }

    @Test(arguments: Self.aborts)
    func notWhereAnAbortedOneWroteAfterIt(outcome: CommitOutcome) {
        var last = LastTransaction()
        last.ended(.committed(records: 2), Self.places(1, 2), at: self.start)
        last.lostConnection(at: self.start)
        last.ended(outcome, Self.places(2, 3), at: self.start)
        #expect(last.places == Self.places(1) && last.isInDoubt)
    }

    /// The coordinator that came back commits, and forgets the markers of what was just committed.
    @Test func thisOneWhereABrokerWasLostWhileItWasUnderWay() {
        var last = LastTransaction()
        last.ended(.committed(records: 2), Self.places(1), lost: self.start - .seconds(1), at: self.start)
        #expect(last.places == Self.places(1) && last.isInDoubt)
        var later = self.afterCommit
        let at = self.start + .seconds(600)
        later.ended(.committed(records: 2), Self.places(2), lost: at - .seconds(1), at: at)
        #expect(later.places == Self.places(2) && later.isInDoubt, "the one before is long complete")
        later.ended(.aborted(Self.failure), [], lost: at, at: at)
        #expect(later.places == Self.places(2) && later.isInDoubt)
    }

    /// The settling one is a transaction like any other.
    @Test func whatWasSettledWhereABrokerWasLostRightAfterIt() {
        var last = self.afterCommit
        last.lostConnection(at: self.start)
        last.settled(at: self.start)
        #expect(!last.isInDoubt)
        last.lostConnection(at: self.start + .seconds(1))
        #expect(last.places == Self.places(1) && last.isInDoubt && last.mayBeOpen)
    }

    @Test func nothingOfALossThatComesLater() {
        var last = self.afterCommit
        last.lostConnection(at: self.start + LastTransaction.window)
        #expect(!last.isInDoubt)
        var none = LastTransaction()
        none.lostConnection(at: self.start)
        #expect(!none.isInDoubt)
    }
}
