// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Worker

struct JournalObstaclesTests {
    @Test func whatIsCommittedElsewhereShowsNothingAboutADeniedTopic() {
        var obstacles = JournalObstacles()
        obstacles.denied(["journal", "dead"])
        let isFree = [[], ["journal", "status"], ["dead"]].map { obstacles.committed($0) }
        #expect(isFree == [false, false, true])
    }

    @Test func producersLostInARowAreCounted() {
        var obstacles = JournalObstacles()
        let first = obstacles.producerLost()
        obstacles.denied(["dead"])
        let isFree = obstacles.committed(["journal"])
        let second = obstacles.producerLost()
        let isFreeAgain = obstacles.committed(["dead"])
        let third = obstacles.producerLost()
        #expect([first, second, third] == [0, 1, 0])
        #expect(!isFree && isFreeAgain)
    }

    @Test func whoeverTakesThePartitionsOverMeetsItAnew() {
        var obstacles = JournalObstacles()
        obstacles.denied(["dead"])
        obstacles.forget()
        let isFree = obstacles.committed([String]())
        #expect(isFree)
    }
}
