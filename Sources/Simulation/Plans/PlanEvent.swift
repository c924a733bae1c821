// SPDX-License-Identifier: Apache-2.0

/// One record that is sent to an event topic.
package struct PlanEvent: Sendable, Equatable {
    /// What it says.
    package enum Kind: String, Sendable, CaseIterable {
        /// A run has finished.
        case run
        /// The very event of another one again, wherever it is sent.
        case again
        /// A run is under way: no rollout comes of it, and none may be kept from coming.
        case running
        /// Nothing that can be understood.
        case unreadable
        /// A run whose records may be larger than their topic takes, though the topic's settings say otherwise.
        case large
        /// A run that no route takes.
        case unrouted
        /// An operator wants a run again.
        case replay
        /// An operator wants an older run again, over a newer one.
        case rollback
        /// An operator wants a run again, by a command whose id another command has: it must not be done.
        case namesake
    }

    /// Names it, and its draws.
    package var id: Int
    /// What it says.
    package var kind: Kind
    /// When it is sent, in milliseconds from the beginning.
    package var at: Int
    /// The event topic, by its index.
    package var topic: Int
    /// The partition that it is sent to, modulo those that there are.
    package var partition: Int
    /// The model.
    package var model: Int
    /// The run of the model's experiment; a later one is newer.
    package var run: Int
    /// The event that it repeats, or whose command has the same id; 0 for none.
    package var of: Int

    /// Creates an event.
    package init(
        id: Int,
        kind: Kind = .run,
        at: Int,
        topic: Int = 0,
        partition: Int = 0,
        model: Int = 0,
        run: Int = 0,
        of: Int = 0
    ) {
        self.id = id
        self.kind = kind
        self.at = at
        self.topic = topic
        self.partition = partition
        self.model = model
        self.run = run
        self.of = of
    }

    /// The id of the replay that it is; `nil` for none.
    var replayID: String? {
        switch self.kind {
        case .replay, .rollback, .namesake: "replay-\(self.id)"
        case .run, .again, .running, .unreadable, .large, .unrouted: nil
        }
    }

    /// The id of the command by which it is asked for.
    var commandID: String { "command-\(self.kind == .namesake ? self.of : self.id)" }

    static let numbers: [(name: String, path: any WritableKeyPath<PlanEvent, Int> & Sendable)] = [
        ("id", \.id), ("at", \.at), ("topic", \.topic), ("partition", \.partition), ("model", \.model), ("run", \.run),
        ("of", \.of),
    ]
}
