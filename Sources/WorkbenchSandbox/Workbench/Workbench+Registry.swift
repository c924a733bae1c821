// SPDX-License-Identifier: Apache-2.0

import Values

extension Workbench {
    func listRegisteredModels(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let request = try ListRequest(
            call.query,
            .init(
                filter: ["model_name", "creator_id"],
                sort: [
                    "created_at", "updated_at", "name", "model_name", "description", "creator.email", "creator.name",
                    "creator.username",
                ]
            )
        )
        let candidates = request.filterText("model_name").flatMap(self.registeredModelNames.candidates(containing:))
        let page = self.registeredModels.page(
            of: candidates ?? Array(self.registeredModels.allPositions),
            request,
            for: call
        )
        return call.list("models", page) { model, writer in
            writer.object { model.writeFields(to: &$0) }
        }
    }

    /// Makes the model on its first name, and a version in any case.
    mutating func createRegisteredModel(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let fields = call.fields
        let name = try fields.required("model_name")
        let path = try fields.required("model_path")
        let run = try self.runToRegister(fields)
        guard name.utf8.count <= Workbench.maximumRegisteredNameBytes else {
            throw .invalid("model_name: at most \(Workbench.maximumRegisteredNameBytes) bytes are allowed")
        }
        let position = self.registeredModelsByName[name] ?? self.addRegisteredModel(name, call)
        guard var model = self.registeredModels[position] else { throw .notFound("registered model", name) }
        model.lastNumber += 1
        model.versionCount += 1
        model.updatedAt = call.now
        if !fields.string("description").isEmpty { model.description = fields.string("description") }
        let version = self.makeVersion(of: model, run: run.record, path: path, call)
        let added = self.versions.append(version)
        model.versions.append(added)
        self.registeredModels[position] = model
        self.runs[run.position]?.versions.append(added)
        return self.reply(call, model, with: version)
    }

    /// Longest name that the registry takes.
    private static let maximumRegisteredNameBytes = 255

    private func runToRegister(_ fields: Fields) throws(APIFailure) -> (position: Int, record: RunRecord) {
        let projectID = try fields.required("project_id")
        let experimentID = try fields.required("experiment_id")
        let runID = try fields.required("run_id")
        guard self.projects.position(of: projectID) != nil else { throw .notFound("project", projectID) }
        guard let position = self.runs.position(of: runID), let run = self.runs[position],
            run.experimentID == experimentID, run.projectID == projectID
        else { throw .notFound("run", runID) }
        return (position, run)
    }

    private mutating func addRegisteredModel(_ name: String, _ call: WorkbenchCall) -> Int {
        let position = self.registeredModels.append(
            RegisteredModelRecord(
                id: self.identifiers.short(),
                name: name,
                description: "",
                visibility: call.fields.word("visibility", of: ["PRIVATE", "PUBLIC"]) ?? "PRIVATE",
                createdAt: call.now,
                updatedAt: call.now
            )
        )
        self.registeredModelsByName[name] = position
        self.registeredModelNames.insert(name, position: position)
        return position
    }

    private mutating func makeVersion(
        of model: RegisteredModelRecord,
        run: RunRecord,
        path: String,
        _ call: WorkbenchCall
    ) -> VersionRecord {
        let marker = run.tags.value(of: FailureMarker.tag).flatMap(FailureMarker.init(rawValue:))
        let error: String? =
            if !run.hasArtifact(at: path) {
                "no artifact found at \(path) of run \(run.id)"
            } else if marker == .version {
                "upload to the registry failed (asked for by the run's tag \(FailureMarker.tag))"
            } else {
                nil
            }
        return VersionRecord(
            id: self.identifiers.short(),
            modelID: model.id,
            number: model.lastNumber,
            notes: call.fields.string("notes"),
            tags: call.fields.tags("tags"),
            createdAt: call.now,
            uploadedAt: call.now.advanced(by: self.durations.duration(in: self.clock.registering)),
            uploadError: error,
            modelPath: path,
            projectID: run.projectID,
            experimentID: run.experimentID,
            runID: run.id,
            runMetrics: run.metrics,
            runParams: run.params,
            runTags: run.tags,
            marker: marker
        )
    }

    mutating func updateRegisteredModel(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let id = try call.fields.required("model_id")
        guard case (let position, var model)? = self.registeredModel(id) else {
            throw .notFound("registered model", id)
        }
        if call.fields.has("description") { model.description = call.fields.string("description") }
        if let visibility = call.fields.word("visibility", of: ["PRIVATE", "PUBLIC"]) { model.visibility = visibility }
        model.updatedAt = call.now
        self.registeredModels[position] = model
        return self.reply(call, model, with: nil)
    }

    /// One model with a page of its versions.
    func getRegisteredModel(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let request = try ListRequest(
            call.query,
            .init(
                filter: ["version_number", "creator_id"],
                sort: [
                    "created_at", "updated_at", "versions", "status", "name", "description", "kernel", "script",
                    "creator.email", "creator.name", "creator.username",
                ]
            )
        )
        guard let (_, model) = self.registeredModel(call.path.model), call.shows(model) else {
            throw .notFound("registered model", call.path.model)
        }
        // A number is compared whole: a filter for version 1 must not find version 10.
        let number = request.filterText("version_number")
        let page = self.versions.page(of: model.versions, request, for: call) {
            number == nil || String($0.number) == number
        }
        return self.reply(call, model, page.rows, nextToken: page.nextToken)
    }

    mutating func deleteRegisteredModel(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        guard let (position, model) = self.registeredModel(call.path.model) else {
            throw .notFound("registered model", call.path.model)
        }
        for version in model.versions { self.versions.remove(at: version, now: call.now) }
        self.registeredModelsByName[model.name] = nil
        self.registeredModels.remove(at: position, now: call.now)
        return .empty
    }

    mutating func updateVersion(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let id = try call.fields.required("model_version_id")
        var (position, version) = try self.version(id, call)
        if call.fields.has("notes") { version.notes = call.fields.string("notes") }
        if call.fields.has("tags") { version.tags.merge(call.fields.tags("tags")) }
        version.changedAt = call.now
        self.versions[position] = version
        return self.reply(call, version)
    }

    func getVersion(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.reply(call, try self.version(call.path.version, call).record)
    }

    mutating func deleteVersion(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let (position, _) = try self.version(call.path.version, call)
        self.versions.remove(at: position, now: call.now)
        if let model = self.registeredModels.position(of: call.path.model) {
            self.registeredModels[model]?.versionCount -= 1
            self.registeredModels[model]?.updatedAt = call.now
        }
        return .empty
    }

    func registeredModel(_ id: String) -> (position: Int, record: RegisteredModelRecord)? {
        guard let position = self.registeredModels.position(of: id), let model = self.registeredModels[position] else {
            return nil
        }
        return (position, model)
    }

    private func version(
        _ id: String,
        _ call: WorkbenchCall
    ) throws(APIFailure) -> (position: Int, record: VersionRecord) {
        guard let position = self.versions.position(of: id), let version = self.versions[position],
            version.modelID == call.path.model, call.shows(version)
        else { throw .notFound("model version", id) }
        return (position, version)
    }

    /// The model with the version just made; with none where only the model was changed.
    private func reply(
        _ call: WorkbenchCall,
        _ model: RegisteredModelRecord,
        with version: VersionRecord?
    ) -> WorkbenchReply {
        var versions = version.map { [$0] } ?? []
        if self.quirks.contains(.registersNewestFirst) || self.quirks.contains(.registersOldestFirst) {
            versions = model.versions.compactMap { self.versions[$0] }
            if self.quirks.contains(.registersNewestFirst) { versions.reverse() }
        }
        var reply = self.reply(call, model, versions, nextToken: "")
        if let version { reply.identifiers.append(ObjectID(.version, version.id)) }
        return reply
    }

    private func reply(
        _ call: WorkbenchCall,
        _ model: RegisteredModelRecord,
        _ versions: [VersionRecord],
        nextToken: String
    ) -> WorkbenchReply {
        var reply = call.object { writer in
            writer.object { writer in
                model.writeFields(to: &writer)
                writer.array("model_versions") { writer in
                    for version in versions { version.write(to: &writer, at: call.listTime) }
                }
                writer.string("next_page_token", nextToken)
            }
        }
        reply.identifiers = [ObjectID(.registeredModel, model.id)]
        return reply
    }

    private func reply(_ call: WorkbenchCall, _ version: VersionRecord) -> WorkbenchReply {
        var reply = call.object { version.write(to: &$0, at: call.now) }
        reply.identifiers = [ObjectID(.registeredModel, version.modelID), ObjectID(.version, version.id)]
        return reply
    }
}
