// SPDX-License-Identifier: Apache-2.0

import Rollouts
import WorkbenchAPI

extension CallRunner {
    /// Makes one call of a sweep.
    func sweep(_ call: SweepCall) async throws(APIError) -> [MarkedObject] {
        switch call {
        case .findVersions(let name, let run, let marker):
            let tag = APITag(key: Self.markerTag, value: marker)
            return try await self.client.findVersions(modelNamed: name, run: run, tag: tag)
                .filter { $0.tags[tag.key] == tag.value && !$0.status.isEnded }
                .map { MarkedObject(id: $0.id, parent: $0.modelID, isActive: !$0.status.isFailed) }
        case .findBuilds(let project, let model, let marker):
            return try await self.client.findBuilds(project: project, model: model, commentContaining: marker)
                .map { MarkedObject(id: $0.id, isActive: !$0.status.isFailed) }
        case .findDeployments(let project, let model, let build):
            return try await self.client.findDeployments(project: project, model: model, build: build)
                .map { MarkedObject(id: $0.id, isActive: $0.status.isReady || $0.status.isInProgress) }
        case .removeVersion(let model, let version):
            try await self.client.deleteRegisteredVersion(model: model, version)
        case .removeBuild(let project, let model, let build):
            try await self.client.deleteBuild(project: project, model: model, build)
        case .stopDeployment(let place):
            _ = try await self.client.stopDeployment(
                project: place.projectID,
                model: place.modelID,
                build: place.buildID,
                place.deploymentID
            )
        case .reviveDeployment(let place): try await self.revive(place)
        }
        return []
    }

    /// Starts a deployment again, unless it is up or on its way.
    private func revive(_ place: DeploymentPlace) async throws(APIError) {
        let (project, model, build) = (place.projectID, place.modelID, place.buildID)
        let deployment = try await self.client.deployment(
            project: project,
            model: model,
            build: build,
            place.deploymentID
        )
        guard !deployment.status.isReady, !deployment.status.isInProgress else { return }
        _ = try await self.client.restartDeployment(project: project, model: model, build: build, place.deploymentID)
    }
}
