// SPDX-License-Identifier: Apache-2.0

import Values

/// The virtual clock and what is to come.
final class Clockwork {
    /// The moment.
    private(set) var now: MonotonicTime
    /// Draws by key, so that taking one thing away shifts nothing else.
    let dice: Dice
    private var agenda = Agenda()
    private var count: UInt64 = 0

    /// The wall clock at the start: 2026-01-01T00:00:00Z.
    static let epoch = Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)

    init(dice: Dice) {
        self.dice = dice
        self.now = MonotonicTime(nanoseconds: 1_000_000_000)
    }

    /// The true time of the wall clock.
    var wall: Timestamp { self.wall(at: self.now) }

    /// The true time of the wall clock at a moment.
    func wall(at time: MonotonicTime) -> Timestamp {
        Timestamp(microsecondsSinceEpoch: Self.epoch.microsecondsSinceEpoch + time.nanoseconds / 1000)
    }

    /// What has happened so far.
    var steps: UInt64 { self.count }

    func schedule(_ happening: Happening, after span: Span) { self.schedule(happening, at: self.now + span) }

    func schedule(_ happening: Happening, at time: MonotonicTime) {
        self.count += 1
        // A bijection of the count: seeded, without two alike.
        let tie = (self.count &* 0x9E37_79B9_7F4A_7C15) ^ self.tieSalt
        self.agenda.insert(Agenda.Entry(time: max(time, self.now), tie: tie, happening: happening))
    }

    private lazy var tieSalt = self.dice.value("tie")

    /// Takes what comes next and moves the clock there; `nil` where nothing is to come.
    func next() -> Happening? {
        guard let first = self.agenda.popFirst() else { return nil }
        self.now = first.time
        return first.happening
    }
}

extension Span {
    /// A span drawn from a range in microseconds, by key.
    static func drawn(
        _ dice: Dice,
        _ microseconds: ClosedRange<Int64>,
        _ purpose: String,
        _ first: Int,
        _ second: Int
    ) -> Span {
        let width = UInt64(microseconds.upperBound - microseconds.lowerBound + 1)
        let drawn = Int64(dice.value(purpose, first, second) % width)
        return Span(nanoseconds: (microseconds.lowerBound + drawn) * 1000)
    }
}
