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

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        self.id = try fields.requiredText("id")
        self.name = try fields.text("name")
        let owner: UserName? = try fields.object("owner")
        self.ownerName = owner?.username ?? ""
        self.creationStatus = try fields.text("creation_status")
    }
}

/// A user or team, by its name.
struct UserName: Decodable {
    let username: String

    init(from decoder: any Decoder) throws {
        self.username = try Fields(decoder).text("username")
    }
}

extension APIOperation {
    static let listProjects = APIOperation("ListProjects", "GET", "/projects")
    static let getProject = APIOperation("GetProject", "GET", "/projects/{project_id}")
}

extension WorkbenchClient {
    /// Lists the projects that the key's user can see.
    ///
    /// Filter keys: `name`, `owner.username`, `creator.username` and others.
    package func projects(_ listing: Listing = Listing()) -> PageSequence<Page<Project>> {
        self.pages(.listProjects, [], listing)
    }

    /// Returns one project.
    package func project(_ id: String) async throws(APIError) -> Project {
        try await self.call(Call(operation: .getProject, arguments: [id]))
    }

    /// Returns all projects with exactly that name.
    ///
    /// More than one is possible: names are unique for one owner only.
    package func findProjects(named name: String) async throws(APIError) -> [Project] {
        try await self.projects(Listing(filter: ["name": name])).allItems().filter { $0.name == name }
    }
}
