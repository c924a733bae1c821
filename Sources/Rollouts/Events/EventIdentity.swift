// SPDX-License-Identifier: Apache-2.0

import Digest
import Values

extension RolloutID {
    /// Identifies the rollout of an event by what the event itself says, before and without any route or API call.
    ///
    /// The first 128 bits of SHA-256 over: workspace, project, experiment, run and model as written (each absent or
    /// present, with its length), replay id. Where no run is named, `source` and `id` tell one wish for "the newest run"
    /// from the next; a plain event has its first place in a topic instead.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - workspace: The workbench and the settings that make a rollout elsewhere another one.
    package init(of event: RunFinishedEvent, workspace: String) {
        var hash = SHA256()
        hash.updateField("slipway rollout id 1")
        hash.updateField(workspace)
        let run = event.data.run
        hash.updateField(run.projectID)
        hash.updateField(run.projectName)
        hash.updateField(run.experimentID)
        hash.updateField(run.experimentName)
        hash.updateField(run.runID)
        hash.updateField(event.data.model.name)
        hash.updateField(event.replay?.id)
        if run.runID == nil, event.isCloudEvent {
            hash.updateField("event")
            hash.updateField(event.source)
            hash.updateField(event.id)
        } else if run.runID == nil {
            hash.updateField("place")
            hash.updateField(event.origin.topic)
            hash.updateInteger(event.origin.partition.rawValue)
            hash.updateInteger(event.origin.offset.rawValue)
        }
        let (high, low) = hash.finish().prefix128
        self.init(high: high, low: low)
    }
}
