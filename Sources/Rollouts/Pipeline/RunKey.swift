// SPDX-License-Identifier: Apache-2.0

import Digest

/// The second identity of a rollout, fixed when it is resolved: which run becomes which model, for whom, by which replay.
///
/// One rollout at a time holds it: one that is under way, or whose deployment is live. Another event about its run is a
/// duplicate as long as somebody does, and another try once nobody does (`RunHolders`).
package struct RunKey: Hashable, Sendable {
    /// Project.
    package let projectID: String
    /// Experiment.
    package let experimentID: String
    /// Run.
    package let runID: String
    /// Name of the model.
    package let modelName: String
    /// The replay that asks for it again; `nil` for a first time.
    package let replayID: String?
    /// The event topic: who may write to one can't keep out what comes by another.
    package let topic: String

    /// Creates a key.
    package init(_ run: ResolvedRun, modelName: String, replayID: String?, topic: String) {
        self.projectID = run.projectID
        self.experimentID = run.experimentID
        self.runID = run.runID
        self.modelName = modelName
        self.replayID = replayID
        self.topic = topic
    }

    /// 64 bits of SHA-256 over the key's fields, each with its length before it.
    ///
    /// Two of a million runs share them with a chance of 1 in 37 million: then the second is skipped as `duplicate` while the
    /// first is under way or live, visibly, and a replay deploys it.
    package var digest: UInt64 {
        var hash = SHA256()
        hash.updateField("slipway run key 2")
        hash.updateField(self.projectID)
        hash.updateField(self.experimentID)
        hash.updateField(self.runID)
        hash.updateField(self.modelName)
        hash.updateField(self.replayID)
        hash.updateField(self.topic)
        return hash.finish().prefix128.0
    }
}

extension RolloutState {
    /// What it holds from resolving on; `nil` before.
    package var runKey: RunKey? {
        self.run.map {
            RunKey($0, modelName: self.plan.modelName, replayID: self.replay?.id, topic: self.origin.topic)
        }
    }
}
