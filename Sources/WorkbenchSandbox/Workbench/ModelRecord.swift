// SPDX-License-Identifier: Apache-2.0

import Values

/// Where a model, build or deployment may run; kept and given back, without effect.
struct Placement: Sendable {
    var acceleratorLabel: Int64
    var resourceGroup: Int32
    var resourceProfile: Int32

    init(_ fields: Fields) {
        self.acceleratorLabel = fields.int64("accelerator_label_id")
        self.resourceGroup = fields.int32("resource_group_id")
        self.resourceProfile = fields.int32("resource_profile_id")
    }

    mutating func update(_ fields: Fields) {
        if fields.has("accelerator_label_id") { self.acceleratorLabel = fields.int64("accelerator_label_id") }
        if fields.has("resource_group_id") { self.resourceGroup = fields.int32("resource_group_id") }
        if fields.has("resource_profile_id") { self.resourceProfile = fields.int32("resource_profile_id") }
    }

    func write(to writer: inout ProtoWriter) {
        writer.int64("accelerator_label_id", self.acceleratorLabel)
        writer.int32("resource_group_id", self.resourceGroup)
        writer.int32("resource_profile_id", self.resourceProfile)
    }
}

/// What a deployment gets where it asks for nothing.
struct DefaultResources: Sendable {
    var cpuMillicores: Int64 = 1000
    var memoryMegabytes: Int64 = 2048
    var gpus: Int64 = 0
    var replicas: Int64 = 1
    var replicationType = "fixed"

    func write(to writer: inout ProtoWriter) {
        writer.object("default_resources") { writer in
            writer.int64("cpu_millicores", self.cpuMillicores)
            writer.int64("memory_mb", self.memoryMegabytes)
            writer.int64("nvidia_gpus", self.gpus)
        }
        writer.object("default_replication_policy") { writer in
            writer.int64("num_replicas", self.replicas)
            writer.string("type", self.replicationType)
        }
    }
}

/// A model of a project: the thing that serves.
struct ModelRecord: Sendable, Identifiable {
    let id: String
    let crn: String
    let projectID: String
    var name: String
    var description: String
    /// Selects the model at the model service; a secret.
    let accessKey: String
    let isAuthenticated: Bool
    let registeredModelID: String
    var visibility: String
    var runAs: Int32
    var placement: Placement
    var defaults = DefaultResources()
    let createdAt: Timestamp
    var updatedAt: Timestamp
    /// Positions, in order of creation.
    var builds: [Int] = []
    /// Positions of the deployments that run or may come to run.
    var active: [Int] = []

    /// Writes the model as the API gives it, but for the access key where the reader needs no secret.
    func write(to writer: inout ProtoWriter, project: ProjectRecord?, showsAccessKey: Bool = true) {
        writer.object { writer in
            writer.string("id", self.id)
            writer.string("name", self.name)
            writer.string("description", self.description)
            ShortUser.owner.write("creator", to: &writer)
            if showsAccessKey { writer.string("access_key", self.accessKey) }
            writer.string("deletion_status", "")
            writer.time("created_at", self.createdAt)
            writer.time("updated_at", self.updatedAt)
            writer.string("crn", self.crn)
            writer.bool("auth_enabled", self.isAuthenticated)
            project?.writeShort(to: &writer)
            writer.string("registered_model_id", self.registeredModelID)
            writer.string("visibility", self.visibility)
            self.defaults.write(to: &writer)
            writer.int32("run_as", self.runAs)
            self.placement.write(to: &writer)
        }
    }
}

extension ModelRecord: Listable {
    func listValue(_ key: String, at now: Timestamp) -> ListValue {
        switch key {
        case "name": .text(self.name)
        case "description": .text(self.description)
        case "auth_enabled": .bool(self.isAuthenticated)
        case "created_at": .time(self.createdAt)
        case "updated_at": .time(self.updatedAt)
        default: ShortUser.owner.listValue(key) ?? .unset
        }
    }
}
