// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Synchronization
import Telemetry
import TestSupport
import Testing
import Threads
import Values
import WorkbenchSandbox

@testable import Worker

/// Progress, not pulse: what holds the worker up is named.
struct StallTests {
    private let detector = StallDetector(stallAfter: .seconds(60), requestTimeout: .seconds(30))

    private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    private func cause(_ change: (inout Heartbeat.Snapshot) -> Void, now: Int64, lastPoll: Int64? = nil) -> String? {
        var snapshot = Heartbeat.Snapshot()
        change(&snapshot)
        return self.detector.stall(snapshot, lastPoll: self.at(lastPoll ?? now), now: self.at(now))?.cause
    }

    @Test func whatStandsStillIsNamedAfterItsTime() {
        #expect(self.cause({ _ in }, now: 160, lastPoll: 101) == nil)
        #expect(self.cause({ _ in }, now: 160, lastPoll: 100) == "the consumer has not polled Kafka for 60 s")
        #expect(self.cause({ $0.turnSince = self.at(101) }, now: 160) == nil)
        let turn = self.cause({ $0.turnSince = self.at(100) }, now: 175)
        #expect(turn == "a turn of the worker's loop has been under way for 75 s")
        let transaction = self.cause({ $0.underWay.committingSince = self.at(100) }, now: 160)
        #expect(transaction == "a journal transaction has been under way for 60 s")
        let due = self.cause({ $0.underWay.wakeAt = self.at(100) }, now: 160)
        #expect(due == "work has been due and not been started for 60 s")
        #expect(
            self.cause({ $0.underWay.wakeAt = self.at(500) }, now: 160) == nil,
            "what is not due yet holds nothing up"
        )
    }

    @Test func aCallHasItsOwnTimeBeforeItCounts() {
        let call = UnderWay.OldestCall(name: "createBuild", began: self.at(100))
        #expect(self.cause({ $0.underWay.oldestCall = call }, now: 189) == nil)
        let cause = self.cause({ $0.underWay.oldestCall = call }, now: 190)
        #expect(cause == "call 'createBuild' of the workbench has not ended for 90 s")
    }

    @Test func aWorkbenchThatIsSlowAgainstItsOwnHistoryIsTold() {
        var pace = CallPace()
        for second in 0..<100 { pace.observe(.milliseconds(200), at: self.at(Int64(second))) }
        #expect(!pace.isSlow)
        for second in 100..<110 { pace.observe(.seconds(8), at: self.at(Int64(second))) }
        #expect(pace.isSlow)
        let told = self.cause({ $0.underWay.pace = pace }, now: 111)
        #expect(told?.hasPrefix("the workbench is slow against its own history: calls take 7.") == true)
        #expect(self.cause({ $0.underWay.pace = pace }, now: 200) == nil, "an old average says nothing")
        for second in 110..<130 { pace.observe(.milliseconds(200), at: self.at(Int64(second))) }
        #expect(!pace.isSlow)
    }

    @Test func aWorkbenchThatIsAlwaysSlowIsNotSlowAgainstItsHistory() {
        var pace = CallPace()
        for second in 0..<100 { pace.observe(.seconds(8), at: self.at(Int64(second))) }
        #expect(!pace.isSlow)
    }

    /// A transaction that never ends: readiness turns and names it, then the process is asked to end.
    @Test(.timeLimit(.minutes(1)))
    func aStuckTransactionIsNamedAndEndsTheProcess() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(2)
            let ended = OneShotEvent()
            let cause = Mutex("")
            let unmet = Mutex<String?>(nil)
            let health = Mutex<WorkerHealth?>(nil)
            var settings = bed.settings(.catchAll)
            settings.stallAfter = .seconds(1)
            settings.exitAfter = .seconds(3)
            settings.stalled = { text in
                cause.withLock { $0 = text }
                // Asked now: on a machine that stands still for a while, a later look may find nobody to blame.
                let conditions = health.withLock { $0?.snapshot } ?? []
                unmet.withLock { $0 = conditions.first { $0.name == "progress" }?.cause }
                ended.complete()
            }
            let gate = JournalGate()
            try await bed.withWorker(settings.tapped(by: gate)) { worker in
                health.withLock { $0 = worker.health }
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                _ = try await bed.phases(untilEnded: 1)
                gate.shut()
                try await bed.emit(runs[1].data(model: "churn"), id: "2", key: "churn")
                await ended.wait()
                let text = cause.withLock { $0 }
                #expect(text.hasPrefix("a journal transaction has been under way for "))
                #expect(unmet.withLock { $0 } == text)
                gate.open()
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.allSatisfy { $0.last == "deployed" }, "what is released goes on")
            }
        }
    }
}
