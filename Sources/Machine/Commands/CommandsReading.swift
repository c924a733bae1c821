// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// How far the commands topic is read, and up to where each partition has done what stands there.
///
/// The topic is read once for all partitions. Who takes one over goes on from that partition's own position: then reading goes
/// back to there, and what the other partitions have done already they skip by their own positions.
struct CommandsReading: Sendable {
    private enum State {
        /// Nothing is asked for: no partition is held, or what was read is on its way to the journal. Next: `reading`.
        case resting(next: Offset?)
        /// A batch is asked for. Next: any.
        case reading(CommandsReadID, from: Offset, failures: Int)
        /// The last attempt failed. Next: `due`.
        case waiting(from: Offset, at: MonotonicTime, failures: Int)
        /// It is to be read from there. Next: `reading`.
        case due(from: Offset, failures: Int)
    }

    /// A partition that is held.
    private struct Held {
        /// Up to where it has done everything, as decided; what is under way to the journal is behind it.
        var position: CommandsPosition
        /// Older commands don't count for it; `nil` where it has a position.
        var since: Timestamp?
        /// Whether what stands before its position was seen to be what it has done.
        var isVerified: Bool
        /// What it has done, as decided, until the horizon.
        var done: DoneCommands
    }

    private let backoff: Backoff
    /// How long a command is remembered that was done; `nil` for ever.
    private let horizon: Span?
    /// When old ones are looked for again.
    private var nextForgetting = MonotonicTime.zero
    private var state = State.resting(next: nil)
    private var lastID: UInt64 = 0
    private var held: [Partition: Held] = [:]

    init(backoff: Backoff, horizon: Span? = nil) {
        self.backoff = backoff
        self.horizon = horizon
    }

    // MARK: Partitions

    /// A partition was taken over.
    ///
    /// - Parameters:
    ///   - partition: The partition.
    ///   - position: Where it goes on; `nil` where it has never done a command.
    ///   - since: From when on commands count for one without a position; `nil` where all do.
    ///   - done: The commands that it has done.
    mutating func gained(
        _ partition: Partition,
        at position: CommandsPosition?,
        since: Timestamp?,
        done: DoneCommands = DoneCommands()
    ) {
        let start = position ?? CommandsPosition(next: Offset(rawValue: 0))
        self.held[partition] = Held(
            position: start,
            since: position == nil ? since : nil,
            isVerified: start.last == nil,
            done: done
        )
        // What it did last is read again, to see that this is still the topic in which it did that.
        let from = start.last == nil ? start.next : Offset(rawValue: start.next.rawValue - 1)
        switch self.state {
        case .resting(nil): self.state = .due(from: from, failures: 0)
        case .resting(let next?): self.state = .due(from: min(from, next), failures: 0)
        case .reading(_, let current, let failures):
            if from < current { self.state = .due(from: from, failures: failures) }
        case .waiting(let current, let at, let failures):
            self.state = .waiting(from: min(current, from), at: at, failures: failures)
        case .due(let current, let failures): self.state = .due(from: min(current, from), failures: failures)
        }
    }

    /// A partition is ours no longer.
    mutating func lost(_ partition: Partition) { self.held[partition] = nil }

    /// Whether a command is to be done now by its partition, which has not done it yet.
    ///
    /// From here on it has.
    mutating func takes(_ entry: CommandEntry) -> Bool {
        guard let held = self.held[entry.owner], entry.offset >= held.position.next else { return false }
        if let since = held.since, let time = entry.time, time < since { return false }
        self.held[entry.owner]?.position = CommandsPosition(behind: entry)
        return true
    }

    // MARK: What was done

    /// The command of the same id that its partition has done; `nil` for none.
    func done(_ entry: CommandEntry) -> DoneCommand? { self.held[entry.owner]?.done[CommandName(ofID: entry.head.id)] }

    /// A command is done from here on.
    mutating func note(_ entry: CommandEntry, _ command: DoneCommand) {
        self.held[entry.owner]?.done[CommandName(ofID: entry.head.id)] = command
    }

    /// The most tombstones of one partition in one entry, so that they fill no transaction alone.
    private static let mostForgotten = 500

    /// Forgets what is older than the horizon, every tenth of it, ten minutes at the most.
    ///
    /// - Returns: What was forgotten, by partition, in a fixed order.
    mutating func forgetOld(now: Now) -> [(Partition, [CommandName])] {
        guard let horizon = self.horizon, self.nextForgetting <= now.monotonic else { return [] }
        self.nextForgetting = now.monotonic + min(.seconds(600), Span(nanoseconds: horizon.nanoseconds / 10))
        let limit = now.wall.advanced(by: .zero - horizon.duration)
        var forgotten: [(Partition, [CommandName])] = []
        for partition in self.held.keys.sorted() {
            guard let names = self.held[partition]?.done.forget(before: limit, limit: Self.mostForgotten),
                !names.isEmpty
            else { continue }
            if names.count == Self.mostForgotten { self.nextForgetting = now.monotonic + .seconds(1) }
            forgotten.append((partition, names))
        }
        return forgotten
    }

    // MARK: Positions

    /// Moves all partitions behind a command that have not come so far, because nothing before it concerned them.
    ///
    /// - Returns: Those partitions, in a fixed order.
    mutating func passOver(_ position: CommandsPosition) -> [Partition] {
        let behind = self.held.filter { $0.value.position.next < position.next }.keys.sorted()
        for partition in behind { self.held[partition]?.position = position }
        return behind
    }

    // MARK: Batches

    /// A batch has come that was asked for.
    ///
    /// - Returns: Whether it is the newest that was: others mean nothing.
    mutating func took(_ id: CommandsReadID, next: Offset) -> Bool {
        guard case .reading(id, _, _) = self.state else { return false }
        self.state = .resting(next: next)
        return true
    }

    /// Holds a batch against what partitions have done, as far as it reaches back to that.
    ///
    /// - Returns: Why this is not the topic in which they did that; `nil` where it may be.
    mutating func contradiction(in batch: CommandBatch) -> String? {
        for (partition, held) in self.held.sorted(by: { $0.key < $1.key }) where !held.isVerified {
            guard let last = held.position.last else { continue }
            let place = Offset(rawValue: held.position.next.rawValue - 1)
            guard let found = batch.entries.first(where: { $0.offset >= place }) else { continue }
            if found.offset == place, !found.sign.mayBe(last), case .command(let id, _) = last {
                return "at offset \(place) stands command '\(found.head.id)', and '\(id)' was done from there"
            }
            self.held[partition]?.isVerified = true
        }
        return nil
    }

    /// Notes what the topic keeps no longer though some partition has not done it.
    ///
    /// - Returns: What that is; `nil` for nothing.
    func lost(before oldest: Offset) -> LostCommands? {
        // One that has never done a command begins with what there is.
        let behind = self.held.filter { $0.value.position.last != nil && $0.value.position.next < oldest }
        guard let first = behind.values.map(\.position.next).min() else { return nil }
        return LostCommands(offsets: first..<oldest, partitions: behind.keys.sorted())
    }

    // MARK: Reading

    /// What was asked for could not be read, or is not what was done before.
    ///
    /// - Returns: Whether it was the newest order.
    mutating func failed(_ id: CommandsReadID, now: MonotonicTime) -> Bool {
        guard case .reading(id, let from, let failures) = self.state else { return false }
        self.state = .waiting(
            from: from,
            at: now + self.backoff.delay(afterFailures: failures + 1),
            failures: failures + 1
        )
        return true
    }

    /// Time passed: what failed is tried again.
    mutating func timePassed(now: MonotonicTime) {
        guard case .waiting(let from, let at, let failures) = self.state, at <= now else { return }
        self.state = .due(from: from, failures: failures)
    }

    /// The next moment at which `timePassed` has something to do; `nil` for none.
    var nextWake: MonotonicTime? {
        if case .waiting(_, let at, _) = self.state { at } else { nil }
    }

    /// Asks for what is to be read now.
    ///
    /// - Parameter hasRoom: Whether what a batch brings has room on its way to the journal.
    /// - Returns: What to ask for; `nil` for nothing.
    mutating func order(hasRoom: Bool) -> CommandsOrder? {
        switch self.state {
        case .resting(let next?) where hasRoom && !self.held.isEmpty: return self.read(from: next, failures: 0)
        case .due(let from, let failures): return self.read(from: from, failures: failures)
        case .resting, .reading, .waiting: return nil
        }
    }

    private mutating func read(from offset: Offset, failures: Int) -> CommandsOrder {
        self.lastID += 1
        let id = CommandsReadID(number: self.lastID)
        self.state = .reading(id, from: offset, failures: failures)
        return .read(id, from: offset, reaching: self.held.values.map(\.position.next).max() ?? offset)
    }
}
