// SPDX-License-Identifier: Apache-2.0

import Values

/// What goes wrong with the transactions of one process, as the world's faults have it.
final class CommitFaults {
    /// What happens to the request that ends a transaction.
    enum Ending: Equatable {
        case none
        /// It is applied, and nobody hears of it.
        case unknownApplied
        /// It never arrives, and nobody hears of it.
        case unknownNotApplied
        /// It arrives, and once more after a while.
        case lateCopy(after: Span)
    }

    /// A late copy on its way.
    struct LateCopy {
        var identity: ProducerIdentity
        var committing: Bool
    }

    private let clockwork: Clockwork
    /// Endings to come, in order, each with the fault that it belongs to.
    var endings: [(ending: Ending, fault: Int)] = []
    /// Transactions that are aborted for a while, with the fault that it belongs to.
    var aborts: [(count: Int, fault: Int)] = []
    private(set) var lateCopies: [LateCopy] = []
    private let note: (Int) -> Void
    private let addLateCopy: (LateCopy, Span) -> Void

    init(clockwork: Clockwork, note: @escaping (Int) -> Void, addLateCopy: @escaping (LateCopy, Span) -> Void) {
        self.clockwork = clockwork
        self.note = note
        self.addLateCopy = addLateCopy
    }

    /// Why a transaction's request fails now; `nil` where it does not.
    func failure(of stage: CommitStage, _ now: MonotonicTime) -> String? {
        guard let first = self.aborts.first else { return nil }
        self.note(first.fault)
        self.aborts[0].count -= 1
        if self.aborts[0].count == 0 { self.aborts.removeFirst() }
        return "BROKER_NOT_AVAILABLE"
    }

    /// What happens to the request that ends a transaction.
    func ending(_ now: MonotonicTime) -> Ending {
        guard !self.endings.isEmpty else { return .none }
        let next = self.endings.removeFirst()
        self.note(next.fault)
        return next.ending
    }

    func sendLateCopy(_ identity: ProducerIdentity, committing: Bool, after delay: Span) {
        self.addLateCopy(LateCopy(identity: identity, committing: committing), delay)
    }
}
