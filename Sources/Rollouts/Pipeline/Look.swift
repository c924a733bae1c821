// SPDX-License-Identifier: Apache-2.0

package import Values

/// What a look for a build goes by.
package struct BuildLook: Sendable, Equatable {
    /// Project of the model.
    package var projectID: String
    /// The model.
    package var modelID: String
    /// The version that it is built from.
    package var versionID: String
    /// The runtime image; empty where it is not chosen yet.
    package var runtimeIdentifier: String
    /// What its comment begins with.
    package var marker: String
    /// What else it is known by; `nil` where only the marker counts.
    package var secondKeys: SecondKeys?

    /// Creates what a look goes by.
    package init(
        projectID: String,
        modelID: String,
        versionID: String,
        runtimeIdentifier: String,
        marker: String,
        secondKeys: SecondKeys?
    ) {
        self.projectID = projectID
        self.modelID = modelID
        self.versionID = versionID
        self.runtimeIdentifier = runtimeIdentifier
        self.marker = marker
        self.secondKeys = secondKeys
    }
}

/// By what something is known as a rollout's where the workbench, or somebody before it, has not kept its marker (rule 15).
package struct SecondKeys: Sendable, Equatable {
    /// When it was first asked for, by the workbench's own clock: what is older is not the rollout's.
    package var since: Timestamp
    /// The user whose key the worker has; empty where that is not known.
    package var user: String

    /// Creates keys.
    package init(since: Timestamp, user: String = "") {
        self.since = since
        self.user = user
    }
}

extension APICall {
    /// Adds whose key the worker has, which no rollout knows.
    mutating func complete(user: String) {
        guard case .findBuild(var look) = self, look.secondKeys != nil else { return }
        look.secondKeys?.user = user
        self = .findBuild(look)
    }
}

/// What the workbench's own clock shows, as the dates of its answers tell.
///
/// Our own wall clock may be wrong by any time, and be set between an intent and the look that follows it.
struct WorkbenchClock: Sendable {
    private var shown: Timestamp?
    private var at = MonotonicTime.zero

    /// How long an answer's date serves; clocks don't drift apart by a second in that time.
    private static let isGoodFor = Span.seconds(60)

    /// Whether the next answer's date is of use.
    func wants(_ now: MonotonicTime) -> Bool { self.shown == nil || now - self.at > Self.isGoodFor }

    /// An answer says what the clock showed when it was given.
    mutating func shows(_ time: Timestamp, now: MonotonicTime) {
        self.shown = time
        self.at = now
    }

    /// What it shows some time from now, or a moment less; our own wall clock's time where no answer has said anything.
    func time(_ now: Now, in span: Span = .zero) -> Timestamp {
        guard let shown = self.shown else { return now.wall.advanced(by: span.duration) }
        return shown.advanced(by: (now.monotonic - self.at + span).duration)
    }
}
