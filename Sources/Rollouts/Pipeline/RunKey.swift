// SPDX-License-Identifier: Apache-2.0

import Digest

/// The second identity of a rollout, fixed when it is resolved: which run becomes which model, by which replay.
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

    /// Creates a key.
    package init(_ run: ResolvedRun, modelName: String, replayID: String?) {
        self.projectID = run.projectID
        self.experimentID = run.experimentID
        self.runID = run.runID
        self.modelName = modelName
        self.replayID = replayID
    }

    /// 64 bits of SHA-256 over the key's fields, each with its length before it.
    package var digest: UInt64 {
        var hash = SHA256()
        hash.updateField("slipway run key 1")
        hash.updateField(self.projectID)
        hash.updateField(self.experimentID)
        hash.updateField(self.runID)
        hash.updateField(self.modelName)
        hash.updateField(self.replayID)
        return hash.finish().prefix128.0
    }
}
