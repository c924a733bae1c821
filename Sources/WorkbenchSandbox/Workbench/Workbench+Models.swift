// SPDX-License-Identifier: Apache-2.0

import Values

extension Workbench {
    private static let modelKeys = [
        "auth_enabled", "creator.email", "creator.name", "creator.username", "description", "name",
    ]
    /// Longest label value that Kubernetes takes; a model's name becomes one.
    private static let maximumModelNameBytes = 63

    /// The listing of one project, or of all.
    func listModels(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let request = try ListRequest(
            call.query,
            .init(filter: Workbench.modelKeys, sort: Workbench.modelKeys + ["created_at", "updated_at"])
        )
        let candidates = request.filterText("name").flatMap(self.modelNames.candidates(containing:))
        if call.operation == .listAllModels {
            let page = self.models.page(of: candidates ?? Array(self.models.allPositions), request, for: call)
            return call.list("models", page) { model, writer in
                let project = self.projects.position(of: model.projectID).flatMap { self.projects[$0] }
                model.write(to: &writer, project: project)
            }
        }
        let project = try self.project(call)
        let page = self.models.page(of: candidates ?? project.models, request, for: call) { $0.projectID == project.id }
        return call.list("models", page) { $0.write(to: &$1, project: project) }
    }

    mutating func createModel(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let fields = call.fields
        let position = try self.projectPosition(call)
        let name = try fields.required("name")
        try self.checkModelName(name)
        guard self.projects[position]?.modelsByName[name] == nil else {
            throw self.duplicateName("create", name)
        }
        let registered = fields.string("registered_model_id")
        guard registered.isEmpty || self.registeredModel(registered) != nil else {
            throw .notFound("registered model", registered)
        }
        let model = self.makeModel(name, registeredModelID: registered, call)
        let added = self.addModel(model, to: position)
        do {
            try self.autoBuild(call, model)
        } catch {
            // A call that is refused must leave nothing behind.
            self.removeModel(at: added, now: call.now)
            throw error
        }
        return self.reply(call, model)
    }

    private mutating func makeModel(
        _ name: String,
        registeredModelID: String,
        _ call: WorkbenchCall
    ) -> ModelRecord {
        let fields = call.fields
        let id = self.identifiers.uuid()
        return ModelRecord(
            id: id,
            crn: self.identifiers.crn(of: id),
            projectID: call.path.project,
            name: name,
            description: fields.string("description"),
            accessKey: self.identifiers.accessKey(),
            isAuthenticated: !fields.bool("disable_authentication"),
            registeredModelID: registeredModelID,
            visibility: fields.string("visibility").isEmpty ? "private" : fields.string("visibility"),
            runAs: fields.int32("run_as"),
            placement: Placement(fields),
            createdAt: call.now,
            updatedAt: call.now
        )
    }

    private mutating func addModel(_ model: ModelRecord, to project: Int) -> Int {
        let position = self.models.append(model)
        self.projects[project]?.models.append(position)
        self.projects[project]?.modelsByName[model.name] = position
        self.modelNames.insert(model.name, position: position)
        self.modelsByAccessKey[model.accessKey] = position
        return position
    }

    /// Starts the build and the deployment that the creating call may ask for.
    private mutating func autoBuild(_ call: WorkbenchCall, _ model: ModelRecord) throws(APIFailure) {
        guard call.fields.bool("auto_build_model"), let position = self.models.position(of: model.id) else { return }
        let build = try self.addBuild(
            call.fields.message("auto_build_config") ?? .empty,
            model: position,
            at: call.now
        )
        guard call.fields.bool("auto_deploy_model") else { return }
        _ = try self.addDeployment(
            call.fields.message("auto_deployment_config") ?? .empty,
            build: build,
            at: call.now
        )
    }

    func getModel(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.reply(call, try self.model(call).record)
    }

    mutating func updateModel(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        var (position, model) = try self.model(call)
        let fields = call.fields
        let name = fields.string("name")
        if !name.isEmpty, name != model.name { try self.rename(&model, at: position, to: name, call) }
        if fields.has("description") { model.description = fields.string("description") }
        if !fields.string("visibility").isEmpty { model.visibility = fields.string("visibility") }
        if fields.has("run_as") { model.runAs = fields.int32("run_as") }
        if let resources = fields.message("default_resources") {
            if resources.has("cpu_millicores") { model.defaults.cpuMillicores = resources.int64("cpu_millicores") }
            if resources.has("memory_mb") { model.defaults.memoryMegabytes = resources.int64("memory_mb") }
            if resources.has("nvidia_gpus") { model.defaults.gpus = resources.int64("nvidia_gpus") }
        }
        if let policy = fields.message("default_replication_policy") {
            if policy.has("num_replicas") { model.defaults.replicas = policy.int64("num_replicas") }
            if policy.has("type") { model.defaults.replicationType = policy.string("type") }
        }
        model.placement.update(fields)
        model.updatedAt = call.now
        self.models[position] = model
        return self.reply(call, model)
    }

    private mutating func rename(
        _ model: inout ModelRecord,
        at position: Int,
        to name: String,
        _ call: WorkbenchCall
    ) throws(APIFailure) {
        let project = try self.projectPosition(call)
        try self.checkModelName(name)
        guard self.projects[project]?.modelsByName[name] == nil else {
            throw self.duplicateName("update", name)
        }
        self.projects[project]?.modelsByName[model.name] = nil
        self.projects[project]?.modelsByName[name] = position
        self.modelNames.insert(name, position: position)
        model.name = name
    }

    mutating func deleteModel(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.removeModel(at: try self.model(call).position, now: call.now)
        return .empty
    }

    mutating func removeModel(at position: Int, now: Timestamp) {
        guard let model = self.models[position] else { return }
        for build in model.builds { self.removeBuild(at: build, now: now) }
        if let project = self.projects.position(of: model.projectID) {
            self.projects[project]?.modelsByName[model.name] = nil
        }
        self.modelsByAccessKey[model.accessKey] = nil
        self.models.remove(at: position, now: now)
    }

    /// The model that the path names.
    func model(_ call: WorkbenchCall) throws(APIFailure) -> (position: Int, record: ModelRecord) {
        _ = try self.projectPosition(call)
        guard let position = self.models.position(of: call.path.model), let model = self.models[position],
            model.projectID == call.path.project, call.shows(model)
        else { throw .notFound("model", call.path.model) }
        return (position, model)
    }

    private func duplicateName(_ verb: String, _ name: String) -> APIFailure {
        guard !self.quirks.contains(.duplicateIsVague) else { return APIFailure(.internal, "Failed to \(verb) model") }
        return APIFailure(
            self.quirks.contains(.duplicateIs409) ? .alreadyExists : .internal,
            "Failed to \(verb) model: project already has a model with that name: \(name)"
        )
    }

    private func checkModelName(_ name: String) throws(APIFailure) {
        guard name.utf8.count <= Workbench.maximumModelNameBytes else {
            throw .invalid("name: must be no more than \(Workbench.maximumModelNameBytes) characters")
        }
    }

    private func reply(_ call: WorkbenchCall, _ model: ModelRecord) -> WorkbenchReply {
        let project = self.projects.position(of: model.projectID).flatMap { self.projects[$0] }
        var reply = call.object { model.write(to: &$0, project: project) }
        reply.identifiers = [ObjectID(.model, model.id)]
        return reply
    }
}
