// SPDX-License-Identifier: Apache-2.0

import Values

/// Finds where batches end that can't be read, so that what is behind them is read all the same.
///
/// Pure. librdkafka tells such a batch by where it begins, not by where it ends, and tries it again for ever. A position inside
/// of it meets the same batch, one behind it something else. So after some tries the position is moved on in steps that
/// double, up to the partition's end, and then halved back to the one place where the next batch begins.
struct UnreadableBatches: Sendable {
    /// What is to be done.
    enum Answer: Equatable, Sendable {
        /// Nothing is wrong: what has arrived is for the reader.
        case fine
        /// librdkafka tries again by itself.
        case again
        /// What has arrived is not wanted yet: read there.
        case read(from: Offset)
        /// The batch is stepped over, and told before anything that comes from there on; reading goes on there, or where
        /// it is (`nil`).
        case lost(LostRange, readFrom: Offset?)
    }

    /// One batch that can't be read, and how far the search for its end has come.
    private struct Search: Sendable {
        /// The first offset of it that was to be read.
        let first: Offset
        let reason: String
        var tries = 1
        /// The position that is tried now; `nil` while librdkafka tries again by itself.
        var asked: Offset?
        /// The last position that is known to lie inside.
        var inside: Offset
        /// The first position that is known to lie behind.
        var behind: Offset?
        var step: Int64 = 1

        init(first: Offset, reason: String) {
            self.first = first
            self.inside = first
            self.reason = reason
        }

        /// What was lost, once the end is known.
        var lost: LostRange? {
            guard let behind = self.behind, behind <= self.inside.next else { return nil }
            return LostRange(first: self.first, next: behind, reason: self.reason)
        }

        /// The next position to try.
        mutating func ask(end: Offset?) -> Offset {
            if let behind = self.behind {
                let middle = self.inside.rawValue + (behind.rawValue - self.inside.rawValue) / 2
                self.asked = Offset(rawValue: middle)
            } else {
                // Behind the partition's end a position would be reset to its beginning.
                let furthest = max(self.inside.next, end ?? self.inside.next)
                let (sum, overflow) = self.inside.rawValue.addingReportingOverflow(self.step)
                self.asked = overflow ? furthest : min(furthest, Offset(rawValue: sum))
                self.step = min(self.step * 2, 1 << 40)
            }
            return self.asked ?? self.inside.next
        }
    }

    /// Tries of one batch before it is stepped over; half a second lies between two.
    static let maximumTries = 4

    private var searches: [TopicPartition: Search] = [:]
    /// Where reading was begun.
    private var begins: [TopicPartition: Offset] = [:]

    /// Reading begins there: by the application's wish, or anew with what it has not taken.
    mutating func begin(_ partition: TopicPartition, at offset: Offset) {
        self.searches[partition] = nil
        self.begins[partition] = offset
    }

    /// Partitions are gone.
    mutating func forget(_ partitions: some Sequence<TopicPartition>) {
        for partition in partitions {
            self.searches[partition] = nil
            self.begins[partition] = nil
        }
    }

    /// The position at which reading is to go on if what has arrived is dropped; `nil` where nothing is wrong.
    func position(of partition: TopicPartition) -> Offset? {
        self.searches[partition].map { $0.asked ?? $0.first }
    }

    /// A batch could not be read.
    ///
    /// - Parameters:
    ///   - partition: Its partition.
    ///   - offset: Where it begins, as librdkafka says, or the position at which it was asked for.
    ///   - isBase: Whether it is the first of these.
    ///   - reason: What is wrong with it.
    ///   - end: One past the partition's last record; `nil` where nobody knows it.
    /// - Returns: What is to be done, and whether this batch is met for the first time.
    mutating func failed(
        _ partition: TopicPartition,
        at offset: Offset,
        isBase: Bool,
        reason: String,
        end: Offset?
    ) -> (answer: Answer, isNew: Bool) {
        guard var search = self.searches[partition] else {
            // Not from the last record delivered on: after a seek back that lies behind what is read now.
            let first = max(offset, self.begins[partition] ?? offset)
            self.searches[partition] = Search(first: first, reason: reason)
            return (.again, true)
        }
        guard isBase, offset > search.inside, offset < end ?? offset.next else {
            // The same again.
            if let asked = search.asked { search.inside = max(search.inside, asked) } else { search.tries += 1 }
            guard search.tries >= Self.maximumTries || search.asked != nil else {
                self.searches[partition] = search
                return (.again, false)
            }
            return (self.proceed(search, partition, end), false)
        }
        // Another one, so the first has ended before.
        search.behind = min(search.asked ?? offset, offset)
        if search.asked == nil { search.inside = Offset(rawValue: offset.rawValue - 1) }
        guard let lost = search.lost else { return (self.proceed(search, partition, end), false) }
        self.searches[partition] = Search(first: offset, reason: reason)
        return (.lost(lost, readFrom: nil), true)
    }

    /// A record, or the partition's end, has arrived.
    mutating func met(_ partition: TopicPartition, _ offset: Offset) -> Answer {
        guard !self.searches.isEmpty, var search = self.searches[partition] else { return .fine }
        guard let asked = search.asked else {
            self.searches[partition] = nil
            // Readable after all, or passed over by librdkafka itself.
            guard offset > search.first else { return .fine }
            return .lost(LostRange(first: search.first, next: offset, reason: search.reason), readFrom: nil)
        }
        search.behind = asked
        guard let lost = search.lost else { return self.proceed(search, partition, nil) }
        self.searches[partition] = nil
        return .lost(lost, readFrom: nil)
    }

    /// Takes the next step of a search.
    private mutating func proceed(_ search: Search, _ partition: TopicPartition, _ end: Offset?) -> Answer {
        var search = search
        if search.behind == nil, let end, search.inside.next >= end { search.behind = max(end, search.inside.next) }
        if let lost = search.lost {
            self.searches[partition] = nil
            return .lost(lost, readFrom: lost.next)
        }
        let position = search.ask(end: end)
        self.searches[partition] = search
        return .read(from: position)
    }
}
