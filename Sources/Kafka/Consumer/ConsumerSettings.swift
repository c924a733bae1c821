// SPDX-License-Identifier: Apache-2.0

/// How a consumer behaves beyond librdkafka's own properties.
package struct ConsumerSettings: Hashable, Sendable {
    /// The consumer group.
    package var groupID: String
    /// Makes the consumer a static member of that name; `nil` for a dynamic one.
    package var groupInstanceID: String?
    /// After how long without a heartbeat the group gives the partitions to others; `nil` takes the property's value.
    package var sessionTimeout: Duration?
    /// The most records in one event; default 500.
    package var batchRecords = 500
    /// Records that may wait for the reader before partitions are paused; default 2,000.
    package var bufferRecords = 2_000
    /// Bytes that may wait for the reader before partitions are paused; default 8 MiB.
    package var bufferBytes = 8 << 20
    /// How long a revocation waits for its hold; default 30 s; keep it below `max.poll.interval.ms`.
    package var revocationTimeout = Duration.seconds(30)
    /// How long `close` waits for the group to let us go; default 10 s.
    package var closeTimeout = Duration.seconds(10)

    /// Creates settings with the defaults.
    package init(groupID: String) { self.groupID = groupID }

    /// Properties that follow from the settings where the user says nothing else.
    ///
    /// librdkafka refuses a session that is longer than the time between two polls, five minutes unless told otherwise.
    var defaults: [KafkaProperties.Property] {
        let name = KafkaProperties.Property("client.id", Self.clientID)
        let least = Int32(300_000)
        guard let session = self.sessionTimeout?.callMilliseconds, session > least else { return [name] }
        return [name, .init("max.poll.interval.ms", String(session))]
    }

    /// What members of a group call themselves where the user says nothing else.
    package static let clientID = "slipway"

    /// The properties that the guarantees rest on, and those that say the same as the settings.
    var properties: [KafkaProperties.Property] {
        var properties: [KafkaProperties.Property] = [
            .init("group.id", self.groupID),
            .init("enable.auto.commit", "false"),
            .init("enable.auto.offset.store", "false"),
            .init("auto.offset.reset", "earliest"),
            // Tells when the fetcher of an empty partition runs.
            .init("enable.partition.eof", "true"),
            .init("isolation.level", "read_committed"),
            .init("partition.assignment.strategy", "cooperative-sticky"),
            // Behind a batch whose checksum is wrong librdkafka (2.0.2, 2.16.0) reads offsets where there are none, and begins
            // the partition anew, again and again.
            .init("check.crcs", "false"),
        ]
        if let instance = self.groupInstanceID { properties.append(.init("group.instance.id", instance)) }
        if let timeout = self.sessionTimeout {
            properties.append(.init("session.timeout.ms", String(timeout.callMilliseconds)))
        }
        return properties
    }
}
