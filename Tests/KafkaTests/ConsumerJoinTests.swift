// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Threads

/// A consumer that is closed between the group's answer and its first assignment.
@Suite(.timeLimit(.minutes(1)))
struct ConsumerJoinTests {
    @Test func closingWhileTheGroupIsJoinedEndsTheConsumerAndNotTheProcess() async throws {
        try await KafkaFixture.withMock(topics: ["events": 1]) { cluster, _ in
            // The group's answers take long enough to close in between.
            try await cluster.setDelay(ofBroker: 1, .milliseconds(300))
            let hasAnswered = OneShotEvent()
            let observer = ClientObserver(log: { line in
                if line.text.contains("JoinGroup response: GenerationId") { hasAnswered.complete() }
            })
            let talkative = try KafkaProperties([
                .init("bootstrap.servers", cluster.bootstrapServers), .init("debug", "cgrp"),
            ])
            let consumer = try Consumer(
                properties: talkative,
                settings: ConsumerSettings(groupID: "group"),
                observer: observer
            )
            try await consumer.subscribe(["events"])
            await hasAnswered.wait()
            await consumer.close()
            #expect(await consumer.next() == nil)
            #expect(consumer.assignment.isEmpty)
        }
    }
}
