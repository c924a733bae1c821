// SPDX-License-Identifier: Apache-2.0

import Simulation
import Testing

@Suite("Acceptance of port traces", .timeLimit(.minutes(5)))
struct PortAcceptorTests {
    /// What a modelled world's ports said.
    private static func trace(_ seed: UInt64, sabotage: Sabotage? = nil) -> PortTrace {
        var generator = PlanGenerator(seed: seed)
        var plan = generator.plan()
        plan.settings.groups = 1
        // What these do to topics and offsets, the ports' orders know nothing of.
        let strange: Set<FaultKind> = [.lostOffsets, .strayRecord, .remadeJournal]
        plan.faults.removeAll { strange.contains($0.kind) }
        let world = World(plan, sabotage: sabotage)
        var lines: [PortTrace.Line] = []
        world.record = { lines.append($0) }
        _ = world.run()
        return PortTrace(lines)
    }

    @Test("what the modelled ports say is accepted", arguments: 1...4)
    func acceptsTheModel(seed: UInt64) {
        let trace = Self.trace(seed)
        #expect(trace.lines.count > 1_000)
        #expect(PortAcceptor(trace).objections() == [])
    }

    @Test("what a port says that forgets the journal is not")
    func refusesAmnesia() {
        let isSeen = (1...6).contains { !PortAcceptor(Self.trace($0, sabotage: .amnesia)).objections().isEmpty }
        #expect(isSeen)
    }

    // MARK: One answer that is another

    private static let (inbox, events) = ("inbox-0", "events0-0")
    private static func lease(_ partition: String, _ epoch: UInt64) -> PortTrace.Lease {
        PortTrace.Lease(partition: partition, epoch: epoch)
    }
    private static func membership(_ generation: Int32, _ member: String) -> PortTrace.Membership {
        PortTrace.Membership(generation: generation, member: member)
    }
    private static func snapshot(_ rollouts: [String: String], _ committed: Int64?) -> PortTrace.Event {
        .restored(self.lease(self.inbox, 1), PortTrace.Snapshot(rollouts: rollouts, committed: committed))
    }
    private static func writes(_ generation: Int32, _ offsets: [String: Int64], _ standing: String) -> PortTrace.Writes
    {
        PortTrace.Writes(
            membership: self.membership(generation, "a"),
            offsets: offsets,
            rollouts: [self.inbox: ["r": standing]]
        )
    }

    /// A worker that takes an event over, gives its inbox partition up, and writes once more; the next one restores it.
    private static let story: [(process: String, event: PortTrace.Event)] = [
        ("a", .assigned([inbox, events], membership(1, "a"))),  // 1
        ("a", .restore(lease(inbox, 1))),
        ("a", snapshot([:], nil)),  // 3
        ("a", .read(lease(events, 2), from: 0, isPaused: false)),
        ("a", .records(lease(events, 2), [1, 2, 4])),  // 5
        ("a", .commit(1, writes(1, [inbox: 0, events: 4], "1 accepted resolve"))),
        ("a", .ended(1, .committed)),  // 7
        ("a", .start([1], limited: [])),
        ("a", .answered([1], notStarted: [])),  // 9
        ("a", .membershipChanged(membership(2, "a"))),
        ("a", .revoking([inbox], 1)),  // 11
        ("a", .letGo(1)),
        ("b", .assigned([inbox], membership(3, "b"))),  // 13
        ("b", .restore(lease(inbox, 1))),
        ("a", .commit(2, writes(2, [inbox: 1], "2 registering register"))),
        ("a", .ended(2, .membershipLost)),  // 16
        ("b", snapshot(["r": "1 accepted resolve"], 0)),  // 17
        ("a", .read(lease(events, 3), from: 1, isPaused: false)),
        ("a", .records(lease(events, 3), [2, 4])),  // 19
        ("a", .pause([lease(events, 3)])),
        ("a", .assigned([inbox], membership(4, "a"))),  // 21
        ("a", .read(lease(inbox, 4), from: 0, isPaused: false)),
        ("a", .records(lease(inbox, 4), [1])),  // 23
        ("a", .locate(lease(inbox, 4))),
        ("a", .located(lease(inbox, 4), committed: 0)),  // 25
    ]

    private static func trace(_ story: [(process: String, event: PortTrace.Event)]) -> PortTrace {
        PortTrace(
            story.enumerated().map { PortTrace.Line(process: $1.process, at: Int64($0) * 10, event: $1.event) }
        )
    }

    @Test("the story as it is told is accepted, and the same when it is written and read")
    func acceptsTheStory() throws {
        let trace = Self.trace(Self.story)
        #expect(PortAcceptor(trace).objections() == [])
        #expect(try trace.lines.map { try PortTrace.Line(parsing: $0.json()) } == trace.lines)
    }

    /// Lines of the story with another answer, and what the acceptor says of it.
    private static let lies: [(line: Int, event: PortTrace.Event, reason: String)] = [
        (3, snapshot(["x": "1 accepted resolve"], nil), "which nobody wrote"),
        (3, snapshot([:], 0), "is said to be committed up to 0, not nothing"),
        (5, .records(lease(events, 9), [1]), "under lease 9, after 2 reads it"),
        (5, .records(lease(events, 2), [1, 4]), "record 1 of events0-0 is left out before 3"),
        (5, .records(lease(events, 2), [1, 1]), "record 0 of events0-0 is told, and 1 is next"),
        (5, .records(lease("events0-1", 2), [1]), "records of events0-1, which is not held"),
        (7, .ended(7, .committed), "transaction 7 has ended, and is not under way"),
        (9, .answered([1, 1], notStarted: []), "request 1 is answered, and is not under way"),
        (9, .answered([1], notStarted: [1]), "neither had a limit nor was taken back"),
        (10, .membershipChanged(membership(0, "a")), "generation 0 is told after 1"),
        (11, .revoking(["inbox-5"], 1), "inbox-5 is wanted back, and is not held"),
        (16, .ended(2, .committed), "transaction 2 is committed by generation 2, after 3 had begun"),
        (17, snapshot([:], 0), "is said to have rollout r at '', not '1 accepted resolve'"),
        (17, snapshot(["r": "2 registering register"], 0), "not '1 accepted resolve'"),
        (17, snapshot(["r": "1 accepted resolve"], 1), "is said to be committed up to 1, not 0"),
        (19, .records(lease(events, 3), [4]), "record 1 of events0-0 is left out before 3"),
        (21, .assigned([events], membership(4, "a")), "events0-0 is assigned, and is held already"),
        (21, .lost([inbox]), "inbox-0 is lost, and is not held"),
        (25, .located(lease(inbox, 3), committed: 0), "an answer that nobody asked for"),
        (25, .records(lease(events, 3), [5]), "records of events0-0, which is paused"),
    ]

    @Test("one answer that is another is refused, and its line is named", arguments: lies.indices)
    func refusesLies(index: Int) throws {
        let lie = Self.lies[index]
        var story = Self.story
        story[lie.line - 1].event = lie.event
        let objections = PortAcceptor(Self.trace(story)).objections()
        let objection = try #require(objections.first)
        #expect(objection.line == lie.line)
        #expect(objection.reason.contains(lie.reason), "\(objection)")
    }

    @Test("of a transaction of unknown outcome a restore may find either")
    func allowsEither() {
        for found in ["1 accepted resolve", "2 registering register"] {
            var story = Self.story
            story[14] = ("a", .commit(2, Self.writes(3, [Self.inbox: 0], "2 registering register")))
            story[15].event = .ended(2, .unknown)
            story[16].event = Self.snapshot(["r": found], 0)
            #expect(PortAcceptor(Self.trace(story)).objections() == [])
        }
    }
}
