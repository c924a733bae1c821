// SPDX-License-Identifier: Apache-2.0

package import Values

/// What the workbench says of a run: all that gates and the order of runs need.
package struct RunFacts: Sendable, Equatable {
    /// State of a run on the workbench.
    package enum Status: String, Sendable, CaseIterable { case running, scheduled, finished, failed, killed, unknown }

    /// Project of the run.
    package var projectID: String
    /// Experiment of the run.
    package var experimentID: String
    /// The run's own id.
    package var runID: String
    /// State of the run.
    package var status: Status
    /// Start time; the epoch where the workbench gives none.
    package var start: Timestamp
    /// Newest value of each metric.
    package var metrics: [String: Double]
    /// Parameters.
    package var params: [String: String]
    /// Tags.
    package var tags: [String: String]

    /// Files and folders at the top of its artifacts; empty where the workbench lists none.
    package var artifactPaths: [String]
    /// Versions that were registered from it; empty proves nothing where the workbench may not list them.
    package var registeredVersions: [RegisteredVersion]

    /// The run's place in the order "newest wins".
    package var order: RunOrder { RunOrder(start: self.start, runID: self.runID) }

    /// Creates facts.
    package init(
        projectID: String,
        experimentID: String,
        runID: String,
        status: Status,
        start: Timestamp,
        metrics: [String: Double] = [:],
        params: [String: String] = [:],
        tags: [String: String] = [:],
        artifactPaths: [String] = [],
        registeredVersions: [RegisteredVersion] = []
    ) {
        self.projectID = projectID
        self.experimentID = experimentID
        self.runID = runID
        self.status = status
        self.start = start
        self.metrics = metrics
        self.params = params
        self.tags = tags
        self.artifactPaths = artifactPaths
        self.registeredVersions = registeredVersions
    }
}

/// A version in the registry, as the workbench names it with the run that it was registered from.
package struct RegisteredVersion: Sendable, Equatable {
    /// The registered model.
    package var registeredModelID: String
    /// The version.
    package var versionID: String
    /// Name of the registered model; empty where the workbench leaves it out.
    package var modelName: String

    /// Creates one.
    package init(registeredModelID: String, versionID: String, modelName: String) {
        self.registeredModelID = registeredModelID
        self.versionID = versionID
        self.modelName = modelName
    }
}

/// Newer means: later start, then greater run id (by UTF-8 bytes).
package struct RunOrder: Codable, Sendable, Hashable, Comparable {
    /// Start of the run; a whole millisecond.
    package var start: Timestamp
    /// The run's id.
    package var runID: String

    private enum CodingKeys: String, CodingKey {
        case start = "startMilliseconds"
        case runID
    }

    /// Creates an order key.
    package init(start: Timestamp, runID: String) {
        self.start = start
        self.runID = runID
    }

    package static func < (left: RunOrder, right: RunOrder) -> Bool {
        guard left.start == right.start else { return left.start < right.start }
        return left.runID.utf8.lexicographicallyPrecedes(right.runID.utf8)
    }
}
