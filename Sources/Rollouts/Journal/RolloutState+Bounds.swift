// SPDX-License-Identifier: Apache-2.0

import Values

/// What comes out of a journal or an inbox is outside data: it is held against what this program can have written.
///
/// Behind these bounds no sum and no product of times and counts can overflow.
enum JournalBounds {
    /// More status events than any rollout has.
    static let sequence = 1...1_000_000_000
    /// Times from 1970 to the end of the year 9999.
    static let time = Timestamp.epoch...Timestamp(millisecondsSinceEpoch: 253_402_300_799_999)
    /// What a clock may show now, so that whatever is reckoned from it is such a time: until the year 9000.
    static let clock =
        Timestamp.epoch.advanced(by: .seconds(86_400))...Timestamp(millisecondsSinceEpoch: 221_845_392_000_000)
    /// The length of a phase or of a step's deadline, in milliseconds: up to a hundred years.
    static let milliseconds: ClosedRange<Int64> = 0...3_155_760_000_000
    static let partition: ClosedRange<Int32> = 0...999_999
}

extension RolloutState {
    /// Why no rollout can be so; `nil` where it can.
    package var impossibility: String? {
        let bounds: [(name: String, isKept: Bool)] = [
            ("sequence", JournalBounds.sequence.contains(self.sequence)),
            ("partition", JournalBounds.partition.contains(self.partition.rawValue)),
            ("origin.partition", JournalBounds.partition.contains(self.origin.partition.rawValue)),
            ("origin.offset", self.origin.offset.rawValue >= 0),
            ("movedFrom", self.movedFrom.map { JournalBounds.partition.contains($0.rawValue) } ?? true),
            ("acceptedAt", JournalBounds.time.contains(self.acceptedAt)),
            ("phaseAt", JournalBounds.time.contains(self.phaseAt)),
            ("stepAt", JournalBounds.time.contains(self.stepAt)),
            (
                "previousPhaseMilliseconds",
                self.previousPhaseMilliseconds.map(JournalBounds.milliseconds.contains) ?? true
            ),
            ("askedAt", self.askedAt.map(JournalBounds.time.contains) ?? true),
            ("aftermath", self.aftermath?.isPossible ?? true),
            ("plan.deadlines", self.plan.deadlines.all.allSatisfy(JournalBounds.milliseconds.contains)),
        ]
        if let outside = bounds.first(where: { !$0.isKept }) { return "'\(outside.name)' is outside of its bounds" }
        guard self.phase.isTerminal == (self.step == .finished) else {
            return "phase '\(self.phase.rawValue)' at step '\(self.step.rawValue)'"
        }
        guard !self.phase.isTerminal || self.intent == nil else { return "an intent after its end" }
        guard self.phase.isTerminal || self.aftermath?.isChanging != true else { return "a clean-up before its end" }
        guard self.run != nil || !self.step.needsRun else { return "step '\(self.step.rawValue)' without a run" }
        return nil
    }
}

extension RolloutStep {
    /// Whether a rollout comes to this step only once its run is known.
    fileprivate var needsRun: Bool {
        switch self {
        case .resolve, .finished: false
        case .lane, .register, .model, .build, .deploy, .verify: true
        }
    }
}

extension Aftermath {
    /// Whether a clean-up can have left it so.
    fileprivate var isPossible: Bool {
        (0...Sweep.looks).contains(self.looks)
            && self.doubts.allSatisfy { doubt in
                [doubt.from, doubt.until].allSatisfy { $0.map(JournalBounds.time.contains) ?? true }
            }
    }
}

extension LaneState {
    /// Why no lane can be so; `nil` where it can.
    package var impossibility: String? {
        // Our own clock's; a run may say of itself that it began at any time.
        if let accepted = self.newestAccepted?.at, !JournalBounds.time.contains(accepted) {
            return "'newestAccepted' is outside of its bounds"
        }
        guard self.beginnings?.allSatisfy(JournalBounds.time.contains) != false else {
            return "'beginnings' is outside of its bounds"
        }
        return nil
    }
}

extension StepDeadlines {
    fileprivate var all: [Int64] { [self.resolve, self.register, self.build, self.deploy, self.verify] }
}
