// SPDX-License-Identifier: Apache-2.0

import Values

extension Workbench {
    private static let experimentKeys = ["creator.email", "creator.name", "creator.username", "name"]

    /// The listing of one project, or of all.
    func listExperiments(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let sortKeys = Workbench.experimentKeys + ["created_at", "updated_at"]
        let request = try ListRequest(call.query, .init(filter: Workbench.experimentKeys, sort: sortKeys))
        let candidates = request.filterText("name").flatMap(self.experimentNames.candidates(containing:))
        let page: Page<ExperimentRecord>
        if call.operation == .listAllExperiments {
            page = self.experiments.page(of: candidates ?? Array(self.experiments.allPositions), request, for: call)
        } else {
            let project = try self.project(call)
            page = self.experiments.page(of: candidates ?? project.experiments, request, for: call) {
                $0.projectID == project.id
            }
        }
        return call.list("experiments", page) { $0.write(to: &$1) }
    }

    mutating func createExperiment(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let position = try self.projectPosition(call)
        let name = try call.fields.required("name")
        guard self.experimentsByName[name] == nil else {
            throw APIFailure(.alreadyExists, "an experiment named \(name) already exists")
        }
        let id = self.identifiers.short()
        let location = call.fields.string("artifact_location")
        let experiment = ExperimentRecord(
            id: id,
            projectID: call.path.project,
            name: name,
            artifactLocation: location.isEmpty ? "/home/cdsw/.experiments/\(id)" : location,
            tags: call.fields.tags("tags"),
            createdAt: call.now,
            updatedAt: call.now
        )
        self.append(experiment, project: position)
        return self.reply(call, experiment)
    }

    /// Adds an experiment whose name is free.
    mutating func append(_ experiment: ExperimentRecord, project position: Int) {
        let added = self.experiments.append(experiment)
        self.projects[position]?.experiments.append(added)
        self.experimentsByName[experiment.name] = added
        self.experimentNames.insert(experiment.name, position: added)
    }

    func getExperiment(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.reply(call, try self.experiment(call).record)
    }

    mutating func updateExperiment(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        var (position, experiment) = try self.experiment(call)
        let name = call.fields.string("name")
        if !name.isEmpty {
            guard self.experimentsByName[name, default: position] == position else {
                throw APIFailure(.alreadyExists, "an experiment named \(name) already exists")
            }
            self.experimentsByName[experiment.name] = nil
            self.experimentsByName[name] = position
            self.experimentNames.insert(name, position: position)
            experiment.name = name
        }
        if call.fields.has("tags") { experiment.tags.merge(call.fields.tags("tags")) }
        if call.fields.has("artifact_location") {
            experiment.artifactLocation = call.fields.string("artifact_location")
        }
        experiment.updatedAt = call.now
        self.experiments[position] = experiment
        return self.reply(call, experiment)
    }

    mutating func deleteExperiment(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        self.removeExperiment(at: try self.experiment(call).position, now: call.now)
        return .empty
    }

    mutating func removeExperiment(at position: Int, now: Timestamp) {
        guard let experiment = self.experiments[position] else { return }
        for run in experiment.runs { self.runs.remove(at: run, now: now) }
        self.experimentsByName[experiment.name] = nil
        self.experiments.remove(at: position, now: now)
    }

    /// The experiment that the path names.
    func experiment(_ call: WorkbenchCall) throws(APIFailure) -> (position: Int, record: ExperimentRecord) {
        _ = try self.projectPosition(call)
        guard let position = self.experiments.position(of: call.path.experiment),
            let experiment = self.experiments[position], experiment.projectID == call.path.project,
            call.shows(experiment)
        else { throw .notFound("experiment", call.path.experiment) }
        return (position, experiment)
    }

    private func reply(_ call: WorkbenchCall, _ experiment: ExperimentRecord) -> WorkbenchReply {
        var reply = call.object { experiment.write(to: &$0) }
        reply.identifiers = [ObjectID(.experiment, experiment.id)]
        return reply
    }
}
