// SPDX-License-Identifier: Apache-2.0

import Digest
import Values

extension RolloutID {
    /// Identifies the rollout of one event by what the event itself says, before and without any route or API call.
    ///
    /// The first 128 bits of SHA-256 over: workspace, topic where it stood first, what names the event there, all decoded
    /// fields in a fixed order (each absent or present, with its length), and the replay id. A CloudEvent is named by its
    /// `source` and `id`; a plain event by its place and time. So the same event read or sent again is known, and another
    /// one about the same run, such as a corrected one, is another try (see `RunKey`).
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - workspace: The workbench and the settings that make a rollout elsewhere another one.
    package init(of event: RunFinishedEvent, workspace: String) {
        var hash = SHA256()
        hash.updateField("slipway rollout id 2")
        hash.updateField(workspace)
        hash.updateField(event.origin.topic)
        if event.isCloudEvent {
            hash.updateField("event")
            hash.updateField(event.source)
            hash.updateField(event.id)
        } else {
            hash.updateField("place")
            hash.updateInteger(event.origin.partition.rawValue)
            hash.updateInteger(event.origin.offset.rawValue)
            // A topic that was made anew has the same places again.
            hash.updateField(event.time.map { String($0.millisecondsSinceEpoch) })
        }
        event.data.update(&hash)
        hash.updateField(event.replay?.id)
        let (high, low) = hash.finish().prefix128
        self.init(high: high, low: low)
    }
}

extension RunFinishedData {
    /// Adds all fields, in a fixed order.
    fileprivate func update(_ hash: inout SHA256) {
        hash.updateField(self.run.projectID)
        hash.updateField(self.run.projectName)
        hash.updateField(self.run.experimentID)
        hash.updateField(self.run.experimentName)
        hash.updateField(self.run.runID)
        hash.updateField(self.status)
        hash.updateField(self.model.name)
        hash.updateField(self.model.artifactPath)
        hash.updateField(self.model.description)
        hash.updateField(self.build.runtime)
        hash.updateField(self.build.comment)
        hash.updateField(self.deployment.cpu.map { String($0.bitPattern) })
        hash.updateField(self.deployment.memoryGB.map { String($0.bitPattern) })
        hash.updateField(self.deployment.gpus.map { String($0) })
        hash.updateField(self.deployment.replicas.map { String($0) })
        hash.updateInteger(UInt64(self.deployment.environment.count))
        for (name, value) in self.deployment.environment.sorted(by: { $0.key < $1.key }) {
            hash.updateField(name)
            hash.updateField(value)
        }
    }
}
