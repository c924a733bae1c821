// SPDX-License-Identifier: Apache-2.0

/// What a hostile drill is to do, and with what.
package struct HostileSettings: Sendable {
    /// Workers, Kafka and times, as of any drill; its faults, rollouts and brokers mean nothing here.
    package var drill: DrillSettings
    /// For how long honest teams are left alone first, so that it is known how long their rollouts usually take.
    package var calm = Duration.seconds(25)
    /// For how long the hostile tenant does what it can.
    package var siege = Duration.seconds(55)
    /// Models that the tenant has deployed within its rights, all at once; each is as slow as any.
    package var flood = HostileSettings.flood
    /// Records a second that the tenant sends beside that.
    package var rate = 30
    /// librdkafka properties with which the tenant connects, one `name=value` a line; `nil` for those of the drill itself, with
    /// which nothing but its good will keeps the tenant to its own topic.
    package var tenantProperties: [String: String]?

    /// Creates settings; the rest has its defaults.
    package init(drill: DrillSettings) {
        self.drill = drill
        self.drill.faults = []
    }

    /// The flood of a drill that says nothing else.
    static let flood = 200
    /// Honest rollouts may take so many times as long as the slowest of the calm phase.
    static let slowdown = 2.0
}
