// SPDX-License-Identifier: Apache-2.0

import JSON

extension Workbench {
    private static let projectKeys = [
        "creator.email", "creator.name", "creator.username", "description", "name", "owner.email", "owner.name",
        "owner.username",
    ]

    func listProjects(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let keys = ListRequest.Keys(
            filter: Workbench.projectKeys,
            sort: Workbench.projectKeys + ["created_at", "updated_at"]
        )
        let request = try ListRequest(call.query, keys)
        try self.checkFlag(call, "include_public_projects")
        try self.checkFlag(call, "include_all_projects")
        let page = self.projects.page(of: self.projects.allPositions, request, for: call)
        return call.list("projects", page) { $0.write(to: &$1) }
    }

    private func checkFlag(_ call: WorkbenchCall, _ name: String) throws(APIFailure) {
        guard ["true", "false", nil].contains(call.query.value(name)) else {
            throw .invalid("\(name): true or false is expected")
        }
    }

    mutating func createProject(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let name = try call.fields.required("name")
        let visibility = call.fields.string("visibility")
        try self.checkVisibility(visibility)
        let engine = call.fields.string("default_project_engine_type")
        let project = ProjectRecord(
            id: self.identifiers.short(),
            name: name,
            slug: self.slug(for: name),
            description: call.fields.string("description"),
            visibility: visibility.isEmpty ? "private" : visibility,
            engineType: engine.isEmpty ? "ml_runtime" : engine,
            environment: call.fields.map("environment"),
            sharedMemoryLimit: call.fields.int32("shared_memory_limit"),
            createdAt: call.now,
            updatedAt: call.now
        )
        self.projects.append(project)
        return self.reply(call, project)
    }

    func getProject(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.reply(call, try self.project(call))
    }

    mutating func updateProject(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let position = try self.projectPosition(call)
        var project = try self.project(call)
        let fields = call.fields
        if !fields.string("name").isEmpty { project.name = fields.string("name") }
        if fields.has("description") { project.description = fields.string("description") }
        if fields.has("visibility") {
            try self.checkVisibility(fields.string("visibility"))
            if !fields.string("visibility").isEmpty { project.visibility = fields.string("visibility") }
        }
        if fields.has("shared_memory_limit") { project.sharedMemoryLimit = fields.int32("shared_memory_limit") }
        if fields.has("environment") { project.environment = try self.environment(fields.string("environment")) }
        project.updatedAt = call.now
        self.projects[position] = project
        return self.reply(call, project)
    }

    mutating func deleteProject(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let position = try self.projectPosition(call)
        let project = try self.project(call)
        for model in project.models { self.removeModel(at: model, now: call.now) }
        for experiment in project.experiments { self.removeExperiment(at: experiment, now: call.now) }
        self.projects.remove(at: position, now: call.now)
        return .empty
    }

    private func reply(_ call: WorkbenchCall, _ project: ProjectRecord) -> WorkbenchReply {
        var reply = call.object { project.write(to: &$0) }
        reply.identifiers = [ObjectID(.project, project.id)]
        return reply
    }

    private func checkVisibility(_ visibility: String) throws(APIFailure) {
        guard visibility.isEmpty || ProjectRecord.visibilities.contains(visibility) else {
            throw .invalid("visibility: one of \(ProjectRecord.visibilities.joined(separator: ", ")) is expected")
        }
    }

    /// Reads the environment of an update, which is a map written as text.
    private func environment(_ text: String) throws(APIFailure) -> [KeyValue] {
        if text.isEmpty { return [] }
        let value: JSONValue
        do {
            value = try JSONValue(lenientlyParsing: Array(text.utf8))
        } catch {
            throw .invalid("environment: not JSON: \(error)")
        }
        let fields = Fields(value: .object([JSONValue.Member("environment", value)]))
        try MessageType("Project", ["environment": .stringMap]).check(fields.value)
        return fields.map("environment")
    }

    /// The name in lower case with dashes, and a number where that is taken.
    private func slug(for name: String) -> String {
        let words = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let base = words.isEmpty ? "project" : words.joined(separator: "-")
        let taken = Set(self.projects.all.map(\.slug).filter { $0.hasPrefix(base) })
        if !taken.contains(base) { return base }
        var number = 1
        while taken.contains("\(base)-\(number)") { number += 1 }
        return "\(base)-\(number)"
    }
}
