// SPDX-License-Identifier: Apache-2.0

package import Values

/// A run of an experiment.
package struct ExperimentRun: ListItem, Equatable {
    package static var listKey: String { "experiment_runs" }

    /// State of a run.
    package enum Status: String, Sendable, CaseIterable {
        case running, scheduled, finished, failed, killed
        /// A word that isn't known.
        case unknown

        /// Reads `EXPERIMENT_RUN_FINISHED` and the like; no word at all stands for the first of the enumeration, running.
        init(word: String) {
            let word = word.lowercased()
            let prefix = "experiment_run_"
            let short = word.hasPrefix(prefix) ? String(word.dropFirst(prefix.count)) : word
            self = short.isEmpty ? .running : Status(rawValue: short) ?? .unknown
        }
    }

    /// Id in four groups of four.
    package let id: String
    /// Experiment that it belongs to.
    package let experimentID: String
    /// Name.
    package let name: String
    /// State.
    package let status: Status
    /// Start.
    package let startedAt: Timestamp?
    /// End; `nil` while it runs.
    package let endedAt: Timestamp?
    /// Where its artifacts lie.
    package let artifactURI: String
    /// Newest value of each metric.
    package let metrics: [String: Double]
    /// Parameters; upstream's training jobs keep their scores here.
    package let params: [String: String]
    /// Tags.
    package let tags: [String: String]
    /// Paths of the files and folders at the top of the artifacts; empty where the server lists none.
    package let artifactPaths: [String]
    /// Versions that were registered from it, in the server's order.
    ///
    /// Empty where there are none, where the server says nothing of them, and where it says it in another way.
    package let registeredVersions: [VersionReference]

    /// A registered version as its run names it.
    package struct VersionReference: Sendable, Equatable {
        /// Registered model.
        package let modelID: String
        /// The version.
        package let versionID: String
        /// Name of the registered model; empty where the server leaves it out.
        package let modelName: String
    }

    package init(_ fields: Fields) throws(FieldFailure) {
        self.id = try fields.requiredText("id")
        self.experimentID = try fields.text("experiment_id")
        self.name = try fields.text("name")
        self.status = Status(word: try fields.text("status"))
        self.startedAt = try fields.time("start_time")
        self.endedAt = try fields.time("end_time")
        self.artifactURI = try fields.text("artifact_uri")
        let data: RunData? = try fields.object("data")
        self.metrics = data?.metrics ?? [:]
        self.params = data?.params ?? [:]
        self.tags = data?.tags ?? [:]
        self.artifactPaths = data?.artifactPaths ?? []
        self.registeredVersions = data?.registeredVersions ?? []
    }

    /// Whether it is newer than another: later start, then greater id by its bytes.
    package func isNewer(than other: ExperimentRun) -> Bool {
        let (start, otherStart) = (self.startedAt ?? .distantPast, other.startedAt ?? .distantPast)
        guard start == otherStart else { return start > otherStart }
        return other.id.utf8.lexicographicallyPrecedes(self.id.utf8)
    }
}

private struct RunData: APIObject {
    let metrics: [String: Double]
    let params: [String: String]
    let tags: [String: String]
    let artifactPaths: [String]
    let registeredVersions: [ExperimentRun.VersionReference]

    init(_ fields: Fields) throws(FieldFailure) {
        let metrics: [Metric] = try fields.list("metrics")
        self.metrics = Dictionary(metrics.map { ($0.key, $0.value) }) { _, last in last }
        self.params = try fields.pairs("params")
        self.tags = try fields.pairs("tags")
        let files: [File] = try fields.list("files")
        self.artifactPaths = files.map(\.path)
        // What can't be read is as if it were not there: a run is no worse for it, since versions can be looked for.
        self.registeredVersions = fields.readableElements(of: "registered_model_metadata")
    }

    private struct Metric: APIObject {
        let key: String
        let value: Double

        init(_ fields: Fields) throws(FieldFailure) {
            self.key = try fields.text("key")
            self.value = try fields.number("value")
        }
    }

    private struct File: APIObject {
        let path: String

        init(_ fields: Fields) throws(FieldFailure) {
            self.path = try fields.text("path")
        }
    }
}

extension ExperimentRun.VersionReference: APIObject {
    package init(_ fields: Fields) throws(FieldFailure) {
        self.modelID = try fields.requiredText("model_id")
        self.versionID = try fields.requiredText("model_version_id")
        self.modelName = try fields.text("model_name")
    }
}

extension APIOperation {
    static let listExperimentRuns = APIOperation(
        "ListExperimentRuns",
        "GET",
        "/projects/{project_id}/experiments/{experiment_id}/runs"
    )
    static let getExperimentRun = APIOperation(
        "GetExperimentRun",
        "GET",
        "/projects/{project_id}/experiments/{experiment_id}/runs/{run_id}"
    )
}

extension Pages where Item == ExperimentRun {
    /// An experiment's runs; sort keys: `start_time`, `created_at` and others.
    package static func runs(
        project: String,
        experiment: String,
        _ listing: Listing = Listing(sort: "-start_time")
    ) -> Pages {
        Pages(.listExperimentRuns, [project, experiment], listing)
    }
}

extension Exchange where Self == Endpoint<ExperimentRun> {
    /// Reads one run.
    package static func run(project: String, experiment: String, _ id: String) -> Self {
        Endpoint(.getExperimentRun, [project, experiment, id])
    }
}
