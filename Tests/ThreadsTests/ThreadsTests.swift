// SPDX-License-Identifier: Apache-2.0

import Testing
import Threads

@Suite(.timeLimit(.minutes(1)))
struct ThreadsTests {
    @Test func jobsRunInOrderAndReturnTheirResult() async {
        let thread = BlockingThread(name: "test")
        var results: [Int] = []
        for value in 0..<100 { results.append(await thread.run { value * 2 }) }
        #expect(results == (0..<100).map { $0 * 2 })
        await thread.close()
    }

    @Test func closeFinishesWhatIsWaiting() async {
        let thread = BlockingThread(name: "test")
        let count = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { await thread.run { count.withLock { $0 += 1 } } } }
        }
        await thread.close()
        #expect(count.withLock { $0 } == 50)
    }

    @Test func waitEndsAtItsTimeout() async {
        let monitor = Monitor(0)
        let waited = Locked<Bool?>(nil)
        let thread = DedicatedThread(name: "waiter") {
            let result = monitor.wait(timeout: .milliseconds(20)) { $0 > 0 ? $0 : nil }
            waited.withLock { $0 = result == nil }
        }
        await thread.join()
        #expect(waited.withLock { $0 } == true)
    }

    @Test func signalWakesAWaitingThread() async {
        let monitor = Monitor(0)
        let seen = Locked(0)
        let thread = DedicatedThread(name: "waiter") {
            let value = monitor.wait { $0 > 0 ? $0 : nil }
            seen.withLock { $0 = value ?? -1 }
        }
        monitor.signal { $0 = 7 }
        await thread.join()
        #expect(seen.withLock { $0 } == 7)
    }
}
