// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// A build of a model.
package struct ModelBuild: ListItem, Equatable {
    package static var listKey: String { "model_builds" }

    /// UUID, the tail of the CRN.
    package let id: String
    /// Model that it belongs to.
    package let modelID: String
    /// Comment given at its creation.
    package let comment: String
    /// How far it has come.
    package let status: BuildStatus
    /// Registered version that it was made from; empty for a build from files.
    package let registeredVersionID: String
    /// Runtime image.
    package let runtimeIdentifier: String
    /// Empty for a live build.
    package let deletionStatus: String
    /// User who made it; empty where the workbench doesn't say.
    package let creator: String
    /// Creation.
    package let createdAt: Timestamp?

    package init(_ fields: Fields) throws(FieldFailure) {
        self.id = try fields.requiredText("id")
        self.modelID = try fields.text("model_id")
        self.comment = try fields.text("comment")
        self.status = BuildStatus(try fields.text("status"))
        self.registeredVersionID = try fields.text("registered_model_version_id")
        self.runtimeIdentifier = try fields.text("runtime_identifier")
        self.deletionStatus = try fields.text("deletion_status")
        let creator: UserName? = try fields.object("creator")
        self.creator = creator?.username ?? ""
        self.createdAt = try fields.time("created_at")
    }

    /// Whether it isn't deleted or being deleted.
    package var isLive: Bool { self.deletionStatus.isEmpty }

    /// Whether its comment begins with these words.
    ///
    /// What somebody else's comment quotes further on says nothing.
    package func isMarked(by marker: String) -> Bool {
        guard self.comment.hasPrefix(marker) else { return false }
        return self.comment.utf8.count == marker.utf8.count || self.comment.dropFirst(marker.count).first == " "
    }
}

/// What a new build takes; sizes and replicas belong to the deployment.
package struct BuildRequest: Sendable, Equatable {
    /// Project of the model.
    package var projectID: String
    /// Model to build.
    package var modelID: String
    /// Registered version to build.
    package var registeredVersionID: String
    /// Runtime image.
    package var runtimeIdentifier: String
    /// Free text; carries the marker by which the build is found again.
    package var comment: String

    /// Creates a request.
    package init(
        projectID: String,
        modelID: String,
        registeredVersionID: String,
        runtimeIdentifier: String,
        comment: String
    ) {
        self.projectID = projectID
        self.modelID = modelID
        self.registeredVersionID = registeredVersionID
        self.runtimeIdentifier = runtimeIdentifier
        self.comment = comment
    }
}

extension BuildRequest: RequestBody {
    func write(to writer: inout JSONWriter) {
        writer.field("comment", self.comment)
        writer.field("model_id", self.modelID)
        writer.field("project_id", self.projectID)
        writer.field("registered_model_version_id", self.registeredVersionID)
        writer.field("runtime_identifier", self.runtimeIdentifier)
    }
}

extension APIOperation {
    static let listModelBuilds = APIOperation(
        "ListModelBuilds",
        "GET",
        "/projects/{project_id}/models/{model_id}/builds"
    )
    static let createModelBuild = APIOperation(
        "CreateModelBuild",
        "POST",
        "/projects/{project_id}/models/{model_id}/builds"
    )
    static let getModelBuild = APIOperation(
        "GetModelBuild",
        "GET",
        "/projects/{project_id}/models/{model_id}/builds/{build_id}"
    )
    static let deleteModelBuild = APIOperation(
        "DeleteModelBuild",
        "DELETE",
        "/projects/{project_id}/models/{model_id}/builds/{build_id}"
    )
}

extension Pages where Item == ModelBuild {
    /// A model's builds; filter keys: `comment`, `status`, `crn`, `creator.username` and others.
    package static func builds(
        project: String,
        model: String,
        _ listing: Listing = Listing(sort: "-created_at")
    ) -> Pages {
        Pages(.listModelBuilds, [project, model], listing)
    }
}

extension Exchange where Self == Endpoint<ModelBuild> {
    /// Reads one build.
    package static func build(project: String, model: String, _ id: String) -> Self {
        Endpoint(.getModelBuild, [project, model, id])
    }

    /// Starts a build.
    package static func createBuild(_ request: BuildRequest) -> Self {
        Endpoint(RequestDraft(.createModelBuild, [request.projectID, request.modelID], body: request))
    }
}

extension Exchange where Self == Endpoint<EmptyReply> {
    /// Deletes one build.
    package static func deleteBuild(project: String, model: String, _ id: String) -> Self {
        Endpoint(.deleteModelBuild, [project, model, id])
    }
}

extension Exchange where Self == PageSearch<ModelBuild, [ModelBuild]> {
    /// Finds live builds of the model, oldest first.
    ///
    /// - Parameters:
    ///   - project: Project of the model.
    ///   - model: The model.
    ///   - text: Has the server leave out builds without that text in their comments; `nil` for none.
    ///   - isWanted: Whether a build is meant.
    /// - Returns: The search.
    package static func builds(
        project: String,
        model: String,
        commentContaining text: String? = nil,
        where isWanted: @escaping @Sendable (ModelBuild) -> Bool
    ) -> Self {
        let listing = Listing(filter: text.map { ["comment": $0] } ?? [:], sort: "-created_at")
        return PageSearch(
            .builds(project: project, model: model, listing),
            where: { $0.isLive && isWanted($0) },
            finding: { builds in builds.sortedByAge { ($0.createdAt, $0.id) } }
        )
    }
}
