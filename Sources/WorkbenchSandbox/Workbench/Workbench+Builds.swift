// SPDX-License-Identifier: Apache-2.0

import Values

extension Workbench {
    private static let buildKeys = [
        "comment", "creator.email", "creator.name", "creator.username", "crn", "status",
    ]

    func listBuilds(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let request = try ListRequest(
            call.query,
            .init(
                filter: Workbench.buildKeys,
                sort: Workbench.buildKeys + ["built_at", "created_at", "updated_at"]
            )
        )
        let model = try self.model(call).record
        let page = self.builds.page(of: model.builds, request, for: call)
        return call.list("model_builds", page) { $0.write(to: &$1, at: call.listTime) }
    }

    mutating func createBuild(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let model = try self.model(call).position
        let deployment = call.fields.message("auto_deployment_config") ?? .empty
        if call.fields.bool("auto_deploy_model") { try self.checkSizes(deployment) }
        let position = try self.addBuild(call.fields, model: model, at: call.now)
        if call.fields.bool("auto_deploy_model") {
            _ = try self.addDeployment(deployment, build: position, at: call.now)
        }
        guard let build = self.builds[position] else { throw .notFound("build", "") }
        return self.reply(call, build)
    }

    func getBuild(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.reply(call, try self.build(call).record)
    }

    /// Deletes a build with its deployments; one that is up goes down.
    mutating func deleteBuild(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.removeBuild(at: try self.build(call).position, now: call.now)
        return .empty
    }

    mutating func removeBuild(at position: Int, now: Timestamp) {
        guard let build = self.builds[position] else { return }
        for deployment in build.deployments { self.deployments.remove(at: deployment, now: now) }
        self.builds.remove(at: position, now: now)
    }

    /// Makes a build from a creating call or from the short form inside another.
    ///
    /// - Returns: Its position.
    mutating func addBuild(_ fields: Fields, model position: Int, at now: Timestamp) throws(APIFailure) -> Int {
        guard let model = self.models[position] else { throw .notFound("model", "") }
        let runtime = fields.string("runtime_identifier")
        try self.checkRuntime(runtime)
        let versionID = fields.string("registered_model_version_id")
        let version = try self.versionToBuild(versionID, model: model)
        if versionID.isEmpty {
            _ = try fields.required("file_path")
            _ = try fields.required("function_name")
        }
        let marker = FailureMarker(comment: fields.string("comment")) ?? version?.marker
        let isUsable = version.map { $0.status(at: now) == "READY" } ?? true
        let id = self.identifiers.uuid()
        let build = BuildRecord(
            id: id,
            crn: self.identifiers.crn(of: id),
            modelID: model.id,
            comment: fields.string("comment"),
            filePath: fields.string("file_path"),
            functionName: fields.string("function_name"),
            kernel: fields.string("kernel"),
            runtime: runtime,
            addons: fields.strings("runtime_addon_identifiers"),
            versionID: versionID,
            rootDirectory: fields.string("model_root_dir"),
            scriptPath: fields.string("build_script_path"),
            createdAt: now,
            finishesAt: now.advanced(by: self.durations.duration(in: self.clock.building)),
            // A version that is not uploaded yet has nothing that could be built.
            failure: marker == .buildTimeout ? .timedOut : marker == .build || !isUsable ? .failed : nil,
            marker: marker
        )
        let added = self.builds.append(build)
        self.models[position]?.builds.append(added)
        return added
    }

    private func checkRuntime(_ identifier: String) throws(APIFailure) {
        guard !identifier.isEmpty else { throw .invalid("runtime_identifier is required") }
        guard let position = self.runtimes.position(of: identifier), let runtime = self.runtimes[position] else {
            throw self.unknown("runtime", identifier, in: "runtime_identifier", isUsually404: false)
        }
        guard runtime.status == "ENABLED" else {
            throw .invalid("runtime_identifier: runtime \(identifier) is \(runtime.status)")
        }
    }

    private func versionToBuild(_ id: String, model: ModelRecord) throws(APIFailure) -> VersionRecord? {
        guard !id.isEmpty else { return nil }
        guard !model.registeredModelID.isEmpty else {
            throw APIFailure(.failedPrecondition, "model \(model.id) is not associated with a registered model")
        }
        guard let position = self.versions.position(of: id), let version = self.versions[position] else {
            throw self.unknown("model version", id, in: "registered_model_version_id", isUsually404: true)
        }
        guard version.modelID == model.registeredModelID else {
            throw .invalid("registered_model_version_id: not a version of registered model \(model.registeredModelID)")
        }
        return version
    }

    /// The refusal of a body that names what there is not.
    private func unknown(_ kind: String, _ id: String, in field: String, isUsually404: Bool) -> APIFailure {
        isUsually404 != self.quirks.contains(.unknownSwapped)
            ? .notFound(kind, id) : .invalid("\(field): unknown \(kind) \(id)")
    }

    /// The build that the path names.
    func build(_ call: WorkbenchCall) throws(APIFailure) -> (position: Int, record: BuildRecord) {
        let model = try self.model(call).record
        guard let position = self.builds.position(of: call.path.build), let build = self.builds[position],
            build.modelID == model.id, call.shows(build)
        else { throw .notFound("build", call.path.build) }
        return (position, build)
    }

    private func reply(_ call: WorkbenchCall, _ build: BuildRecord) -> WorkbenchReply {
        var reply = call.object { build.write(to: &$0, at: call.now) }
        reply.identifiers = [ObjectID(.build, build.id)]
        return reply
    }
}
