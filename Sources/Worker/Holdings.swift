// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import Threads
import Values

/// Which partitions this process holds, by what right, and up to where their events are accepted.
///
/// Everybody who acts for a partition asks here first: the journal before each transaction, the runner before each
/// creating call. Changed only by the consumer's events and by the hand-over.
final class Holdings: Sendable {
    /// What is held of one partition.
    enum Stage: Sendable, Equatable {
        /// Its journal is being read.
        case restoring
        /// Work goes on.
        case held
        /// It is being handed over: no creating call starts any more.
        case leaving
        /// It is being handed over, and what memory says of it may not be written any more.
        case abandoned
    }

    private struct Holding {
        var epoch: UInt64
        /// Its first epoch since it came to this process: calls of that or a later one are counted.
        var firstEpoch: UInt64
        var stage: Stage
        var position: Offset?
        /// The consumer's seek from which on its records are of this epoch.
        var seek = 0
        /// Its work goes on as its journal says, so that its events may be read.
        var isOpen = false
        var creatingCalls = 0
    }

    private struct State {
        var partitions: [Partition: Holding] = [:]
        var membership: GroupMembership?
        var lastEpoch: UInt64 = 0
        var waiters: [Completion] = []
    }

    private let state = Mutex(State())

    /// The membership in force; `nil` after the partitions were lost.
    var membership: GroupMembership? { self.state.withLock { $0.membership } }

    /// Partitions of any stage.
    var partitions: [Partition] { self.state.withLock { $0.partitions.keys.sorted() } }

    /// Partitions whose work goes on.
    var held: [Partition] {
        self.state.withLock { $0.partitions.filter { $0.value.stage == .held }.keys.sorted() }
    }

    /// Partitions whose events may be read.
    var open: [Partition] {
        self.state.withLock { $0.partitions.filter { $0.value.stage == .held && $0.value.isOpen }.keys.sorted() }
    }

    /// Partitions whose journal is being read.
    var restoring: [Partition] {
        self.state.withLock { $0.partitions.filter { $0.value.stage == .restoring }.keys.sorted() }
    }

    // MARK: What the consumer says

    /// A rebalance ended: the older membership is stale.
    func setMembership(_ membership: GroupMembership?) {
        let waiters = self.state.withLock { state in
            state.membership = membership
            return Self.takeWaiters(&state)
        }
        for waiter in waiters { waiter.complete() }
    }

    /// A partition is to be restored, for the first time or again.
    ///
    /// - Returns: The epoch that everything done for it from now on carries.
    func beginRestoring(_ partition: Partition) -> UInt64 {
        self.state.withLock { state in
            state.lastEpoch += 1
            let earlier = state.partitions[partition]
            state.partitions[partition] = Holding(
                epoch: state.lastEpoch,
                firstEpoch: earlier?.firstEpoch ?? state.lastEpoch,
                stage: .restoring,
                creatingCalls: earlier?.creatingCalls ?? 0
            )
            return state.lastEpoch
        }
    }

    /// What memory says of the partitions may be ahead of or behind the journal: all of them are to be restored.
    ///
    /// One that is being handed over is left to its next owner. Nothing that was decided before may be written any more.
    ///
    /// - Returns: The partitions to be restored, each with its new epoch.
    func beginRestoringAgain() -> [(partition: Partition, epoch: UInt64)] {
        self.state.withLock { state in
            var restoring: [(partition: Partition, epoch: UInt64)] = []
            for (partition, holding) in state.partitions.sorted(by: { $0.key < $1.key }) {
                state.lastEpoch += 1
                let isLeaving = holding.stage == .leaving || holding.stage == .abandoned
                state.partitions[partition] = Holding(
                    epoch: state.lastEpoch,
                    firstEpoch: holding.firstEpoch,
                    stage: isLeaving ? .abandoned : .restoring,
                    creatingCalls: holding.creatingCalls
                )
                if !isLeaving { restoring.append((partition, state.lastEpoch)) }
            }
            return restoring
        }
    }

    /// Restoring has ended: work goes on from `position`, with records that were read since the seek of that number.
    ///
    /// - Returns: Whether the partition is still held in that epoch.
    func beginHolding(_ partition: Partition, epoch: UInt64, position: Offset, seek: Int) -> Bool {
        self.state.withLock { state in
            guard state.partitions[partition]?.epoch == epoch, state.partitions[partition]?.stage == .restoring else {
                return false
            }
            state.partitions[partition]?.stage = .held
            state.partitions[partition]?.position = position
            state.partitions[partition]?.seek = seek
            return true
        }
    }

    /// The rollouts of a partition go on: its events may be read from now on.
    ///
    /// - Returns: Whether the partition is still held in that epoch.
    func open(_ partition: Partition, epoch: UInt64) -> Bool {
        self.state.withLock { state in
            guard state.partitions[partition]?.epoch == epoch, state.partitions[partition]?.stage == .held else {
                return false
            }
            state.partitions[partition]?.isOpen = true
            return true
        }
    }

    /// Partitions are about to go: no creating call starts for them any more.
    func beginLeaving(_ partitions: [Partition]) {
        self.state.withLock { state in
            for partition in partitions where state.partitions[partition]?.stage != .abandoned {
                // What was being restored has nothing to write, and its restoring ends here.
                let isHeld = state.partitions[partition]?.stage == .held
                state.partitions[partition]?.stage = isHeld ? .leaving : .abandoned
            }
        }
    }

    /// Partitions have gone.
    func remove(_ partitions: [Partition]) {
        let waiters = self.state.withLock { state in
            for partition in partitions { state.partitions[partition] = nil }
            return Self.takeWaiters(&state)
        }
        for waiter in waiters { waiter.complete() }
    }

    private static func takeWaiters(_ state: inout State) -> [Completion] {
        defer { state.waiters = [] }
        return state.waiters
    }

    // MARK: Who asks

    /// The epoch in which a partition is held or being handed over; `nil` if it is not.
    func epoch(of partition: Partition) -> UInt64? {
        self.state.withLock { $0.partitions[partition].flatMap(Self.epoch) }
    }

    private static func epoch(of holding: Holding) -> UInt64? {
        switch holding.stage {
        case .held, .leaving: holding.epoch
        case .restoring, .abandoned: nil
        }
    }

    /// The epoch in which a partition's records are to be accepted; `nil` if they are not.
    ///
    /// Records that were in somebody's hands while the partition was restored are of an earlier epoch: to accept them
    /// would commit past others that are read again.
    ///
    /// - Parameters:
    ///   - partition: The partition.
    ///   - seeks: The number of the consumer's newest seek when the records were taken out.
    /// - Returns: The epoch.
    func accepting(_ partition: Partition, seeks: Int) -> UInt64? {
        self.state.withLock { state in
            guard let holding = state.partitions[partition], holding.isOpen, seeks >= holding.seek else { return nil }
            return Self.epoch(of: holding)
        }
    }

    /// The epoch in which a partition is being restored; `nil` if it is not.
    func restoringEpoch(of partition: Partition) -> UInt64? {
        self.state.withLock { state in
            guard let holding = state.partitions[partition], holding.stage == .restoring else { return nil }
            return holding.epoch
        }
    }

    /// Whether the partition is held in that epoch and is not about to go.
    func isStaying(_ partition: Partition, epoch: UInt64) -> Bool {
        self.state.withLock { state in
            guard let holding = state.partitions[partition] else { return false }
            return holding.epoch == epoch && holding.stage == .held
        }
    }

    /// Whether work of that epoch may still be written.
    func isHeld(_ partition: Partition, epoch: UInt64) -> Bool { self.epoch(of: partition) == epoch }

    /// The next offset to accept, which fences a transaction for the partition.
    func position(of partition: Partition) -> Offset? { self.state.withLock { $0.partitions[partition]?.position } }

    /// A transaction has moved a partition's position.
    func advance(_ partition: Partition, to position: Offset) {
        self.state.withLock { $0.partitions[partition]?.position = position }
    }

    /// A creating call is about to be sent.
    ///
    /// - Returns: Whether it may: the partition is held in that epoch and not about to go.
    func beginCreatingCall(_ partition: Partition, epoch: UInt64) -> Bool {
        self.state.withLock { state in
            guard let holding = state.partitions[partition], holding.epoch == epoch, holding.stage == .held else {
                return false
            }
            state.partitions[partition]?.creatingCalls += 1
            return true
        }
    }

    /// A creating call has ended.
    func endCreatingCall(_ partition: Partition, epoch: UInt64) {
        let waiters = self.state.withLock { state -> [Completion] in
            // A call of an earlier time that the partition was ours was counted then, and is not now.
            guard let holding = state.partitions[partition], epoch >= holding.firstEpoch else { return [] }
            let calls = holding.creatingCalls
            guard calls > 0 else { return [] }
            state.partitions[partition]?.creatingCalls = calls - 1
            return calls == 1 ? Self.takeWaiters(&state) : []
        }
        for waiter in waiters { waiter.complete() }
    }

    /// Creating calls under way for these partitions.
    func creatingCalls(_ partitions: [Partition]) -> Int {
        self.state.withLock { state in partitions.reduce(0) { $0 + (state.partitions[$1]?.creatingCalls ?? 0) } }
    }

    // MARK: Who waits

    /// Waits until `isDone` holds; it is asked again after each change of membership, partitions or calls under way.
    ///
    /// - Parameters:
    ///   - timeout: The longest wait.
    ///   - isDone: Asked outside the lock.
    /// - Returns: Whether it holds; `false` when the time was up or the task is cancelled.
    func wait(timeout: Duration, until isDone: @escaping @Sendable () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + timeout
        while true {
            let change = Completion()
            self.state.withLock { $0.waiters.append(change) }
            if isDone() { return true }
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
            await change.wait(until: deadline)
        }
    }
}
