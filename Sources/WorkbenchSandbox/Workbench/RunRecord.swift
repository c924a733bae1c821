// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// State of an experiment run, in the API's words and order.
enum RunStatus: String, Sendable, CaseIterable {
    case running = "EXPERIMENT_RUN_RUNNING"
    case scheduled = "EXPERIMENT_RUN_SCHEDULED"
    case finished = "EXPERIMENT_RUN_FINISHED"
    case failed = "EXPERIMENT_RUN_FAILED"
    case killed = "EXPERIMENT_RUN_KILLED"
}

/// One logged value of a metric.
struct Metric: Sendable, Equatable {
    let key: String
    let value: Double
    let timestamp: Timestamp
    let step: Int64

    init(_ fields: Fields, now: Timestamp) {
        self.key = fields.string("key")
        self.value = fields.double("value") ?? 0
        self.timestamp = fields.time("timestamp") ?? now
        self.step = fields.int64("step")
    }

    func write(to writer: inout ProtoWriter) {
        writer.object { writer in
            writer.string("key", self.key)
            writer.double("value", self.value)
            writer.time("timestamp", self.timestamp)
            writer.int64("step", self.step)
        }
    }
}

extension ProtoWriter {
    mutating func metrics(_ name: StaticString, _ metrics: [Metric]) {
        self.array(name) { writer in
            for metric in metrics { metric.write(to: &writer) }
        }
    }
}

/// A file or folder among a run's artifacts.
struct ArtifactFile: Sendable, Equatable {
    let path: String
    let isDirectory: Bool
    let sizeBytes: Int64
}

/// A data set that a run has read.
struct DatasetInput: Sendable, Equatable {
    let tags: [KeyValue]
    let name: String
    let digest: String
    let sourceType: String
    let source: String
    let schema: String
    let profile: String

    init(_ fields: Fields) {
        let dataset = fields.message("dataset") ?? .empty
        self.tags = fields.tags("tags")
        self.name = dataset.string("name")
        self.digest = dataset.string("digest")
        self.sourceType = dataset.string("source_type")
        self.source = dataset.string("source")
        self.schema = dataset.string("schema")
        self.profile = dataset.string("profile")
    }

    func write(to writer: inout ProtoWriter) {
        writer.object { writer in
            writer.tags("tags", self.tags)
            writer.object("dataset") { writer in
                writer.string("name", self.name)
                writer.string("digest", self.digest)
                writer.string("source_type", self.sourceType)
                writer.string("source", self.source)
                writer.string("schema", self.schema)
                writer.string("profile", self.profile)
            }
        }
    }
}

/// One experiment run with what was logged to it.
struct RunRecord: Sendable, Identifiable {
    let id: String
    let experimentID: String
    let projectID: String
    var name: String
    var status = RunStatus.running
    let createdAt: Timestamp
    var startTime: Timestamp
    var endTime: Timestamp?
    var artifactURI: String
    /// All values ever logged, in order.
    private(set) var metricHistory: [Metric] = []
    /// The newest value of each metric by time, the largest of those.
    private(set) var metrics: [Metric] = []
    var params: [KeyValue] = []
    var tags: [KeyValue] = []
    var files: [ArtifactFile] = []
    var datasetInputs: [DatasetInput] = []
    /// Positions of the versions that were registered from it.
    var versions: [Int] = []

    mutating func log(_ metric: Metric) {
        self.metricHistory.append(metric)
        guard let index = self.metrics.firstIndex(where: { $0.key == metric.key }) else {
            self.metrics.append(metric)
            return
        }
        let known = self.metrics[index]
        if (metric.timestamp, metric.value) >= (known.timestamp, known.value) { self.metrics[index] = metric }
    }

    mutating func removeMetrics(_ keys: [String]) {
        self.metricHistory.removeAll { keys.contains($0.key) }
        self.metrics.removeAll { keys.contains($0.key) }
    }

    /// Takes tags over; MLflow's list of logged models also makes artifact folders.
    mutating func merge(tags: [KeyValue]) {
        self.tags.merge(tags)
        guard let text = tags.value(of: "mlflow.log-model.history") else { return }
        self.addLoggedModels(text)
    }

    /// Makes the artifact folders that MLflow's description of one or several logged models names.
    ///
    /// What can't be read is kept as a tag only, as on a real workbench, where it is just text.
    mutating func addLoggedModels(_ text: String) {
        let value: JSONValue
        do {
            value = try JSONValue(lenientlyParsing: Array(text.utf8))
        } catch {
            return
        }
        for model in value.elements ?? [value] {
            guard let path = model["artifact_path"]?.text, !path.isEmpty,
                !self.files.contains(where: { $0.path == path })
            else { continue }
            self.files.append(ArtifactFile(path: path, isDirectory: true, sizeBytes: 0))
            self.files.append(ArtifactFile(path: path + "/MLmodel", isDirectory: false, sizeBytes: 512))
        }
    }

    /// Whether the run has an artifact at or below that path.
    func hasArtifact(at path: String) -> Bool {
        self.files.contains { $0.path == path || $0.path.hasPrefix(path + "/") }
    }
}

extension RunRecord: Listable {
    func listValue(_ key: String, at now: Timestamp) -> ListValue {
        switch key {
        case "name": return .text(self.name)
        case "status": return .text(self.status.rawValue)
        case "start_time": return .time(self.startTime)
        case "created_at": return .time(self.createdAt)
        default: break
        }
        if let user = ShortUser.owner.listValue(key) { return user }
        guard let dot = key.firstIndex(of: ".") else { return .unset }
        let name = String(key[key.index(after: dot)...])
        switch key[..<dot] {
        case "metrics": return self.metrics.first { $0.key == name }.map { .number($0.value) } ?? .unset
        case "params": return self.params.value(of: name).map(ListValue.text) ?? .unset
        case "tags": return self.tags.value(of: name).map(ListValue.text) ?? .unset
        default: return .unset
        }
    }
}
