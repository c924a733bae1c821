// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

@Suite struct EventIdentityTests {
    private func event(_ change: (inout RunFinishedEvent) -> Void = { _ in }) -> RunFinishedEvent {
        var event = RunFinishedEvent(
            source: "s",
            id: "i",
            time: wall(1),
            data: RunFinishedData(run: RunReference(projectID: "p", experimentID: "e", runID: "r")),
            origin: Origin(topic: "t", partition: 0, offset: 0)
        )
        change(&event)
        return event
    }

    private func id(_ change: (inout RunFinishedEvent) -> Void = { _ in }) -> RolloutID {
        RolloutID(of: self.event(change), workspace: "w")
    }

    @Test func sameRunIsTheSameRolloutHoweverItArrives() {
        let same = self.id()
        #expect(self.id { $0.id = "other" } == same)
        #expect(self.id { $0.source = "other" } == same)
        #expect(self.id { $0.time = nil } == same)
        #expect(self.id { $0.origin.offset = 9 } == same)
        #expect(self.id { $0.isCloudEvent = false } == same)
        #expect(self.id { $0.traceparent = "x" } == same)
        #expect(self.id { $0.data.deployment.cpu = 3 } == same)
    }

    @Test func whatTheEventNamesTellsRolloutsApart() {
        let ids: Set<RolloutID> = [
            self.id(),
            RolloutID(of: self.event(), workspace: "other"),
            self.id { $0.data.run.projectID = "q" },
            self.id { $0.data.run.projectID = nil },
            self.id { ($0.data.run.projectID, $0.data.run.projectName) = (nil, "p") },
            self.id { $0.data.run.experimentID = "f" },
            self.id { ($0.data.run.projectID, $0.data.run.experimentID) = ("pe", "") },
            self.id { $0.data.run.runID = "s" },
            self.id { $0.data.run.runID = nil },
            self.id { $0.data.model.name = "m" },
            self.id { $0.data.model.name = "" },
            self.id { $0.replay = Replay(id: "1", reason: "") },
            self.id { $0.replay = Replay(id: "2", reason: "") },
        ]
        #expect(ids.count == 13)
    }

    @Test func reasonOfAReplayDoesNotMatter() {
        let first = self.id { $0.replay = Replay(id: "1", reason: "a") }
        #expect(self.id { $0.replay = Replay(id: "1", reason: "b", allowsRollback: true) } == first)
    }

    @Test func newestRunIsToldApartByTheEvent() {
        let first = self.id { $0.data.run.runID = nil }
        #expect(first == self.id { ($0.data.run.runID, $0.origin.offset) = (nil, 5) })
        #expect(first != self.id { ($0.data.run.runID, $0.id) = (nil, "j") })
        #expect(first != self.id { ($0.data.run.runID, $0.source) = (nil, "j") })
        let plain = self.id { ($0.data.run.runID, $0.isCloudEvent) = (nil, false) }
        #expect(plain != first)
        #expect(plain != self.id { ($0.data.run.runID, $0.isCloudEvent, $0.origin.offset) = (nil, false, 5) })
    }

    @Test func identityNeverChangesBetweenVersions() {
        #expect(self.id().description == "da1a5373e5ed776c4573dff5f404c2e3")
    }
}
