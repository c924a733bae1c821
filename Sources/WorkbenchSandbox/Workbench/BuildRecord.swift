// SPDX-License-Identifier: Apache-2.0

import Values

/// A build of a model.
struct BuildRecord: Sendable, Identifiable {
    let id: String
    let crn: String
    let modelID: String
    let comment: String
    let filePath: String
    let functionName: String
    let kernel: String
    let runtime: String
    let addons: [String]
    let versionID: String
    let rootDirectory: String
    let scriptPath: String
    let createdAt: Timestamp
    let finishesAt: Timestamp
    /// How it ends; `nil` if it ends well.
    let failure: Failure?
    let marker: FailureMarker?
    /// Positions, in order of creation.
    var deployments: [Int] = []

    /// How a build ends badly.
    enum Failure: String, Sendable {
        case failed = "build failed"
        case timedOut = "timedout"
    }

    /// The early states take 5, 10 and 60 % of the whole time, `pushing` the rest.
    func status(at now: Timestamp) -> String {
        if now >= self.finishesAt { return self.failure?.rawValue ?? "built" }
        let total = self.finishesAt.microsecondsSinceEpoch - self.createdAt.microsecondsSinceEpoch
        return switch (now.microsecondsSinceEpoch - self.createdAt.microsecondsSinceEpoch) * 100 / max(total, 1) {
        case ..<5: "pending"
        case 5..<15: "queued"
        case 15..<75: "building"
        default: "pushing"
        }
    }

    func write(to writer: inout ProtoWriter, at now: Timestamp) {
        let isFinished = now >= self.finishesAt
        writer.object { writer in
            writer.string("id", self.id)
            writer.string("model_id", self.modelID)
            ShortUser.owner.write("creator", to: &writer)
            writer.string("comment", self.comment)
            writer.string("file_path", self.filePath)
            writer.string("function_name", self.functionName)
            writer.string("engine_image", "")
            writer.string("kernel", self.kernel)
            writer.time("created_at", self.createdAt)
            writer.time("updated_at", isFinished ? self.finishesAt : self.createdAt)
            writer.status(self.status(at: now))
            writer.string("deletion_status", "")
            writer.string("crn", self.crn)
            writer.time("built_at", isFinished && self.failure == nil ? self.finishesAt : nil)
            writer.string("runtime_identifier", self.runtime)
            writer.strings("runtime_addon_identifiers", self.addons)
            writer.string("registered_model_version_id", self.versionID)
            writer.string("model_root_dir", self.rootDirectory)
            writer.string("build_script_path", self.scriptPath)
        }
    }
}

extension BuildRecord: Listable {
    func listValue(_ key: String, at now: Timestamp) -> ListValue {
        switch key {
        case "comment": .text(self.comment)
        case "crn": .text(self.crn)
        case "status": .text(self.status(at: now))
        case "created_at": .time(self.createdAt)
        case "updated_at": .time(now >= self.finishesAt ? self.finishesAt : self.createdAt)
        case "built_at": now >= self.finishesAt && self.failure == nil ? .time(self.finishesAt) : .unset
        default: ShortUser.owner.listValue(key) ?? .unset
        }
    }
}
