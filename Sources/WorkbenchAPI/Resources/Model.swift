// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// A model of a project: what is built, deployed and called.
package struct Model: ListItem, Equatable {
    package static var listKey: String { "models" }

    /// UUID, the tail of the CRN.
    package let id: String
    /// Name; unique in its project.
    package let name: String
    /// CRN.
    package let crn: String
    /// Selects the model at the model service, and is enough to call it where authentication is off.
    package let accessKey: Secret
    /// Whether callers need an API key.
    package let isAuthenticationEnabled: Bool
    /// Whether the workbench says so; its JSON may leave out what is `false`, and older releases leave it out altogether.
    package let isAuthenticationTold: Bool
    /// Registered model that its builds come from; a model without one takes no builds from the registry.
    package let registeredModelID: String
    /// Empty for a live model.
    package let deletionStatus: String
    /// Creation.
    package let createdAt: Timestamp?

    package init(_ fields: Fields) throws(FieldFailure) {
        self.id = try fields.requiredText("id")
        self.name = try fields.text("name")
        self.crn = try fields.text("crn")
        self.accessKey = Secret(try fields.text("access_key"))
        self.isAuthenticationEnabled = try fields.flag("auth_enabled")
        self.isAuthenticationTold = fields.isPresent("auth_enabled")
        self.registeredModelID = try fields.text("registered_model_id")
        self.deletionStatus = try fields.text("deletion_status")
        self.createdAt = try fields.time("created_at")
    }

    /// Whether it isn't deleted or being deleted.
    package var isLive: Bool { self.deletionStatus.isEmpty }
}

/// What a new model takes.
package struct ModelRequest: Sendable, Equatable {
    /// Project to make it in.
    package var projectID: String
    /// Name; a duplicate is refused with `APIError.Kind.conflict`.
    package var name: String
    /// Description.
    package var description: String
    /// Registered model that its builds come from; empty for a model built from files.
    package var registeredModelID: String
    /// Whether callers may do without an API key; default no.
    package var isAuthenticationDisabled: Bool

    /// Creates a request.
    package init(
        projectID: String,
        name: String,
        description: String = "",
        registeredModelID: String = "",
        isAuthenticationDisabled: Bool = false
    ) {
        self.projectID = projectID
        self.name = name
        self.description = description
        self.registeredModelID = registeredModelID
        self.isAuthenticationDisabled = isAuthenticationDisabled
    }
}

extension ModelRequest: RequestBody {
    func write(to writer: inout JSONWriter) {
        writer.field("description", self.description)
        writer.field("disable_authentication", self.isAuthenticationDisabled)
        writer.field("name", self.name)
        writer.field("project_id", self.projectID)
        writer.field("registered_model_id", self.registeredModelID)
    }
}

extension APIOperation {
    static let listModels = APIOperation("ListModels", "GET", "/projects/{project_id}/models")
    static let createModel = APIOperation("CreateModel", "POST", "/projects/{project_id}/models")
    static let getModel = APIOperation("GetModel", "GET", "/projects/{project_id}/models/{model_id}")
}

extension Pages where Item == Model {
    /// A project's models; filter keys: `name`, `description`, `creator.username` and others.
    package static func models(project: String, _ listing: Listing = Listing()) -> Pages {
        Pages(.listModels, [project], listing)
    }
}

extension Exchange where Self == Endpoint<Model> {
    /// Reads one model.
    package static func model(project: String, _ id: String) -> Self { Endpoint(.getModel, [project, id]) }

    /// Makes a model.
    package static func createModel(_ request: ModelRequest) -> Self {
        Endpoint(RequestDraft(.createModel, [request.projectID], body: request))
    }
}

extension Exchange where Self == PageSearch<Model, Model?> {
    /// Finds the project's live model with exactly that name; should there be several, the oldest.
    package static func model(project: String, named name: String) -> Self {
        PageSearch(
            .models(project: project, Listing(filter: ["name": name])),
            where: { $0.name == name && $0.isLive },
            finding: { models in models.sortedByAge { ($0.createdAt, $0.id) }.first }
        )
    }
}
