// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Kafka

@Suite("The log line of a lost position")
struct OffsetResetLineTests {
    @Test(arguments: [
        "topic.a [3]: offset reset (at offset 12, broker 1) to BEGINNING: fetch failed: Broker: Offset out of range",
        "[thrd:main]: topic.a [3]: offset reset (at offset 12 (leader epoch 4), broker 1) to cached BEGINNING offset 40: "
            + "fetch failed due to requested offset not available on the broker: Broker: Offset out of range",
    ])
    func isUnderstood(line: String) throws {
        let (partition, offset) = try #require(OffsetResetLine.parse(line))
        #expect(partition == TopicPartition("topic.a", 3))
        #expect(offset == Offset(rawValue: 12))
    }

    @Test func othersAreNotTakenForIt() {
        #expect(OffsetResetLine.parse("topic [0]: offset reset (at offset END, broker 1) to BEGINNING: x: y") == nil)
        #expect(OffsetResetLine.parse("Broker: Offset out of range") == nil)
    }
}
