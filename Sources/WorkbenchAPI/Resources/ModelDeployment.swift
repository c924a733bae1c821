// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// A deployment of a build: replicas that serve calls.
package struct ModelDeployment: ListItem, Equatable {
    package static var listKey: String { "model_deployments" }

    /// UUID, the tail of the CRN.
    package let id: String
    /// Build that it runs.
    package let buildID: String
    /// CRN.
    package let crn: String
    /// How far it has come.
    package let status: DeploymentStatus
    /// vCPUs of one replica.
    package let cpu: Double
    /// Memory of one replica in GB.
    package let memoryGB: Double
    /// GPUs of one replica.
    package let gpus: Int64
    /// Number of replicas.
    package let replicas: Int64
    /// Environment variables.
    package let environment: EnvironmentVariables
    /// User who made it; empty where the workbench doesn't say.
    package let deployer: String
    /// Creation.
    package let createdAt: Timestamp?
    /// End, if it was stopped.
    package let stoppedAt: Timestamp?

    package init(_ fields: Fields) throws(FieldFailure) {
        self.id = try fields.requiredText("id")
        self.buildID = try fields.text("build_id")
        self.crn = try fields.text("crn")
        self.status = DeploymentStatus(try fields.text("status"))
        self.cpu = try fields.number("cpu")
        self.memoryGB = try fields.number("memory")
        // The answer says it in the singular; requests, and perhaps other releases, in the plural.
        let gpus = try fields.integer("nvidia_gpu")
        self.gpus = gpus == 0 ? try fields.integer("nvidia_gpus") : gpus
        self.replicas = try fields.integer("replicas")
        self.environment = try EnvironmentVariables(fields, "environment")
        let deployer: UserName? = try fields.object("deployer")
        self.deployer = deployer?.username ?? ""
        self.createdAt = try fields.time("created_at")
        self.stoppedAt = try fields.time("stopped_at")
    }
}

/// What a new deployment takes; what is left out, the server decides.
package struct DeploymentRequest: Sendable, Equatable {
    /// Project of the model.
    package var projectID: String
    /// Model of the build.
    package var modelID: String
    /// Build to run.
    package var buildID: String
    /// vCPUs of one replica.
    package var cpu: Double?
    /// Memory of one replica in GB.
    package var memoryGB: Double?
    /// GPUs of one replica.
    package var gpus: Int?
    /// Number of replicas.
    package var replicas: Int?
    /// Environment variables; the workbench shows them to anyone who sees the deployment.
    package var environment: EnvironmentVariables?

    /// Creates a request.
    package init(
        projectID: String,
        modelID: String,
        buildID: String,
        cpu: Double? = nil,
        memoryGB: Double? = nil,
        gpus: Int? = nil,
        replicas: Int? = nil,
        environment: EnvironmentVariables? = nil
    ) {
        self.projectID = projectID
        self.modelID = modelID
        self.buildID = buildID
        self.cpu = cpu
        self.memoryGB = memoryGB
        self.gpus = gpus
        self.replicas = replicas
        self.environment = environment
    }
}

extension DeploymentRequest: RequestBody {
    func write(to writer: inout JSONWriter) throws(FieldFailure) {
        for (name, number) in [("cpu", self.cpu), ("memory", self.memoryGB)] where number?.isFinite == false {
            throw FieldFailure("not finite", at: name)
        }
        writer.field("build_id", self.buildID)
        writer.field("cpu", self.cpu)
        if let environment = self.environment {
            do throws(FieldFailure) {
                writer.texts("environment", try environment.values())
            } catch {
                throw error.inside("environment")
            }
        }
        writer.field("memory", self.memoryGB)
        writer.field("model_id", self.modelID)
        writer.field("nvidia_gpus", self.gpus)
        writer.field("project_id", self.projectID)
        writer.field("replicas", self.replicas)
    }
}

extension APIOperation {
    private static let deployments = "/projects/{project_id}/models/{model_id}/builds/{build_id}/deployments"

    static let listModelDeployments = APIOperation("ListModelDeployments", "GET", deployments)
    static let createModelDeployment = APIOperation("CreateModelDeployment", "POST", deployments)
    static let getModelDeployment = APIOperation("GetModelDeployment", "GET", "\(deployments)/{deployment_id}")
    static let stopModelDeployment = APIOperation("StopModelDeployment", "POST", "\(deployments)/{deployment_id}:stop")
    static let restartModelDeployment = APIOperation(
        "RestartModelDeployment",
        "POST",
        "\(deployments)/{deployment_id}:restart"
    )
}

extension Pages where Item == ModelDeployment {
    /// The deployments of one build; the server knows no sort keys here.
    package static func deployments(project: String, model: String, build: String) -> Pages {
        Pages(.listModelDeployments, [project, model, build], Listing())
    }
}

extension Exchange where Self == Endpoint<ModelDeployment> {
    /// Reads one deployment.
    package static func deployment(project: String, model: String, build: String, _ id: String) -> Self {
        Endpoint(.getModelDeployment, [project, model, build, id])
    }

    /// Deploys a build.
    package static func createDeployment(_ request: DeploymentRequest) -> Self {
        let arguments = [request.projectID, request.modelID, request.buildID]
        var draft = RequestDraft(.createModelDeployment, arguments, body: request)
        // A workbench that repeats the request in its refusal must not carry them into a status. What can't be read is the
        // draft's flaw already.
        draft.secrets = (try? request.environment?.secrets()) ?? []
        return Endpoint(draft)
    }

    /// Stops a deployment.
    package static func stopDeployment(project: String, model: String, build: String, _ id: String) -> Self {
        Endpoint(.stopModelDeployment, [project, model, build, id])
    }

    /// Starts a deployment again.
    package static func restartDeployment(project: String, model: String, build: String, _ id: String) -> Self {
        Endpoint(.restartModelDeployment, [project, model, build, id])
    }
}

extension Exchange where Self == PageSearch<ModelDeployment, [ModelDeployment]> {
    /// Finds the deployments of a build, oldest first.
    ///
    /// More than one means that a call was applied twice, or that someone deployed by hand.
    package static func deployments(project: String, model: String, build: String) -> Self {
        PageSearch(
            .deployments(project: project, model: model, build: build),
            where: { _ in true },
            finding: { deployments in deployments.sortedByAge { ($0.createdAt, $0.id) } }
        )
    }
}
