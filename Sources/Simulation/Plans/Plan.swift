// SPDX-License-Identifier: Apache-2.0

/// A world to be run, as data: what it is like, what is sent, what goes wrong.
///
/// A seed makes one, and a plan is run the same for as long as its format is the same, whatever becomes of the generator.
package struct Plan: Sendable, Equatable {
    /// The format that is written and read.
    package static let format = 1

    /// Decides all that is drawn inside the run, each by a key of its own.
    package var seed: UInt64
    /// What the world is like.
    package var settings: PlanSettings
    /// What is sent.
    package var events: [PlanEvent]
    /// What goes wrong.
    package var faults: [PlanFault]

    /// Creates a plan.
    package init(
        seed: UInt64,
        settings: PlanSettings = PlanSettings(),
        events: [PlanEvent] = [],
        faults: [PlanFault] = []
    ) {
        self.seed = seed
        self.settings = settings
        self.events = events
        self.faults = faults
    }

    /// When the last event is sent and the last fault is over, in milliseconds.
    package var lastMoment: Int {
        max(self.events.map(\.at).max() ?? 0, self.faults.map(\.end).max() ?? 0)
    }
}
