// SPDX-License-Identifier: Apache-2.0

import Values

/// Where a rollout is made to fail, as a run's tag `sandbox.fail` (and its like) says.
enum FailureMarker: String, Sendable, CaseIterable {
    /// The version ends `UPLOAD_FAILED`.
    case version
    /// The build ends `build failed`.
    case build
    /// The build ends `timedout`.
    case buildTimeout = "build-timeout"
    /// The deployment ends `failed`.
    case deployment
    /// The deployment comes up, but the model answers every request with an error.
    case prediction

    /// The run tag whose value is one of these words.
    static let tag = "sandbox.fail"
    /// The variable of a deployment's environment with the same meaning.
    static let variable = "SANDBOX_FAIL"

    /// The marker in a build's comment, written `sandbox.fail=WORD`.
    init?(comment: String) {
        guard let mark = comment.firstRange(of: FailureMarker.tag + "=") else { return nil }
        self.init(rawValue: String(comment[mark.upperBound...].prefix { $0.isLetter || $0 == "-" }))
    }
}

/// A model of the registry.
struct RegisteredModelRecord: Sendable, Identifiable {
    let id: String
    let name: String
    var description: String
    var visibility: String
    let createdAt: Timestamp
    var updatedAt: Timestamp
    /// Positions, in order of creation.
    var versions: [Int] = []
    /// Versions that exist.
    var versionCount: Int32 = 0
    /// The greatest number ever given.
    var lastNumber: Int32 = 0

    /// The fields that listing and single reading have in common; the object stays open for more.
    func writeFields(to writer: inout ProtoWriter) {
        writer.string("model_id", self.id)
        writer.string("name", self.name)
        writer.string("description", self.description)
        ShortUser.owner.write("owner", to: &writer)
        writer.string("permission", "OWNER")
        writer.string("visibility", self.visibility)
        writer.time("created_at", self.createdAt)
        writer.time("updated_at", self.updatedAt)
        writer.int32("count", self.versionCount)
    }
}

extension RegisteredModelRecord: Listable {
    func listValue(_ key: String, at now: Timestamp) -> ListValue {
        switch key {
        case "model_name", "name": .text(self.name)
        case "description": .text(self.description)
        case "created_at": .time(self.createdAt)
        case "updated_at": .time(self.updatedAt)
        default: ShortUser.owner.listValue(key) ?? .unset
        }
    }
}

/// A version of a model of the registry.
struct VersionRecord: Sendable, Identifiable {
    let id: String
    let modelID: String
    let number: Int32
    var notes: String
    var tags: [KeyValue]
    let createdAt: Timestamp
    /// When the upload ends, well or not.
    let uploadedAt: Timestamp
    /// Why the upload ends badly; `nil` if it ends well.
    let uploadError: String?
    let modelPath: String
    let projectID: String
    let experimentID: String
    let runID: String
    let runMetrics: [Metric]
    let runParams: [KeyValue]
    let runTags: [KeyValue]
    let marker: FailureMarker?
    var changedAt: Timestamp?

    func status(at now: Timestamp) -> String {
        if now < self.uploadedAt { return "REGISTERING" }
        return self.uploadError == nil ? "READY" : "UPLOAD_FAILED"
    }

    func write(to writer: inout ProtoWriter, at now: Timestamp) {
        writer.object { writer in
            writer.string("model_id", self.modelID)
            writer.string("model_version_id", self.id)
            writer.string("version_name", "Version \(self.number)")
            writer.int32("number", self.number)
            writer.string("notes", self.notes)
            ShortUser.owner.write("user", to: &writer)
            writer.time("created_at", self.createdAt)
            writer.time("updated_at", max(self.changedAt ?? self.createdAt, min(now, self.uploadedAt)))
            writer.status(self.status(at: now))
            self.writeMetadata(to: &writer)
            writer.tags("tags", self.tags)
            writer.string("error_message", now < self.uploadedAt ? "" : self.uploadError ?? "")
        }
    }

    private func writeMetadata(to writer: inout ProtoWriter) {
        writer.object("model_version_metadata") { writer in
            writer.string("mlops_type", "MLFLOW")
            writer.tags("tags", self.tags)
            writer.string("workspace_url", "")
            writer.string("project_id", self.projectID)
            ShortUser.owner.write("owner", to: &writer)
            writer.object("mlflow_metadata") { writer in
                writer.string("experiment_id", self.experimentID)
                writer.string("run_id", self.runID)
                writer.metrics("metrics", self.runMetrics)
                writer.tags("params", self.runParams)
                writer.tags("tags", self.runTags)
            }
            writer.null("simple_metadata")
        }
    }
}

extension VersionRecord: Listable {
    func listValue(_ key: String, at now: Timestamp) -> ListValue {
        switch key {
        case "version_number", "versions", "number": .number(Double(self.number))
        case "created_at": .time(self.createdAt)
        case "updated_at": .time(self.changedAt ?? self.createdAt)
        case "status": .text(self.status(at: now))
        default: ShortUser.owner.listValue(key) ?? .unset
        }
    }
}
