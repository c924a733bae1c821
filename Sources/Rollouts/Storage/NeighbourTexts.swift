// SPDX-License-Identifier: Apache-2.0

/// Texts of the rollout that came last: most of the next one's are the same, and one copy serves both.
struct NeighbourTexts: Sendable {
    private var topic = ""
    private var source = ""
    private var projectID = ""
    private var experimentID = ""
    private var runtimeIdentifier = ""

    /// Puts the neighbour's copy in the place of each text that says the same.
    mutating func share(with state: inout RolloutState) {
        Self.share(&self.topic, &state.origin.topic)
        Self.share(&self.source, &state.event.source)
        if var id = state.plan.run.projectID {
            Self.share(&self.projectID, &id)
            state.plan.run.projectID = id
        }
        if var id = state.plan.run.experimentID {
            Self.share(&self.experimentID, &id)
            state.plan.run.experimentID = id
        }
        if var identifier = state.made.runtimeIdentifier {
            Self.share(&self.runtimeIdentifier, &identifier)
            state.made.runtimeIdentifier = identifier
        }
        state.run = state.run?.sharingTexts(with: state.plan.run)
    }

    private static func share(_ known: inout String, _ text: inout String) {
        if known == text { text = known } else { known = text }
    }
}
