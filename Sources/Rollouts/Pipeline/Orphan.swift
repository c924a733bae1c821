// SPDX-License-Identifier: Apache-2.0

package import Values

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

/// A step whose calls may have made more than its rollout goes by.
package struct Doubt: Codable, Sendable, Equatable {
    /// The step.
    package var step: CreatingStep
    /// When its thing was first asked for, by the workbench's clock; `nil` where that is not known.
    package var from: Timestamp?
    /// When the last call of it may have taken effect, by the workbench's clock.
    package var until: Timestamp?
    /// Whether it was raised again, and what has raised it may have its effect yet; for the turn in which that is found.
    var isOpen = false

    private enum CodingKeys: String, CodingKey {
        case step, from, until
    }

    /// Creates a doubt.
    package init(_ step: CreatingStep, from: Timestamp? = nil, until: Timestamp? = nil) {
        self.step = step
        self.from = from
        self.until = until
    }

    /// Whether something made then can be of these calls.
    ///
    /// Our idea of the workbench's clock may be some seconds off.
    func covers(_ time: Timestamp?) -> Bool {
        guard let time else { return true }
        let slack = Duration.seconds(5)
        if let from, time < from.advanced(by: .zero - slack) { return false }
        if let until, !self.isOpen, time > until.advanced(by: slack) { return false }
        return true
    }
}

/// What a rollout's calls of unknown outcome may have left behind, and what was found of it.
package struct Aftermath: Codable, Sendable, Equatable {
    /// Steps that may have made more; empty once they are swept.
    package var doubts: [Doubt] = []
    /// What the sweep has found.
    package var orphans: [Orphan] = []
    /// How often it was looked for.
    package var looks = 0
    /// Whether something may have been taken away, or started again, since this was written.
    package var isChanging = false

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
    /// Lists the rollout's builds, and those that may be its own.
    case findBuilds(BuildLook)
    /// Lists the deployments of a build.
    case findDeployments(projectID: String, modelID: String, buildID: String)
    /// Lists the builds of a version that is to be deleted.
    case findUses(projectID: String, modelID: String, versionID: String)
    /// Deletes a version.
    case removeVersion(registeredModelID: String, versionID: String)
    /// Deletes a build.
    case removeBuild(projectID: String, modelID: String, buildID: String)
    /// Stops a deployment.
    case stopDeployment(DeploymentPlace)
    /// Reads whether the live deployment is up.
    case readLive(DeploymentPlace)
    /// Starts the live deployment again.
    case reviveDeployment(DeploymentPlace)

    /// What it does, for a log.
    package var name: String {
        switch self {
        case .findVersions: "findVersions"
        case .findBuilds: "findBuilds"
        case .findDeployments: "findDeployments"
        case .findUses: "findUses"
        case .removeVersion: "removeVersion"
        case .removeBuild: "removeBuild"
        case .stopDeployment: "stopDeployment"
        case .readLive: "readLive"
        case .reviveDeployment: "reviveDeployment"
        }
    }

    /// Whether the call can change something, so that only the partition's owner may make it.
    package var isChanging: Bool {
        switch self {
        case .findVersions, .findBuilds, .findDeployments, .findUses, .readLive: false
        case .removeVersion, .removeBuild, .stopDeployment, .reviveDeployment: true
        }
    }

    /// What must be up for this call.
    var component: Component {
        switch self {
        case .findVersions, .removeVersion: .registry
        case .findBuilds, .findDeployments, .findUses, .readLive, .removeBuild, .stopDeployment, .reviveDeployment:
            .models
        }
    }
}

/// An object that a sweep has found.
package struct MarkedObject: Sendable, Equatable {
    /// What the workbench calls it.
    package var id: String
    /// What it belongs to: the registered model of a version; empty elsewhere.
    package var parent: String
    /// Whether it is up, or on its way there.
    package var isActive: Bool
    /// Whether it carries the rollout's marker, or lies under what does.
    package var isMarked: Bool
    /// When it was made; `nil` where the workbench doesn't say.
    package var createdAt: Timestamp?
    /// The user that made it; empty where the workbench doesn't say.
    package var user: String

    /// Creates an object.
    package init(
        id: String,
        parent: String = "",
        isActive: Bool,
        isMarked: Bool = true,
        createdAt: Timestamp? = nil,
        user: String = ""
    ) {
        self.id = id
        self.parent = parent
        self.isActive = isActive
        self.isMarked = isMarked
        self.createdAt = createdAt
        self.user = user
    }
}
