// SPDX-License-Identifier: Apache-2.0

/// Something that a creating call of unknown outcome made after all, besides what its rollout goes by.
///
/// Two ways lead here: the workbench applied a call later than anyone waited, or a worker was frozen between its last look
/// and its request. Both leave the rollout's marker on the object, so the sweep finds it.
package struct Orphan: Codable, Sendable, Equatable {
    /// What became of it.
    package enum Outcome: String, Codable, Sendable, CaseIterable {
        /// Deleted from the workbench, or gone before.
        case removed
        /// Stopped; the API can't delete a deployment.
        case stopped
        /// It serves in place of the rollout's own deployment, which it displaced: the same build, so it stays.
        case serving
        /// Still there: nothing may take it away, or the workbench refused.
        case left
    }

    /// Which step's call made it.
    package var kind: CreatingStep
    /// What the workbench calls it.
    package var id: String
    /// What became of it.
    package var outcome: Outcome

    /// Creates an orphan.
    package init(kind: CreatingStep, id: String, outcome: Outcome) {
        self.kind = kind
        self.id = id
        self.outcome = outcome
    }
}

/// What a rollout's calls of unknown outcome may have left behind, and what was found of it.
package struct Aftermath: Codable, Sendable, Equatable {
    /// Steps whose creating call had an unknown outcome; empty once they are swept.
    package var doubts: [CreatingStep] = []
    /// What the sweep has found.
    package var orphans: [Orphan] = []

    /// Creates an empty one.
    package init() {}
}

/// Where a deployment lies on the workbench.
package struct DeploymentPlace: Codable, Sendable, Equatable {
    /// Project.
    package var projectID: String
    /// Model.
    package var modelID: String
    /// Build.
    package var buildID: String
    /// The deployment.
    package var deploymentID: String

    /// Creates a place.
    package init(projectID: String, modelID: String, buildID: String, deploymentID: String) {
        self.projectID = projectID
        self.modelID = modelID
        self.buildID = buildID
        self.deploymentID = deploymentID
    }
}

/// One call of a sweep.
package enum SweepCall: Sendable, Equatable {
    /// Lists the versions that carry the marker.
    case findVersions(modelName: String, runID: String, marker: String)
    /// Lists the builds whose comment begins with the marker.
    case findBuilds(projectID: String, modelID: String, marker: String)
    /// Lists the deployments of a build.
    case findDeployments(projectID: String, modelID: String, buildID: String)
    /// Deletes a version.
    case removeVersion(registeredModelID: String, versionID: String)
    /// Deletes a build.
    case removeBuild(projectID: String, modelID: String, buildID: String)
    /// Stops a deployment.
    case stopDeployment(DeploymentPlace)
    /// Starts the live deployment again, if it is not up.
    case reviveDeployment(DeploymentPlace)

    /// What it does, for a log.
    package var name: String {
        switch self {
        case .findVersions: "findVersions"
        case .findBuilds: "findBuilds"
        case .findDeployments: "findDeployments"
        case .removeVersion: "removeVersion"
        case .removeBuild: "removeBuild"
        case .stopDeployment: "stopDeployment"
        case .reviveDeployment: "reviveDeployment"
        }
    }

    /// Whether the call can change something, so that only the partition's owner may make it.
    package var isChanging: Bool {
        switch self {
        case .findVersions, .findBuilds, .findDeployments: false
        case .removeVersion, .removeBuild, .stopDeployment, .reviveDeployment: true
        }
    }

    /// What must be up for this call.
    var component: Component {
        switch self {
        case .findVersions, .removeVersion: .registry
        case .findBuilds, .findDeployments, .removeBuild, .stopDeployment, .reviveDeployment: .workbench
        }
    }
}

/// An object that carries a rollout's marker, as a sweep finds it.
package struct MarkedObject: Sendable, Equatable {
    /// What the workbench calls it.
    package var id: String
    /// What it belongs to: the registered model of a version; empty elsewhere.
    package var parent: String
    /// Whether it is up, or on its way there.
    package var isActive: Bool

    /// Creates an object.
    package init(id: String, parent: String = "", isActive: Bool) {
        self.id = id
        self.parent = parent
        self.isActive = isActive
    }
}
