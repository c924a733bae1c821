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

    /// Read again, forwarded, or sent again: what names it and what it says are the same.
    @Test func theSameEventIsTheSameRolloutHoweverItArrives() {
        let same = self.id()
        #expect(self.id { $0.time = nil } == same)
        #expect(self.id { $0.origin.offset = 9 } == same)
        #expect(self.id { $0.origin.partition = 3 } == same)
        #expect(self.id { $0.traceparent = "x" } == same)
        #expect(self.id { $0.subject = "x" } == same)
    }

    /// Each of them is another try: corrected, sent by another, or by another way.
    @Test func whatNamesTheEventAndWhatItSaysTellRolloutsApart() {
        var ids = [
            self.id(),
            RolloutID(of: self.event(), workspace: "other"),
            self.id { $0.id = "j" },
            self.id { $0.source = "j" },
            self.id { $0.origin.topic = "u" },
            self.id { $0.isCloudEvent = false },
            self.id { $0.data.status = "RUNNING" },
            self.id { $0.data.status = "" },
            self.id { $0.replay = Replay(id: "1", reason: "") },
            self.id { $0.replay = Replay(id: "2", reason: "") },
        ]
        let changes: [(inout RunFinishedData) -> Void] = [
            { $0.run.projectID = "q" }, { $0.run.projectID = nil },
            { ($0.run.projectID, $0.run.projectName) = (nil, "p") }, { $0.run.experimentID = "f" },
            { ($0.run.projectID, $0.run.experimentID) = ("pe", "") }, { $0.run.experimentName = "e" },
            { $0.run.runID = "s" }, { $0.run.runID = nil }, { $0.model.name = "m" }, { $0.model.name = "" },
            { $0.model.artifactPath = "m" }, { $0.model.description = "m" }, { $0.build.runtime = "m" },
            { $0.build.comment = "m" }, { $0.deployment.cpu = 2 }, { $0.deployment.cpu = 3 },
            { $0.deployment.memoryGB = 2 }, { $0.deployment.gpus = 2 }, { $0.deployment.replicas = 2 },
            { $0.deployment.environment = ["A": "B"] }, { $0.deployment.environment = ["A": "C"] },
            { $0.deployment.environment = ["A": "B", "C": "D"] }, { $0.deployment.environment = ["AB": ""] },
        ]
        for change in changes { ids.append(self.id { change(&$0.data) }) }
        #expect(Set(ids).count == ids.count)
    }

    @Test func theOrderOfVariablesDoesNotMatter() {
        let names = (1...20).map { "V\($0)" }
        let first = Dictionary(uniqueKeysWithValues: names.map { ($0, $0) })
        let second = Dictionary(uniqueKeysWithValues: names.reversed().map { ($0, $0) })
        #expect(
            self.id { $0.data.deployment.environment = first } == self.id { $0.data.deployment.environment = second }
        )
    }

    /// A plain event has no name but its place, and a topic that was made anew has the same places.
    @Test func aPlainEventIsNamedByPlaceAndTime() {
        let plain = self.id { $0.isCloudEvent = false }
        #expect(plain == self.id { ($0.isCloudEvent, $0.subject) = (false, "x") })
        #expect(plain != self.id { ($0.isCloudEvent, $0.origin.offset) = (false, 5) })
        #expect(plain != self.id { ($0.isCloudEvent, $0.origin.partition) = (false, 5) })
        #expect(plain != self.id { ($0.isCloudEvent, $0.time) = (false, wall(2)) })
        #expect(plain != self.id { ($0.isCloudEvent, $0.time) = (false, nil) })
    }

    @Test func reasonOfAReplayDoesNotMatter() {
        let first = self.id { $0.replay = Replay(id: "1", reason: "a") }
        #expect(self.id { $0.replay = Replay(id: "1", reason: "b", allowsRollback: true) } == first)
    }

    @Test func identityNeverChangesBetweenVersions() {
        #expect(self.id().description == "ee871d2fc7106bd237d9941d05bb8b88")
    }
}
