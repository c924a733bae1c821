// SPDX-License-Identifier: Apache-2.0

/// A project of the workbench, as far as we need it.
package struct Project: ListItem, Equatable {
    package static var listKey: String { "projects" }

    /// Id in four groups of four, such as `yb6f-4drz-a176-rs8r`.
    package let id: String
    /// Name; not unique in a workbench, only for one owner.
    package let name: String
    /// Owner's user or team name.
    package let ownerName: String
    /// `creating`, `success` or `failure`; empty in older releases.
    package let creationStatus: String

    package init(_ fields: Fields) throws(FieldFailure) {
        self.id = try fields.requiredText("id")
        self.name = try fields.text("name")
        let owner: UserName? = try fields.object("owner")
        self.ownerName = owner?.username ?? ""
        self.creationStatus = try fields.text("creation_status")
    }
}

/// A user or team, by its name.
struct UserName: APIObject {
    let username: String

    init(_ fields: Fields) throws(FieldFailure) {
        self.username = try fields.text("username")
    }
}

extension APIOperation {
    static let listProjects = APIOperation("ListProjects", "GET", "/projects")
    static let getProject = APIOperation("GetProject", "GET", "/projects/{project_id}")
}

extension Pages where Item == Project {
    /// The projects that the key's user can see.
    ///
    /// Filter keys: `name`, `owner.username`, `creator.username` and others.
    package static func projects(_ listing: Listing = Listing()) -> Pages {
        Pages(.listProjects, [], listing)
    }
}

extension Exchange where Self == Endpoint<Project> {
    /// Reads one project.
    package static func project(_ id: String) -> Self { Endpoint(.getProject, [id]) }
}

extension Exchange where Self == PageSearch<Project, [Project]> {
    /// Finds all projects with exactly that name.
    ///
    /// More than one is possible: names are unique for one owner only.
    package static func projects(named name: String) -> Self {
        PageSearch(.projects(Listing(filter: ["name": name])), where: { $0.name == name }, finding: { $0 })
    }
}
