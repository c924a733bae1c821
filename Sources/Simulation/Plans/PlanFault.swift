// SPDX-License-Identifier: Apache-2.0

/// One thing that goes wrong.
package struct PlanFault: Sendable, Equatable {
    /// Names it, and its draws.
    package var id: Int
    /// What goes wrong.
    package var kind: FaultKind
    /// When it begins, in milliseconds from the beginning.
    package var at: Int
    /// How long it lasts, in milliseconds.
    package var lasts = 0
    /// The worker that it is about.
    package var worker = 0
    /// How often it happens; 0 for as often as it can.
    package var count = 0
    /// Happens each n-th time.
    package var every = 1
    /// How long what it delays takes, in milliseconds.
    package var delay = 0
    /// A partition, a model or a variant, as the kind has it.
    package var target = 0
    /// An HTTP status.
    package var status = 0

    /// Creates a fault; the rest as the kind has it.
    package init(id: Int, kind: FaultKind, at: Int) {
        self.id = id
        self.kind = kind
        self.at = at
    }

    /// When it is over.
    package var end: Int { self.at + self.lasts }

    static let numbers: [(name: String, path: any WritableKeyPath<PlanFault, Int> & Sendable)] = [
        ("id", \.id), ("at", \.at), ("lasts", \.lasts), ("worker", \.worker), ("count", \.count), ("every", \.every),
        ("delay", \.delay), ("target", \.target), ("status", \.status),
    ]
}
