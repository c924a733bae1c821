// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// A model of the registry; in listings without its versions.
package struct RegisteredModel: ListItem, Equatable {
    package static var listKey: String { "models" }

    /// Id in four groups of four.
    package let id: String
    /// Name; registering it again adds a version.
    package let name: String
    /// Creation.
    package let createdAt: Timestamp?
    /// Versions of this page; empty in listings.
    package let versions: [RegisteredModelVersion]

    package init(_ fields: Fields) throws(FieldFailure) {
        self.id = try fields.requiredText("model_id")
        self.name = try fields.text("name")
        self.createdAt = try fields.time("created_at")
        self.versions = try fields.list("model_versions")
    }

    /// The version that registering this run has made: the greatest number among those of the run.
    ///
    /// Versions that record no run count as well, since the answer to a registration may come before its metadata.
    package func version(ofRun run: String) -> RegisteredModelVersion? {
        let newest = self.versions.filter { $0.runID == run }.max { $0.number < $1.number }
        return newest ?? self.versions.filter(\.runID.isEmpty).max { $0.number < $1.number }
    }
}

/// What registering a run takes.
package struct RegistrationRequest: Sendable, Equatable {
    /// Who may see the model.
    package enum Visibility: String, Sendable {
        case `private` = "PRIVATE"
        case `public` = "PUBLIC"
    }

    /// Project of the run.
    package var projectID: String
    /// Experiment of the run.
    package var experimentID: String
    /// The run.
    package var runID: String
    /// Folder inside the run's artifacts, such as `artifacts`.
    package var artifactPath: String
    /// Name of the registered model; an existing one gets a further version.
    package var modelName: String
    /// Tags of the version.
    package var tags: [APITag]
    /// Description of the model.
    package var description: String
    /// Notes of the version.
    package var notes: String
    /// Who may see the model.
    package var visibility: Visibility

    /// Creates a request.
    package init(
        projectID: String,
        experimentID: String,
        runID: String,
        artifactPath: String,
        modelName: String,
        tags: [APITag] = [],
        description: String = "",
        notes: String = "",
        visibility: Visibility = .private
    ) {
        self.projectID = projectID
        self.experimentID = experimentID
        self.runID = runID
        self.artifactPath = artifactPath
        self.modelName = modelName
        self.tags = tags
        self.description = description
        self.notes = notes
        self.visibility = visibility
    }
}

extension RegistrationRequest: RequestBody {
    func write(to writer: inout JSONWriter) {
        writer.field("description", self.description)
        writer.field("experiment_id", self.experimentID)
        writer.field("model_name", self.modelName)
        writer.field("model_path", self.artifactPath)
        writer.field("notes", self.notes)
        writer.field("project_id", self.projectID)
        writer.field("run_id", self.runID)
        writer.array("tags") { writer in
            for tag in self.tags {
                writer.object { writer in
                    writer.field("key", tag.key)
                    writer.field("value", tag.value)
                }
            }
        }
        writer.field("visibility", self.visibility.rawValue)
    }
}

extension APIOperation {
    static let listRegisteredModels = APIOperation("ListRegisteredModels", "GET", "/registry/models")
    package static let createRegisteredModel = APIOperation("CreateRegisteredModel", "POST", "/registry/models")
    static let getRegisteredModel = APIOperation("GetRegisteredModel", "GET", "/registry/models/{model_id}")
}

extension Pages where Item == RegisteredModel {
    /// The registry's models; filter keys: `model_name`, `creator_id`.
    package static func registeredModels(_ listing: Listing = Listing()) -> Pages {
        Pages(.listRegisteredModels, [], listing)
    }
}

extension Exchange where Self == Endpoint<RegisteredModel> {
    /// Reads one model with the first page of its versions.
    package static func registeredModel(_ id: String) -> Self { Endpoint(.getRegisteredModel, [id]) }

    /// Registers a run's model: makes a model or a further version of it.
    ///
    /// The answer carries the new version; it may come first or alone, see `RegisteredModel.version(ofRun:)`.
    package static func register(_ request: RegistrationRequest) -> Self {
        Endpoint(RequestDraft(.createRegisteredModel, body: request))
    }
}

extension Exchange where Self == PageSearch<RegisteredModel, [RegisteredModel]> {
    /// Finds the registry's models with exactly that name, oldest first.
    ///
    /// More than one is possible where users keep private models of one name.
    package static func registeredModels(named name: String) -> Self {
        PageSearch(
            .registeredModels(Listing(filter: ["model_name": name])),
            where: { $0.name == name },
            finding: { models in models.sortedByAge { ($0.createdAt, $0.id) } }
        )
    }
}
