// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

extension Workbench {
    private static let runKeys = ["creator.email", "creator.name", "creator.username", "name"]
    /// Bytes that a parameter's value may have.
    private static let maximumParameterBytes = 250

    func listRuns(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let request = try ListRequest(
            call.query,
            .init(
                filter: Workbench.runKeys + ["status"],
                sort: Workbench.runKeys + ["created_at", "start_time"],
                dynamic: ["metrics.", "params.", "tags."]
            )
        )
        let experiment = try self.experiment(call).record
        let page = self.runs.page(of: experiment.runs, request, for: call)
        return call.list("experiment_runs", page) { self.write($0, to: &$1, view: call.view) }
    }

    mutating func createRun(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let (position, experiment) = try self.experiment(call)
        let id = self.identifiers.short()
        let name = call.fields.string("run_name")
        var run = RunRecord(
            id: id,
            experimentID: experiment.id,
            projectID: experiment.projectID,
            name: name.isEmpty ? "run-\(id.prefix(4))" : name,
            createdAt: call.now,
            startTime: call.fields.time("start_time") ?? call.now,
            artifactURI: "\(experiment.artifactLocation)/\(id)/artifacts"
        )
        run.merge(tags: call.fields.tags("tags"))
        let added = self.runs.append(run)
        self.experiments[position]?.runs.append(added)
        return self.reply(call, run)
    }

    func getRun(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.reply(call, try self.run(call).record)
    }

    /// Changes what was sent; metrics, parameters, tags and files of `data` are added to what is there.
    mutating func updateRun(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.reply(call, try self.changeRun(call))
    }

    /// Does what an update asks for.
    ///
    /// - Returns: The run as it is now.
    mutating func changeRun(_ call: WorkbenchCall) throws(APIFailure) -> RunRecord {
        var (position, run) = try self.run(call)
        let fields = call.fields
        if fields.has("name") { run.name = fields.string("name") }
        if let status = fields.word("status", of: RunStatus.allCases.map(\.rawValue)).flatMap(RunStatus.init) {
            run.status = status
        }
        if let time = fields.time("start_time") { run.startTime = time }
        if let time = fields.time("end_time") { run.endTime = time }
        if !fields.string("artifact_uri").isEmpty { run.artifactURI = fields.string("artifact_uri") }
        if let data = fields.message("data") {
            try self.add(data, to: &run, now: call.now)
            for file in data.messages("files") where !file.string("path").isEmpty {
                run.files.removeAll { $0.path == file.string("path") }
                run.files.append(
                    ArtifactFile(
                        path: file.string("path"),
                        isDirectory: file.bool("is_dir"),
                        sizeBytes: file.int64("file_size")
                    )
                )
            }
        }
        if let inputs = fields.message("inputs"), inputs.has("dataset_inputs") {
            run.datasetInputs = inputs.messages("dataset_inputs").map(DatasetInput.init)
        }
        if run.status != .running, run.status != .scheduled, run.endTime == nil { run.endTime = call.now }
        self.runs[position] = run
        return run
    }

    mutating func deleteRun(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.runs.remove(at: try self.run(call).position, now: call.now)
        return .empty
    }

    func getRunMetrics(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let run = try self.run(call).record
        let history = run.metricHistory.filter { $0.key == call.path.metric }
        return call.object { writer in
            writer.object { $0.metrics("metrics", history) }
        }
    }

    mutating func logBatch(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        var (position, run) = try self.run(call)
        try self.add(call.fields, to: &run, now: call.now)
        if call.fields.has("model_json") { run.addLoggedModels(call.fields.string("model_json")) }
        self.runs[position] = run
        return .empty
    }

    mutating func deleteBatch(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        var (position, run) = try self.run(call)
        run.removeMetrics(call.fields.strings("metrics"))
        let params = call.fields.strings("params")
        let tags = call.fields.strings("tags")
        run.params.removeAll { params.contains($0.key) }
        run.tags.removeAll { tags.contains($0.key) }
        self.runs[position] = run
        return .empty
    }

    /// The run that the path names.
    private func run(_ call: WorkbenchCall) throws(APIFailure) -> (position: Int, record: RunRecord) {
        let experiment = try self.experiment(call).record
        guard let position = self.runs.position(of: call.path.run), let run = self.runs[position],
            run.experimentID == experiment.id, call.shows(run)
        else { throw .notFound("run", call.path.run) }
        return (position, run)
    }

    /// Adds logged metrics, parameters and tags.
    private func add(_ fields: Fields, to run: inout RunRecord, now: Timestamp) throws(APIFailure) {
        let params = fields.tags("params")
        guard params.allSatisfy({ $0.value.utf8.count <= Workbench.maximumParameterBytes }) else {
            throw .invalid("params: a value is longer than \(Workbench.maximumParameterBytes) bytes")
        }
        for metric in fields.messages("metrics") { run.log(Metric(metric, now: now)) }
        run.params.merge(params)
        run.merge(tags: fields.tags("tags"))
    }

    private func reply(_ call: WorkbenchCall, _ run: RunRecord) -> WorkbenchReply {
        var reply = call.object { self.write(run, to: &$0, view: call.view) }
        reply.identifiers = [ObjectID(.run, run.id)]
        return reply
    }

    /// Writes a run with what was registered from it, as far as that is shown.
    func write(_ run: RunRecord, to writer: inout ProtoWriter, view: ReadView = ReadView()) {
        writer.object { writer in
            writer.string("id", run.id)
            writer.string("name", run.name)
            writer.string("experiment_id", run.experimentID)
            ShortUser.owner.write("user", to: &writer)
            writer.string("status", run.status.rawValue)
            writer.time("start_time", run.startTime)
            writer.time("end_time", run.endTime)
            writer.string("artifact_uri", run.artifactURI)
            writer.object("data") { self.writeData(run, to: &$0, view) }
            writer.object("inputs") { writer in
                writer.array("dataset_inputs") { writer in
                    for input in run.datasetInputs { input.write(to: &writer) }
                }
            }
        }
    }

    private func writeData(_ run: RunRecord, to writer: inout ProtoWriter, _ view: ReadView) {
        writer.metrics("metrics", run.metrics)
        writer.tags("params", run.params)
        writer.tags("tags", run.tags)
        writer.array("files") { writer in
            for file in run.files {
                writer.object { writer in
                    writer.string("path", file.path)
                    writer.bool("is_dir", file.isDirectory)
                    writer.int64("file_size", file.sizeBytes)
                }
            }
        }
        writer.array("registered_model_metadata") { writer in
            for version in run.versions.compactMap({ self.versions[$0] }) where view.shows(madeAt: version.createdAt) {
                writer.object { writer in
                    writer.string("model_path", version.modelPath)
                    writer.string("model_name", self.registeredModel(version.modelID)?.record.name ?? "")
                    writer.string("model_id", version.modelID)
                    writer.string("model_version_id", version.id)
                    writer.int32("version_number", version.number)
                    writer.string("run_id", run.id)
                    writer.time("created_at", version.createdAt)
                }
            }
        }
    }
}
