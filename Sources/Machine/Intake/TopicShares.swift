// SPDX-License-Identifier: Apache-2.0

import Rollouts

/// How many of the rollouts that may be unfinished each event topic may have, so that none takes the room of all others.
///
/// Of one topic nothing is said here: the whole is its share.
struct TopicShares: Sendable {
    /// The event topics.
    let topics: [String]
    /// What each of them may have.
    let share: Int
    /// Topics that have reached their share and have not come below nine tenths of it since.
    private var full: Set<Int> = []

    init(topics: [String], maximumUnfinished: Int) {
        self.topics = topics
        self.share = max(1, maximumUnfinished / max(1, topics.count))
    }

    /// Whether there is anything to share.
    var isInForce: Bool { self.topics.count > 1 }

    /// Topics that have no room.
    var fullTopics: [String] { self.full.sorted().map { self.topics[$0] } }

    /// Whether a topic, by its index, has no room; asked with what it has now.
    mutating func isFull(_ index: Int, unfinished: Int) -> Bool {
        if unfinished >= self.share {
            self.full.insert(index)
        } else if unfinished <= self.share * 9 / 10 {
            self.full.remove(index)
        }
        return self.full.contains(index)
    }
}
