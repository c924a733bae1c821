// SPDX-License-Identifier: Apache-2.0

import Rollouts
import WorkbenchAPI

// What a look takes for the rollout's own, oldest first in each listing (rules 15 and 16).

extension Sequence {
    /// Picks, of several that came of one thing, the one that lives: ready, else on its way, else the oldest.
    fileprivate func living(_ progress: (Element) -> Progress) -> Element? {
        self.first { progress($0) == .ready }
            ?? self.first { if case .underWay = progress($0) { true } else { false } }
            ?? self.first { _ in true }
    }
}

extension BuildLook {
    /// The search for all that may be meant.
    ///
    /// Where only the marker counts, the server leaves out what has another comment; else it must not, since the marker may
    /// be what was not kept.
    var search: PageSearch<ModelBuild, [ModelBuild]> {
        .builds(
            project: self.projectID,
            model: self.modelID,
            commentContaining: self.secondKeys == nil ? self.marker : nil,
            where: { self.isOurs($0) || self.mayBeOurs($0) }
        )
    }

    /// What the builds found mean.
    func result(_ builds: [ModelBuild]) -> CallResult {
        let ours = builds.filter { self.isOurs($0) }
        guard ours.isEmpty else { return self.result(choosingFrom: ours) }
        let certain = builds.filter { !$0.registeredVersionID.isEmpty && $0.createdAt != nil }
        // The newest: what was made before, in the same moment, is rather another rollout's of the same run.
        guard certain.isEmpty, !builds.isEmpty else { return self.result(choosingFrom: certain.suffix(1)) }
        let ids = builds.prefix(5).map(\.id).joined(separator: ", ")
        return .unclear(
            "an earlier call may have made build \(ids) of model \(self.modelID), whose comment, version or time was not kept"
        )
    }

    private func result(choosingFrom builds: some Collection<ModelBuild>) -> CallResult {
        guard let build = builds.living({ Progress($0.status) }) else { return .build(nil) }
        var facts = BuildFacts(build, sent: nil)
        facts.making.hasTwins = builds.count > 1
        return .build(facts)
    }

    private func isOurs(_ build: ModelBuild) -> Bool {
        build.isMarked(by: self.marker) && self.hasVersion(build) && self.hasRuntime(build)
    }

    /// Whether its runtime is ours, as far as both are known.
    private func hasRuntime(_ build: ModelBuild) -> Bool {
        build.runtimeIdentifier.isEmpty || self.runtimeIdentifier.isEmpty
            || build.runtimeIdentifier == self.runtimeIdentifier
    }

    private func hasVersion(_ build: ModelBuild) -> Bool {
        build.registeredVersionID.isEmpty || build.registeredVersionID == self.versionID
    }

    /// Whether nothing that it says speaks against it, though its marker is gone or cut.
    private func mayBeOurs(_ build: ModelBuild) -> Bool {
        guard let keys = self.secondKeys, self.hasVersion(build), build.id != keys.liveBuildID else { return false }
        let isAnothers = build.comment.hasPrefix("slipway:") && !self.marker.hasPrefix(build.comment)
        let isByUs = build.creator.isEmpty || keys.user.isEmpty || build.creator == keys.user
        return !isAnothers && self.hasRuntime(build) && isByUs && build.createdAt.map { $0 >= keys.since } ?? true
    }
}

/// A look for the version of a run.
struct VersionLook: Sendable {
    let experiment: String
    let run: String
    let marker: MarkerTag
    let secondKeys: SecondKeys?
    /// The project whose name the model's must be; `nil` where that does not count.
    let owner: String?

    /// Whether a version is the run's, or may be, or says whose the name is.
    func takes(_ version: RegisteredModelVersion) -> Bool {
        self.isOfRun(version) || self.mayBeOurs(version) || self.saysOwner(version)
    }

    /// What the versions found mean, the oldest first.
    func result(_ versions: [RegisteredModelVersion]) -> CallResult {
        if let first = versions.first(where: self.saysOwner), first.projectID != self.owner {
            return .taken(
                "the registered model \(first.modelID) of that name was made for project '\(first.projectID)' (version "
                    + "\(first.number), \(first.id))"
            )
        }
        return self.resultForRun(versions)
    }

    /// The registry names the project with a version, and not with a model: the oldest version that is left tells.
    private func saysOwner(_ version: RegisteredModelVersion) -> Bool {
        self.owner != nil && !version.projectID.isEmpty && !version.status.isEnded
    }

    private func resultForRun(_ versions: [RegisteredModelVersion]) -> CallResult {
        let ofRun = versions.filter { self.isOfRun($0) && !$0.status.isEnded }
        if let facts = VersionFacts(choosingFrom: ofRun, marker: self.marker) { return .version(facts) }
        let unclear = versions.filter { !self.isOfRun($0) && self.mayBeOurs($0) && !$0.status.isEnded }
        guard !unclear.isEmpty else { return .version(nil) }
        let ids = unclear.prefix(5).map(\.id).joined(separator: ", ")
        return .unclear(
            "an earlier call may have made version \(ids), of which the registry keeps neither run nor tags"
        )
    }

    private func isOfRun(_ version: RegisteredModelVersion) -> Bool {
        version.isOf(run: self.run, tag: self.marker.tag)
            && (version.experimentID.isEmpty || version.experimentID == self.experiment)
    }

    private func mayBeOurs(_ version: RegisteredModelVersion) -> Bool {
        guard let keys = self.secondKeys, version.runID.isEmpty, version.tags[MarkerTag.key] == nil else {
            return false
        }
        return version.createdAt.map { $0 >= keys.since } ?? true
    }
}

extension VersionFacts {
    /// Picks, of several versions of the run, one that is ready, else one under way, else our own failed one.
    init?(choosingFrom versions: [RegisteredModelVersion], marker: MarkerTag) {
        let facts = versions.map { VersionFacts($0, marker: marker.tag.value) }
        let best = facts.living(\.progress)
        guard let best else { return nil }
        if case .failed = best.progress, let own = facts.first(where: \.isOurs) { self = own } else { self = best }
        self.making.hasTwins = facts.count(where: \.isOurs) > 1
    }
}

extension DeploymentFacts {
    /// Picks, of several deployments of our build, the one that lives: each one displaces those before it.
    init?(choosingFrom deployments: [ModelDeployment]) {
        guard let deployment = deployments.living({ Progress($0.status) }) else { return nil }
        self.init(deployment)
        self.making.hasTwins = deployments.count > 1
    }
}
