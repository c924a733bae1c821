// SPDX-License-Identifier: Apache-2.0

import Values

/// Somebody who owns or makes things.
struct ShortUser: Sendable {
    let username: String
    let name: String
    let email: String

    /// The one user of a sandbox, who owns all that is in it.
    static let owner = ShortUser(username: "analyst", name: "Sandbox Analyst", email: "analyst@example.com")

    func write(_ field: StaticString, to writer: inout ProtoWriter) {
        writer.object(field) { writer in
            writer.string("username", self.username)
            writer.string("name", self.name)
            writer.string("email", self.email)
        }
    }

    /// The value of `creator.name` and its like; `nil` for other keys.
    func listValue(_ key: String) -> ListValue? {
        switch key {
        case "creator.username", "owner.username", "creator_id": .text(self.username)
        case "creator.name", "owner.name": .text(self.name)
        case "creator.email", "owner.email": .text(self.email)
        default: nil
        }
    }
}

/// A project and what hangs directly under it.
struct ProjectRecord: Sendable, Identifiable {
    let id: String
    var name: String
    var slug: String
    var description: String
    var visibility: String
    var engineType: String
    var environment: [KeyValue]
    /// In megabytes.
    var sharedMemoryLimit: Int32
    let createdAt: Timestamp
    var updatedAt: Timestamp
    /// Positions, in order of creation.
    var experiments: [Int] = []
    var models: [Int] = []
    /// Positions of the models that exist, by name.
    var modelsByName: [String: Int] = [:]

    static let visibilities = ["private", "public", "organization"]

    func write(to writer: inout ProtoWriter) {
        writer.object { writer in
            writer.string("id", self.id)
            writer.string("name", self.name)
            ShortUser.owner.write("owner", to: &writer)
            ShortUser.owner.write("creator", to: &writer)
            writer.string("description", self.description)
            writer.string("visibility", self.visibility)
            writer.string("default_engine_type", self.engineType)
            writer.time("created_at", self.createdAt)
            writer.time("updated_at", self.updatedAt)
            writer.string("creation_status", "success")
            writer.object("permissions") { writer in
                writer.bool("read", true)
                writer.bool("write", true)
                writer.bool("admin", true)
                writer.bool("business_user", false)
                writer.bool("operator", false)
                writer.bool("inherit", false)
            }
            writer.int32("shared_memory_limit", self.sharedMemoryLimit)
            writer.mapText("environment", self.environment)
            writer.int32("ephemeral_storage_request", 0)
            writer.int32("ephemeral_storage_limit", 30)
            writer.string("slug", self.slug)
        }
    }

    /// The short form inside a model.
    func writeShort(to writer: inout ProtoWriter) {
        writer.object("project") { writer in
            writer.string("public_identifier", self.id)
            writer.string("name", self.name)
            writer.string("default_project_engine", self.engineType)
            writer.string("slug", self.slug)
        }
    }
}

extension ProjectRecord: Listable {
    func listValue(_ key: String, at now: Timestamp) -> ListValue {
        switch key {
        case "name": .text(self.name)
        case "description": .text(self.description)
        case "created_at": .time(self.createdAt)
        case "updated_at": .time(self.updatedAt)
        default: ShortUser.owner.listValue(key) ?? .unset
        }
    }
}
