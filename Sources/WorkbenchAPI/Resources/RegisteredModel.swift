// SPDX-License-Identifier: Apache-2.0

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

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
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
package struct RegistrationRequest: Encodable, Sendable, Equatable {
    /// Who may see the model.
    package enum Visibility: String, Encodable, Sendable {
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

    private enum CodingKeys: String, CodingKey {
        case projectID = "project_id"
        case experimentID = "experiment_id"
        case runID = "run_id"
        case artifactPath = "model_path"
        case modelName = "model_name"
        case tags, description, notes, visibility
    }
}

extension APIOperation {
    static let listRegisteredModels = APIOperation("ListRegisteredModels", "GET", "/registry/models")
    package static let createRegisteredModel = APIOperation("CreateRegisteredModel", "POST", "/registry/models")
    static let getRegisteredModel = APIOperation("GetRegisteredModel", "GET", "/registry/models/{model_id}")
}

extension WorkbenchClient {
    /// Lists the registry's models; filter keys: `model_name`, `creator_id`.
    package func registeredModels(_ listing: Listing = Listing()) -> PageSequence<Page<RegisteredModel>> {
        self.pages(.listRegisteredModels, [], listing)
    }

    /// Returns one model with the first page of its versions.
    package func registeredModel(_ id: String) async throws(APIError) -> RegisteredModel {
        try await self.call(Call(operation: .getRegisteredModel, arguments: [id]))
    }

    /// Registers a run's model: makes a model or a further version of it.
    ///
    /// The answer carries the new version; it may come first or alone, see `RegisteredModel.version(ofRun:)`.
    package func register(_ request: RegistrationRequest) async throws(APIError) -> RegisteredModel {
        let operation = APIOperation.createRegisteredModel
        return try await self.call(Call(operation: operation, body: try Self.encode(request, for: operation)))
    }

    /// Returns the registry's models with exactly that name, oldest first.
    ///
    /// More than one is possible where users keep private models of one name.
    package func findRegisteredModels(named name: String) async throws(APIError) -> [RegisteredModel] {
        try await self.registeredModels(Listing(filter: ["model_name": name])).allItems()
            .filter { $0.name == name }
            .sortedByAge { ($0.createdAt, $0.id) }
    }

    /// Returns the versions of models of exactly that name which come from the run, oldest first.
    ///
    /// A version that records no run counts if it carries `tag`.
    package func findVersions(
        modelNamed name: String,
        run: String,
        tag: APITag? = nil
    ) async throws(APIError) -> [RegisteredModelVersion] {
        var found: [RegisteredModelVersion] = []
        for model in try await self.findRegisteredModels(named: name) {
            found += try await self.registeredVersions(model: model.id).allItems().filter { version in
                version.runID.isEmpty
                    ? tag.map { version.tags[$0.key] == $0.value } ?? false
                    : version.runID == run
            }
        }
        return found.sortedByAge { ($0.createdAt, $0.id) }
    }
}
