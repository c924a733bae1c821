// SPDX-License-Identifier: Apache-2.0

/// The operations of API v2 that the sandbox has, by the spec's operation ids.
package enum Operation: String, Sendable, CaseIterable {
    case validateKey = "ValidateAPIKey"
    case listProjects = "ListProjects"
    case createProject = "CreateProject"
    case getProject = "GetProject"
    case updateProject = "UpdateProject"
    case deleteProject = "DeleteProject"
    case listAllExperiments = "ListAllExperiments"
    case listExperiments = "ListExperiments"
    case createExperiment = "CreateExperiment"
    case getExperiment = "GetExperiment"
    case updateExperiment = "UpdateExperiment"
    case deleteExperiment = "DeleteExperiment"
    case listRuns = "ListExperimentRuns"
    case createRun = "CreateExperimentRun"
    case getRun = "GetExperimentRun"
    case updateRun = "UpdateExperimentRun"
    case deleteRun = "DeleteExperimentRun"
    case getRunMetrics = "GetExperimentRunMetrics"
    case logBatch = "LogExperimentRunBatch"
    case deleteBatch = "DeleteExperimentRunBatch"
    case listRegisteredModels = "ListRegisteredModels"
    case createRegisteredModel = "CreateRegisteredModel"
    case updateRegisteredModel = "UpdateRegisteredModel"
    case getRegisteredModel = "GetRegisteredModel"
    case deleteRegisteredModel = "DeleteRegisteredModel"
    case updateVersion = "UpdateRegisteredModelVersion"
    case getVersion = "GetRegisteredModelVersion"
    case deleteVersion = "DeleteRegisteredModelVersion"
    case listAllModels = "ListAllModels"
    case listModels = "ListModels"
    case createModel = "CreateModel"
    case getModel = "GetModel"
    case updateModel = "UpdateModel"
    case deleteModel = "DeleteModel"
    case listBuilds = "ListModelBuilds"
    case createBuild = "CreateModelBuild"
    case getBuild = "GetModelBuild"
    case deleteBuild = "DeleteModelBuild"
    case listDeployments = "ListModelDeployments"
    case createDeployment = "CreateModelDeployment"
    case getDeployment = "GetModelDeployment"
    case restartDeployment = "RestartModelDeployment"
    case stopDeployment = "StopModelDeployment"
    case listRuntimes = "ListRuntimes"

    /// The type of the body, where the operation has one.
    var requestType: MessageType? {
        switch self {
        case .validateKey: .validateKey
        case .createProject: .createProject
        case .updateProject: .project
        case .createExperiment: .createExperiment
        case .updateExperiment: .experiment
        case .createRun: .createRun
        case .updateRun: .run
        case .logBatch: .logBatch
        case .deleteBatch: .deleteBatch
        case .createRegisteredModel: .createRegisteredModel
        case .updateRegisteredModel: .updateRegisteredModel
        case .updateVersion: .updateVersion
        case .createModel: .createModel
        case .updateModel: .updateModel
        case .createBuild: .createBuild
        case .createDeployment: .createDeployment
        case .listProjects, .getProject, .deleteProject, .listAllExperiments, .listExperiments, .getExperiment,
            .deleteExperiment, .listRuns, .getRun, .deleteRun, .getRunMetrics, .listRegisteredModels,
            .getRegisteredModel, .deleteRegisteredModel, .getVersion, .deleteVersion, .listAllModels, .listModels,
            .getModel, .deleteModel, .listBuilds, .getBuild, .deleteBuild, .listDeployments, .getDeployment,
            .restartDeployment, .stopDeployment, .listRuntimes:
            nil
        }
    }

    /// Whether it changes something, so that it is audited.
    ///
    /// `ValidateAPIKey` is a POST that changes nothing.
    var isMutating: Bool {
        self.route.method != "GET" && self != .validateKey
    }
}
