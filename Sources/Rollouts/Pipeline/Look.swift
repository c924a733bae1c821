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
    /// The build that is live: the one before in the lane, perhaps of the same run.
    package var liveBuildID: String?

    /// Creates keys.
    package init(since: Timestamp, user: String = "", liveBuildID: String? = nil) {
        self.since = since
        self.user = user
        self.liveBuildID = liveBuildID
    }
}

extension APICall {
    /// Adds whose name the registered model's must be.
    mutating func complete(ownerOfName project: String) {
        guard case .findVersion(let name, let experiment, let run, let marker, let keys, _) = self else { return }
        self = .findVersion(
            modelName: name,
            experimentID: experiment,
            runID: run,
            marker: marker,
            keys,
            ownerOfName: project
        )
    }

    /// Adds what no rollout knows by itself: whose key the worker has, and what is live.
    mutating func complete(user: String, live: LiveDeployment?) {
        guard case .findBuild(let look) = self, look.secondKeys != nil else { return }
        self = .findBuild(look.completed(user: user, live: live))
    }
}

extension SweepCall {
    /// Adds what no rollout knows by itself.
    mutating func complete(user: String, live: LiveDeployment?) {
        guard case .findBuilds(let look) = self else { return }
        self = .findBuilds(look.completed(user: user, live: live))
    }
}

extension BuildLook {
    fileprivate func completed(user: String, live: LiveDeployment?) -> BuildLook {
        var look = self
        look.secondKeys?.user = user
        look.secondKeys?.liveBuildID = live?.place?.buildID
        return look
    }
}

/// What the workbench's own clock shows, as the dates of its answers tell.
///
/// Our own wall clock may be wrong by any time, and be set between an intent and the look that follows it.
struct WorkbenchClock: Sendable {
    private var shown: Timestamp?
    private var at = MonotonicTime.zero

    /// How long an answer's date serves.
    private static let isGoodFor = Span.seconds(1)

    /// Whether the next answer's date is of use.
    func wants(_ now: MonotonicTime) -> Bool { self.shown == nil || now - self.at > Self.isGoodFor }

    /// An answer says what the clock showed when it was given, in whole seconds.
    ///
    /// It may have been given at any moment since it was asked for, and be read much later: what it says is the least that the
    /// clock can show now.
    ///
    /// - Parameters:
    ///   - time: What it says.
    ///   - took: How long ago it was asked for.
    ///   - now: The moment.
    mutating func shows(_ time: Timestamp, took: Span, now: Now) {
        let latest = time.advanced(by: .seconds(1) + took.duration)
        self.shown = self.shown == nil ? time : min(max(self.time(now), time), latest)
        self.at = now.monotonic
    }

    /// What it shows some time from now, or a moment less; our own wall clock's time where no answer has said anything.
    func time(_ now: Now, in span: Span = .zero) -> Timestamp {
        guard let shown = self.shown else { return now.wall.advanced(by: span.duration) }
        return shown.advanced(by: (now.monotonic - self.at + span).duration)
    }
}
