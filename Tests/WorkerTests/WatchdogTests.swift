// SPDX-License-Identifier: Apache-2.0

import Files
import Machine
import Telemetry
import Testing
import Values

@testable import Worker

struct WatchdogTests {
    /// What is stuck may be the pool that runs everything else, Dispatch's queues included.
    @Test(.timeLimit(.minutes(1)))
    func itLooksFromAThreadOfItsOwn() async throws {
        let (names, told) = AsyncStream.makeStream(of: String.self)
        let watchdog = Watchdog(
            detector: StallDetector(stallAfter: .seconds(60), requestTimeout: .seconds(30)),
            exitAfter: .zero,
            heartbeat: Heartbeat(),
            lastPoll: {
                // Throws nothing on: a name that can't be read is not the one that is expected.
                let name = Result { try FileReader.read("/proc/thread-self/comm", maximumBytes: 4_096) }
                told.yield((try? name.get()).map { String(decoding: $0, as: UTF8.self) } ?? "\(name)")
                return nil
            },
            health: WorkerHealth(),
            logger: TestLog().logger,
            clock: WorkerClock(),
            end: { _ in }
        )
        watchdog.start()
        var looked = names.makeAsyncIterator()
        #expect(await looked.next() == "watchdog\n")
        watchdog.stop()
    }
}
