// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Synchronization
import TestSupport
import Testing
import Values

@testable import Worker

/// What the commands' port still tells when it is closed, or when another order has come, in the middle of a try.
@Suite(.timeLimit(.minutes(1)))
struct CommandsClosingTests {
    /// The port, known to what it calls.
    private final class Handle: Sendable {
        let port = Mutex<KafkaCommands?>(nil)

        func with(_ body: (KafkaCommands) -> Void) { self.port.withLock { $0.map(body) } }
    }

    private func port(
        _ inbox: LoopInbox,
        _ makeReader: @escaping @Sendable () throws(KafkaError) -> PartitionReader
    ) -> KafkaCommands {
        KafkaCommands(
            topics: TopicNames(),
            intake: Intake(.init(routes: Routes([]), defaultProjectID: nil, workbench: "w", inboxPartitions: 1)),
            clock: WorkerClock(),
            inbox: inbox,
            makeReader: makeReader
        )
    }

    private func order(_ number: UInt64) -> CommandsOrder {
        .read(CommandsReadID(number: number), from: 0, reaching: 0)
    }

    @Test func aFailureAfterClosingIsToldToNobody() async {
        let (inbox, handle) = (LoopInbox(), Handle())
        let port = self.port(inbox) { () throws(KafkaError) in
            handle.with { $0.close() }
            throw .invalid(operation: "read commands", message: "the try under way fails")
        }
        handle.port.withLock { $0 = port }
        port.perform(self.order(1))
        await port.run()
        #expect(inbox.take().isEmpty)
    }

    @Test func aFailureOfAnOrderThatWasReplacedIsToldToNobody() async {
        let (inbox, handle) = (LoopInbox(), Handle())
        let tries = Mutex(0)
        let second = self.order(2)
        let port = self.port(inbox) { () throws(KafkaError) in
            let isFirst = tries.withLock { tries in
                tries += 1
                return tries == 1
            }
            handle.with { isFirst ? $0.perform(second) : $0.close() }
            throw .invalid(operation: "read commands", message: "the try under way fails")
        }
        handle.port.withLock { $0 = port }
        port.perform(self.order(1))
        await port.run()
        #expect(inbox.take().isEmpty)
        #expect(tries.withLock { $0 } == 2)
    }
}
