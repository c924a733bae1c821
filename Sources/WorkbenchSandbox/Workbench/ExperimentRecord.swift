// SPDX-License-Identifier: Apache-2.0

import Values

/// An experiment.
struct ExperimentRecord: Sendable, Identifiable {
    let id: String
    let projectID: String
    var name: String
    var artifactLocation: String
    var tags: [KeyValue]
    let createdAt: Timestamp
    var updatedAt: Timestamp
    /// Positions, in order of creation.
    var runs: [Int] = []

    func write(to writer: inout ProtoWriter) {
        writer.object { writer in
            writer.string("id", self.id)
            writer.string("project_id", self.projectID)
            writer.string("name", self.name)
            writer.string("artifact_location", self.artifactLocation)
            writer.time("created_at", self.createdAt)
            writer.time("updated_at", self.updatedAt)
            writer.tags("tags", self.tags)
            writer.string("lifecycle_stage", "active")
            ShortUser.owner.write("user", to: &writer)
        }
    }
}

extension ExperimentRecord: Listable {
    func listValue(_ key: String, at now: Timestamp) -> ListValue {
        switch key {
        case "name": .text(self.name)
        case "created_at": .time(self.createdAt)
        case "updated_at": .time(self.updatedAt)
        default: ShortUser.owner.listValue(key) ?? .unset
        }
    }
}
