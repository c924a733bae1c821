// SPDX-License-Identifier: Apache-2.0

import Files
import JSON
import Values

/// Why recorded runs can't be used.
package struct RecordedRunsFailure: Error, Equatable, CustomStringConvertible {
    /// Names the file, the object and what is expected of it.
    package let description: String
}

/// Projects, experiments and runs as API v2 answered them once, to fill a sandbox with.
///
/// An object of three lists, `projects`, `experiments` and `runs`; each element is what `GET` of the object gave. All keep
/// their ids, since events name them.
package struct RecordedRuns: Sendable, Equatable {
    /// A recorded object with where it stands.
    struct Entry: Sendable, Equatable {
        let place: String
        let value: JSONValue
    }

    let projects: [Entry]
    let experiments: [Entry]
    let runs: [Entry]

    /// Largest file that is taken.
    private static let maximumBytes = 64 << 20

    /// Reads a file.
    ///
    /// - Throws: `RecordedRunsFailure` if it can't be read or holds something else.
    package init(file: String) throws(RecordedRunsFailure) {
        let bytes: [UInt8]
        do {
            bytes = try FileReader.read(file, maximumBytes: RecordedRuns.maximumBytes)
        } catch {
            throw RecordedRunsFailure(description: "recorded runs: \(error)")
        }
        do {
            try self.init(parsing: bytes)
        } catch {
            throw RecordedRunsFailure(description: "\(file): \(error)")
        }
    }

    /// Reads the text of such a file.
    ///
    /// - Throws: `RecordedRunsFailure` if it is anything else.
    package init(parsing bytes: [UInt8]) throws(RecordedRunsFailure) {
        let value: JSONValue
        do {
            value = try JSONValue(lenientlyParsing: bytes)
        } catch {
            throw RecordedRunsFailure(description: "not JSON: \(error)")
        }
        self.projects = try RecordedRuns.list("projects", .project, in: value)
        self.experiments = try RecordedRuns.list("experiments", .experiment, in: value)
        self.runs = try RecordedRuns.list("runs", .run, in: value)
    }

    private static func list(
        _ name: String,
        _ type: MessageType,
        in value: JSONValue
    ) throws(RecordedRunsFailure) -> [Entry] {
        guard let elements = value[name]?.elements else {
            throw RecordedRunsFailure(description: "a list '\(name)' is expected")
        }
        var entries: [Entry] = []
        for (index, element) in elements.enumerated() {
            let place = "\(name)[\(index)]"
            do {
                try type.check(element)
                _ = try Fields(value: element).required("id")
            } catch {
                throw RecordedRunsFailure(description: "\(place): \(error.message)")
            }
            entries.append(Entry(place: place, value: element))
        }
        return entries
    }
}

extension Workbench {
    /// Adds recorded objects under the ids that they have.
    ///
    /// - Throws: `RecordedRunsFailure` for an object that hangs under none of these or whose id or name is taken.
    mutating func add(_ recorded: RecordedRuns, at now: Timestamp) throws(RecordedRunsFailure) {
        try self.add(recorded.projects) { (workbench, fields) throws(APIFailure) in
            try workbench.addProject(fields, at: now)
        }
        try self.add(recorded.experiments) { (workbench, fields) throws(APIFailure) in
            try workbench.addExperiment(fields, at: now)
        }
        try self.add(recorded.runs) { (workbench, fields) throws(APIFailure) in
            try workbench.addRun(fields, at: now)
        }
    }

    private mutating func add(
        _ entries: [RecordedRuns.Entry],
        _ body: (inout Workbench, Fields) throws(APIFailure) -> Void
    ) throws(RecordedRunsFailure) {
        for entry in entries {
            do {
                try body(&self, Fields(value: entry.value))
            } catch {
                throw RecordedRunsFailure(description: "\(entry.place): \(error.message)")
            }
        }
    }

    private static func taken(_ id: String) -> APIFailure { APIFailure(.alreadyExists, "id \(id) is there twice") }

    private mutating func addProject(_ fields: Fields, at now: Timestamp) throws(APIFailure) {
        let id = fields.string("id")
        guard self.projects.position(of: id) == nil else { throw Workbench.taken(id) }
        let made = WorkbenchCall(
            operation: .updateProject,
            path: PathIdentifiers(project: id),
            fields: fields,
            now: now
        )
        let createdAt = fields.time("created_at") ?? now
        let added = self.projects.append(
            ProjectRecord(
                id: id,
                name: "",
                slug: fields.string("slug"),
                description: "",
                visibility: ProjectRecord.visibilities[0],
                engineType: fields.string("default_engine_type"),
                environment: [],
                sharedMemoryLimit: 0,
                createdAt: createdAt,
                updatedAt: createdAt
            )
        )
        _ = try self.updateProject(made)
        self.projects[added]?.updatedAt = fields.time("updated_at") ?? createdAt
    }

    private mutating func addExperiment(_ fields: Fields, at now: Timestamp) throws(APIFailure) {
        let (id, projectID) = (fields.string("id"), try fields.required("project_id"))
        let name = try fields.required("name")
        guard self.experiments.position(of: id) == nil else { throw Workbench.taken(id) }
        guard let project = self.projects.position(of: projectID) else { throw .notFound("project", projectID) }
        guard self.experimentsByName[name] == nil else {
            throw APIFailure(.alreadyExists, "an experiment named \(name) is there twice")
        }
        let createdAt = fields.time("created_at") ?? now
        self.append(
            ExperimentRecord(
                id: id,
                projectID: projectID,
                name: name,
                artifactLocation: fields.string("artifact_location"),
                tags: fields.tags("tags"),
                createdAt: createdAt,
                updatedAt: fields.time("updated_at") ?? createdAt
            ),
            project: project
        )
    }

    /// A run is made bare, and then gets all that was recorded by the update that any client could send.
    private mutating func addRun(_ fields: Fields, at now: Timestamp) throws(APIFailure) {
        let (id, experimentID) = (fields.string("id"), try fields.required("experiment_id"))
        guard self.runs.position(of: id) == nil else { throw Workbench.taken(id) }
        guard let position = self.experiments.position(of: experimentID), let experiment = self.experiments[position]
        else { throw .notFound("experiment", experimentID) }
        let startTime = fields.time("start_time") ?? now
        let run = RunRecord(
            id: id,
            experimentID: experimentID,
            projectID: experiment.projectID,
            name: fields.string("name"),
            createdAt: startTime,
            startTime: startTime,
            artifactURI: fields.string("artifact_uri")
        )
        let added = self.runs.append(run)
        self.experiments[position]?.runs.append(added)
        let path = PathIdentifiers(project: experiment.projectID, experiment: experimentID, run: id)
        _ = try self.changeRun(WorkbenchCall(operation: .updateRun, path: path, fields: fields, now: now))
    }
}

extension WorkbenchCall {
    /// A call that the sandbox makes on itself.
    fileprivate init(operation: Operation, path: PathIdentifiers, fields: Fields, now: Timestamp) {
        self.init(operation: operation, path: path, query: .empty, fields: fields, now: now)
    }
}
