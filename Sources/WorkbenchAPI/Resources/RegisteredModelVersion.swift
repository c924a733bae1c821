// SPDX-License-Identifier: Apache-2.0

package import Values

/// A version of a registered model.
package struct RegisteredModelVersion: ListItem, Equatable {
    package static var listKey: String { "model_versions" }

    /// Id in four groups of four.
    package let id: String
    /// Registered model that it belongs to.
    package let modelID: String
    /// Counted from 1 in each model.
    package let number: Int64
    /// How far its upload has come.
    package let status: VersionStatus
    /// Why the upload failed; empty otherwise.
    package let errorMessage: String
    /// Creation.
    package let createdAt: Timestamp?
    /// Run that it was made from; empty where the registry doesn't say.
    package let runID: String
    /// Experiment of that run.
    package let experimentID: String
    /// Project of that run.
    package let projectID: String
    /// Its own tags and those in its metadata.
    package let tags: [String: String]

    package init(_ fields: Fields) throws(FieldFailure) {
        self.id = try fields.requiredText("model_version_id")
        self.modelID = try fields.text("model_id")
        self.number = try fields.integer("number")
        self.status = VersionStatus(try fields.text("status"))
        self.errorMessage = ServerText.clean(try fields.text("error_message"))
        self.createdAt = try fields.time("created_at")
        let metadata: VersionMetadata? = try fields.object("model_version_metadata")
        self.runID = metadata?.run?.runID ?? ""
        self.experimentID = metadata?.run?.experimentID ?? ""
        self.projectID = metadata?.projectID ?? ""
        let tags = try fields.pairs("tags")
        self.tags = metadata.map { tags.merging($0.tags) { own, _ in own } } ?? tags
    }
}

extension RegisteredModelVersion {
    /// Whether it comes from the run; one that records no run counts if it carries the tag.
    package func isOf(run: String, tag: APITag?) -> Bool {
        guard self.runID.isEmpty else { return self.runID == run }
        return tag.map { self.tags[$0.key] == $0.value } ?? false
    }
}

private struct VersionMetadata: APIObject {
    let projectID: String
    let tags: [String: String]
    let run: RunReference?

    init(_ fields: Fields) throws(FieldFailure) {
        self.projectID = try fields.text("project_id")
        self.tags = try fields.pairs("tags")
        self.run = try fields.object("mlflow_metadata")
    }

    struct RunReference: APIObject {
        let experimentID: String
        let runID: String

        init(_ fields: Fields) throws(FieldFailure) {
            self.experimentID = try fields.text("experiment_id")
            self.runID = try fields.text("run_id")
        }
    }
}

extension APIOperation {
    static let getRegisteredModelVersion = APIOperation(
        "GetRegisteredModelVersion",
        "GET",
        "/registry/models/{model_id}/versions/{version_id}"
    )
    static let deleteRegisteredModelVersion = APIOperation(
        "DeleteRegisteredModelVersion",
        "DELETE",
        "/registry/models/{model_id}/versions/{version_id}"
    )
}

extension Pages where Item == RegisteredModelVersion {
    /// The versions of a registered model; they come as pages of the model itself.
    package static func registeredVersions(model: String, _ listing: Listing = Listing()) -> Pages {
        Pages(.getRegisteredModel, [model], listing)
    }
}

extension Exchange where Self == Endpoint<RegisteredModelVersion> {
    /// Reads one version.
    package static func registeredVersion(model: String, _ id: String) -> Self {
        Endpoint(.getRegisteredModelVersion, [model, id])
    }
}

extension Exchange where Self == Endpoint<EmptyReply> {
    /// Deletes one version.
    package static func deleteRegisteredVersion(model: String, _ id: String) -> Self {
        Endpoint(.deleteRegisteredModelVersion, [model, id])
    }
}
