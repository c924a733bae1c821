// SPDX-License-Identifier: Apache-2.0

import Rollouts

/// Makes the planned calls, each in a child task of its own; how many at a time the coordinator's budget decides.
struct CallLoop: Sendable {
    let runner: CallRunner
    let holdings: Holdings
    let clock: WorkerClock
    let progress: ProgressNotes
    let driver: Driver
    let checkpoints: @Sendable (Checkpoint) -> Void
    let ablation: Ablation

    /// Runs until the stream of calls ends and the last call has.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await call in self.driver.calls {
                group.addTask { await self.perform(call) }
            }
        }
    }

    /// Makes one call, unless it is a creating one that may not be made any more.
    func perform(_ planned: Driver.PlannedCall) async {
        self.progress.callBegan(planned.id, planned.call.name, at: self.clock.monotonic)
        await self.make(planned)
        self.progress.callEnded(planned.id, at: self.clock.monotonic)
    }

    private func make(_ planned: Driver.PlannedCall) async {
        guard planned.call.isCreating else {
            if planned.call.needsPartition, !self.isHeld(planned) {
                await self.driver.finished(planned, .failure(Self.withheld))
                return
            }
            await self.driver.finished(planned, await self.ablation.result(of: planned.call, by: self.runner))
            return
        }
        // Rule 5: the last look before a creating call, right before it is sent.
        guard let partition = planned.partition, let epoch = planned.epoch, let notAfter = planned.notAfter,
            self.clock.monotonic < notAfter, self.holdings.beginCreatingCall(partition, epoch: epoch)
        else {
            await self.driver.finished(planned, .failure(Self.withheld))
            return
        }
        self.checkpoints(.beforeCall)
        let result = await self.ablation.result(of: planned.call, by: self.runner)
        self.checkpoints(.afterCall)
        self.holdings.endCreatingCall(partition, epoch: epoch)
        // A cancelled worker ends at once, as in a crash, and tells nobody what it has seen last.
        guard !Task.isCancelled else { return }
        await self.driver.finished(planned, result)
    }

    private static let withheld = CallFailure(
        .withheld,
        message: "the intent was too old or the partition had moved"
    )

    private func isHeld(_ planned: Driver.PlannedCall) -> Bool {
        guard let partition = planned.partition, let epoch = planned.epoch else { return false }
        return self.holdings.isHeld(partition, epoch: epoch)
    }
}
