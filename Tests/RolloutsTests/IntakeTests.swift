// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// What a record means by itself, and whose it is.
struct IntakeTests {
    private static let count = 8
    private let events = ReadPartition(.events(0), 3)
    private let inbox = ReadPartition.inbox(9)

    private func intake(_ template: String? = nil, projects: [String] = [], maximumBytes: Int = 10_000) throws -> Intake
    {
        var route = Route(name: "all", runtime: .identifier("image"))
        route.modelName = try template.map { try ModelNameTemplate($0) }
        if !projects.isEmpty { route.match.projects = projects.map { Glob($0) } }
        return Intake(
            Intake.Settings(
                routes: Routes([route]),
                defaultProjectID: "p",
                workbench: "w",
                maximumEventBytes: maximumBytes,
                inboxPartitions: Self.count
            )
        )
    }

    private func rollout(_ entry: IntakeEntry) throws -> RolloutState {
        guard case .rollout(let state) = entry.decision else { return try #require(nil, "it is no rollout") }
        return state
    }

    private func reason(_ entry: IntakeEntry) -> DeadLetterReason.Class? {
        guard case .dead(let reason) = entry.decision else { return nil }
        return reason.class
    }

    private func event(_ model: String?) -> ConsumedRecord {
        let name = model.map { #","model":{"name":"\#($0)"}"# } ?? ""
        let text = #"{"projectId":"p","experimentId":"e","runId":"r"\#(name)}"#
        return EventSamples.record(text, headers: EventSamples.headers)
    }

    @Test func anEventBelongsToTheOwnerOfItsModelWhereverItWasRead() throws {
        let intake = try self.intake()
        for model in ["a", "b", "c", "d"] {
            let entry = intake.entry(self.event(model), from: self.events, now: wall(1))
            let state = try self.rollout(entry)
            #expect(state.partition == Ownership.owner(of: model, count: Self.count))
            #expect(state.plan.modelName == model)
            #expect(state.origin == Origin(topic: "events", partition: 3, offset: 42))
            #expect(state.acceptedAt == wall(1))
            #expect(entry.next == 43)
        }
    }

    @Test func anEventWithoutACertainModelBelongsToItsOwnID() throws {
        let text = #"{"projectId":"p","experimentId":"e"}"#
        let record = EventSamples.record(text, headers: EventSamples.headers)
        let state = try self.rollout(self.intake("m-{runId}").entry(record, from: self.events, now: wall(1)))
        #expect(state.plan.naming == PendingName(template: "m-{runId}", subject: nil))
        #expect(state.partition == Ownership.owner(of: nil, state.id, count: Self.count))
        #expect(!state.phase.isTerminal)
    }

    @Test func whatNoRouteWantsEndsAtOnceWithAnOwner() throws {
        let intake = try self.intake(projects: ["other"])
        let text = #"{"projectId":"p","projectName":"churn","experimentId":"e"}"#
        let record = EventSamples.record(text, headers: EventSamples.headers)
        let state = try self.rollout(intake.entry(record, from: self.events, now: wall(1)))
        #expect(state.phase == .skipped)
        #expect(state.cause?.class == .noRoute)
        #expect(state.sequence == 1)
        #expect((0..<Self.count).contains(Int(state.partition.rawValue)))
    }

    /// Anybody may write to an event topic.
    @Test func headerFieldsOfOursMeanNothingOnAnEventTopic() throws {
        var record = self.event("a")
        let plain = try self.rollout(self.intake().entry(record, from: self.events, now: wall(1)))
        record.headers += Forwarding.headers(Origin(topic: "else", partition: 1, offset: 2))
        record.headers.append(RecordHeader(Forwarding.HeaderName.hops, "9"))
        record.headers.append(RecordHeader(Forwarding.HeaderName.moved, "1"))
        let entry = try self.intake().entry(record, from: self.events, now: wall(1))
        #expect(try self.rollout(entry) == plain)
        #expect(entry.event.hops == 0)
        #expect(entry.event.origin == Origin(topic: "events", partition: 3, offset: 42))
    }

    @Test func aForwardedEventIsTheEventThatItWas() throws {
        let record = self.event("a")
        let first = try self.rollout(self.intake().entry(record, from: self.events, now: wall(1)))
        let met = EventSamples.forwarded(record, hops: 1)
        let entry = try self.intake().entry(met, from: self.inbox, now: wall(1))
        #expect(try self.rollout(entry) == first)
        #expect(entry.event.hops == 2)
        #expect(entry.event.headers == record.headers)
        #expect(entry.event.key == record.key)
        #expect(entry.event.timestamp == record.timestamp)
        #expect(entry.next == 8)
    }

    @Test func aForwardedEventThatIsNoneIsDeadWithItsFirstPlace() throws {
        let met = EventSamples.forwarded(EventSamples.record("{"))
        let entry = try self.intake().entry(met, from: self.inbox, now: wall(1))
        #expect(self.reason(entry) == .truncated)
        #expect(entry.event.origin == Origin(topic: "events", partition: 3, offset: 42))
    }

    @Test func aRolloutThatMovesIsReadWholeAndBelongsWhereItIsRead() throws {
        var state = RolloutState.sample(1, partition: 4)
        state.movedFrom = 4
        let written = Forwarding.record(Coordinator.Move(ticket: 1, rollout: state, to: 9), inbox: "inbox")
        #expect(written.partition == 9)
        let met = ConsumedRecord(
            topicPartition: TopicPartition("inbox", 9),
            offset: 11,
            value: written.value,
            headers: written.headers
        )
        let entry = try self.intake().entry(met, from: self.inbox, now: wall(1))
        guard case .moved(let moved) = entry.decision else {
            Issue.record("it is no rollout that moves")
            return
        }
        state.partition = 9
        #expect(moved == state)
        #expect(entry.next == 12)
    }

    @Test(arguments: [nil, [], Array("{}".utf8), Array("{".utf8)] as [[UInt8]?])
    func aMoveThatCanNotBeReadIsDead(value: [UInt8]?) throws {
        let headers = [RecordHeader(Forwarding.HeaderName.moved, "1")]
        let met = EventSamples.record(value, headers: headers)
        let entry = try self.intake().entry(met, from: self.inbox, now: wall(1))
        #expect(self.reason(entry) == .foreignInboxRecord)
    }

    @Test func aBarrierIsPassedOver() throws {
        var met = EventSamples.record(nil, headers: [])
        met.key = Barrier.key
        let entry = try self.intake().entry(met, from: self.inbox, now: wall(1))
        guard case .barrier = entry.decision else {
            Issue.record("it means something: \(entry.decision)")
            return
        }
        #expect(entry.next == 43)
    }

    @Test func whatNoWorkerWroteToTheInboxIsDead() throws {
        let origin = Forwarding.headers(Origin(topic: "events", partition: 1, offset: 2))
        let negative = RecordHeader(Forwarding.HeaderName.originPartition, "-1")
        for headers in [[], Array(origin.dropLast()), origin + [origin[0]], [origin[0], origin[2], negative]] {
            let met = EventSamples.record(EventSamples.data, headers: EventSamples.headers + headers)
            let entry = try self.intake().entry(met, from: self.inbox, now: wall(1))
            #expect(self.reason(entry) == .foreignInboxRecord)
        }
    }

    @Test func whatIsTooLargeOrEmptyIsDead() throws {
        let intake = try self.intake(maximumBytes: 100)
        #expect(self.reason(intake.entry(self.event("a"), from: self.events, now: wall(1))) == .tooLarge)
        #expect(self.reason(intake.entry(EventSamples.record(nil), from: self.events, now: wall(1))) == .tombstone)
        let tombstone = EventSamples.forwarded(EventSamples.record(nil))
        #expect(self.reason(intake.entry(tombstone, from: self.inbox, now: wall(1))) == .tombstone)
    }
}
