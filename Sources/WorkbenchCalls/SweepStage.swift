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
    case findingBuilds(PageSearch<ModelBuild, [ModelBuild]>)
    /// The build's deployments are looked for, page by page.
    case findingDeployments(PageSearch<ModelDeployment, [ModelDeployment]>)
    /// A version or build is being deleted.
    case deleting(Endpoint<EmptyReply>)
    /// A deployment is being stopped, or started again.
    case changing(Endpoint<ModelDeployment>)
    /// The deployment that is to serve is read. Next: `changing`, or the end where it is up or on its way.
    case readingBeforeRevival(Endpoint<ModelDeployment>, DeploymentPlace)
}

extension SweepStage {
    /// How a call of a sweep begins.
    static func first(of call: SweepCall) -> SweepStage {
        switch call {
        case .findVersions(let name, let run, let marker):
            .findingVersions(.versions(modelNamed: name, run: run, tag: MarkerTag(marker).tag), marker: marker)
        case .findBuilds(let project, let model, let marker):
            .findingBuilds(.builds(project: project, model: model, markedBy: marker))
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
        case .reviveDeployment(let place):
            .readingBeforeRevival(
                .deployment(
                    project: place.projectID,
                    model: place.modelID,
                    build: place.buildID,
                    place.deploymentID
                ),
                place
            )
        }
    }

    /// What is to be sent.
    func draft(in dialect: Dialect) -> RequestDraft {
        switch self {
        case .findingVersions(let search, _): search.draft(in: dialect)
        case .findingBuilds(let search): search.draft(in: dialect)
        case .findingDeployments(let search): search.draft(in: dialect)
        case .deleting(let endpoint): endpoint.draft
        case .changing(let endpoint): endpoint.draft
        case .readingBeforeRevival(let endpoint, _): endpoint.draft
        }
    }

    /// Takes the response to what was sent.
    func turn(after arrival: Arrival) throws(APIError) -> Turn {
        switch self {
        case .findingVersions(let search, let marker):
            let stage = { Stage.sweeping(.findingVersions($0, marker: marker)) }
            return try arrival.turn(of: search, in: stage) { versions in
                .marked(
                    versions.filter { MarkerTag(marker).isCarried(by: $0) && !$0.status.isEnded }
                        .map { MarkedObject(id: $0.id, parent: $0.modelID, isActive: !$0.status.isFailed) }
                )
            }
        case .findingBuilds(let search):
            let stage = { Stage.sweeping(.findingBuilds($0)) }
            return try arrival.turn(of: search, in: stage) { builds in
                .marked(builds.map { MarkedObject(id: $0.id, isActive: !$0.status.isFailed) })
            }
        case .findingDeployments(let search):
            let stage = { Stage.sweeping(.findingDeployments($0)) }
            return try arrival.turn(of: search, in: stage) { deployments in
                .marked(deployments.map { MarkedObject(id: $0.id, isActive: $0.isUpOrOnItsWay) })
            }
        case .deleting(let endpoint):
            _ = try arrival.answer(to: endpoint)
        case .changing(let endpoint):
            _ = try arrival.answer(to: endpoint)
        case .readingBeforeRevival(let endpoint, let place):
            guard try arrival.answer(to: endpoint).isUpOrOnItsWay else {
                return .ask(
                    .sweeping(
                        .changing(
                            .restartDeployment(
                                project: place.projectID,
                                model: place.modelID,
                                build: place.buildID,
                                place.deploymentID
                            )
                        )
                    )
                )
            }
        }
        return .ended(.marked([]))
    }
}

extension ModelDeployment {
    fileprivate var isUpOrOnItsWay: Bool { self.status.isReady || self.status.isInProgress }
}
