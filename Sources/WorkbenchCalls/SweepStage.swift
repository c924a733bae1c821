// SPDX-License-Identifier: Apache-2.0

import Rollouts
import WorkbenchAPI

/// Where a call of a sweep stands.
///
/// A stage that says nothing else leads to the end.
enum SweepStage: Sendable {
    /// Versions that carry the marker are looked for, page by page.
    case findingVersions(VersionSearch, marker: String)
    /// Builds that carry the marker are looked for, page by page.
    case findingBuilds(PageSearch<ModelBuild, [ModelBuild]>, BuildLook)
    /// Builds of a version are looked for, page by page.
    case findingUses(PageSearch<ModelBuild, [ModelBuild]>)
    /// The build's deployments are looked for, page by page.
    case findingDeployments(PageSearch<ModelDeployment, [ModelDeployment]>)
    /// A version or build is being deleted.
    case deleting(Endpoint<EmptyReply>)
    /// A deployment is being stopped, or started again.
    case changing(Endpoint<ModelDeployment>)
    /// The deployment that is to serve is read.
    case reading(Endpoint<ModelDeployment>)
}

extension SweepStage {
    /// How a call of a sweep begins.
    static func first(of call: SweepCall) -> SweepStage {
        switch call {
        case .findVersions(let name, let run, let marker):
            .findingVersions(.versions(modelNamed: name, run: run, tag: MarkerTag(marker).tag), marker: marker)
        case .findBuilds(let look): .findingBuilds(look.search, look)
        case .findUses(let project, let model, let version):
            .findingUses(.builds(project: project, model: model) { $0.registeredVersionID == version })
        case .findDeployments(let project, let model, let build):
            .findingDeployments(.deployments(project: project, model: model, build: build))
        case .removeVersion(let model, let version):
            .deleting(.deleteRegisteredVersion(model: model, version))
        case .removeBuild(let project, let model, let build):
            .deleting(.deleteBuild(project: project, model: model, build))
        case .stopDeployment(let place):
            .changing(
                .stopDeployment(
                    project: place.projectID,
                    model: place.modelID,
                    build: place.buildID,
                    place.deploymentID
                )
            )
        case .readLive(let place):
            .reading(
                .deployment(
                    project: place.projectID,
                    model: place.modelID,
                    build: place.buildID,
                    place.deploymentID
                )
            )
        case .reviveDeployment(let place):
            .changing(
                .restartDeployment(
                    project: place.projectID,
                    model: place.modelID,
                    build: place.buildID,
                    place.deploymentID
                )
            )
        }
    }

    /// What is to be sent.
    func draft(in dialect: Dialect) -> RequestDraft {
        switch self {
        case .findingVersions(let search, _): search.draft(in: dialect)
        case .findingBuilds(let search, _), .findingUses(let search): search.draft(in: dialect)
        case .findingDeployments(let search): search.draft(in: dialect)
        case .deleting(let endpoint): endpoint.draft
        case .changing(let endpoint): endpoint.draft
        case .reading(let endpoint): endpoint.draft
        }
    }

    /// Takes the response to what was sent.
    func turn(after arrival: Arrival) throws(APIError) -> Turn {
        switch self {
        case .findingVersions(let search, let marker):
            let stage = { Stage.sweeping(.findingVersions($0, marker: marker)) }
            return try arrival.turn(of: search, in: stage) { versions in
                .marked(versions.compactMap { MarkedObject($0, marker: MarkerTag(marker)) })
            }
        case .findingBuilds(let search, let look):
            let stage = { Stage.sweeping(.findingBuilds($0, look)) }
            return try arrival.turn(of: search, in: stage) { builds in
                .marked(builds.map { MarkedObject($0, isMarked: $0.isMarked(by: look.marker)) })
            }
        case .findingUses(let search):
            let stage = { Stage.sweeping(.findingUses($0)) }
            return try arrival.turn(of: search, in: stage) { builds in
                .marked(builds.map { MarkedObject($0, isMarked: false) })
            }
        case .findingDeployments(let search):
            let stage = { Stage.sweeping(.findingDeployments($0)) }
            return try arrival.turn(of: search, in: stage) { deployments in
                .marked(deployments.map { MarkedObject($0) })
            }
        case .deleting(let endpoint):
            _ = try arrival.answer(to: endpoint)
        case .changing(let endpoint):
            _ = try arrival.answer(to: endpoint)
        case .reading(let endpoint):
            return .ended(.marked([MarkedObject(try arrival.answer(to: endpoint))]))
        }
        return .ended(.marked([]))
    }
}

extension MarkedObject {
    /// `nil` for a version that is being deleted, or that carries another rollout's marker.
    fileprivate init?(_ version: RegisteredModelVersion, marker: MarkerTag) {
        let isMarked = marker.isCarried(by: version)
        guard isMarked || version.tags[MarkerTag.key] == nil, !version.status.isEnded else { return nil }
        self.init(
            id: version.id,
            parent: version.modelID,
            isActive: !version.status.isFailed,
            isMarked: isMarked,
            createdAt: version.createdAt
        )
    }

    fileprivate init(_ build: ModelBuild, isMarked: Bool) {
        self.init(
            id: build.id,
            isActive: !build.status.isFailed,
            isMarked: isMarked,
            createdAt: build.createdAt,
            user: build.creator
        )
    }

    fileprivate init(_ deployment: ModelDeployment) {
        self.init(
            id: deployment.id,
            isActive: deployment.isUpOrOnItsWay,
            createdAt: deployment.createdAt,
            user: deployment.deployer
        )
    }
}

extension ModelDeployment {
    fileprivate var isUpOrOnItsWay: Bool { self.status.isReady || self.status.isInProgress }
}
