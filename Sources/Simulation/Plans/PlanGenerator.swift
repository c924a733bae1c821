// SPDX-License-Identifier: Apache-2.0

import Values

/// Makes a plan of a seed.
///
/// Swarm testing: of the kinds of faults some are off in each plan, because faults hide each other.
package struct PlanGenerator {
    private var generator: SeededGenerator
    // Of their own, so that worlds keep what they have beside them.
    private var quotas: SeededGenerator
    private var namesakes: SeededGenerator
    private let seed: UInt64
    private let kinds: [FaultKind]
    private var lastID = 0

    /// The kinds that random seeds draw from.
    package static let usualKinds = FaultKind.allCases.filter { !$0.isBeyond }

    /// Creates a generator.
    ///
    /// - Parameters:
    ///   - seed: Decides everything.
    ///   - kinds: What may go wrong.
    package init(seed: UInt64, kinds: [FaultKind] = PlanGenerator.usualKinds) {
        self.seed = seed
        self.kinds = kinds
        self.quotas = SeededGenerator(seed: seed ^ 0x0A07A)
        self.namesakes = SeededGenerator(seed: seed ^ 0x5A3E)
        self.generator = SeededGenerator(seed: seed &* 0xD1B5_4A32_D192_ED03 ^ 0x5EED)
    }

    /// Makes the plan.
    package mutating func plan() -> Plan {
        var plan = Plan(seed: self.seed, settings: self.settings())
        plan.events = self.events(plan.settings)
        plan.faults = self.faults(plan)
        self.addNamesake(to: &plan)
        return plan
    }

    private mutating func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self.generator) }

    private mutating func chance(_ percent: Int) -> Bool { self.draw(0...99) < percent }

    private mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[self.draw(0...(choices.count - 1))]
    }

    // MARK: Settings

    private mutating func settings() -> PlanSettings {
        var settings = PlanSettings()
        settings.workers = self.draw(2...3)
        settings.inboxPartitions = self.draw(2...6)
        settings.eventTopics = self.chance(25) ? 2 : 1
        settings.eventPartitions = self.draw(1...5)
        // One model alone in the world has nobody to be compared with.
        settings.models = self.chance(3) ? 1 : self.draw(16...24)
        settings.runs = settings.models == 1 ? 74 : 10
        settings.requestTimeout = self.pick([3_000, 5_000, 10_000])
        settings.settle = self.pick([5_000, 10_000, 20_000])
        settings.sweepAfter = self.pick([20_000, 40_000])
        settings.pollMinimum = self.pick([1_000, 2_000])
        settings.callsPerSecond = self.chance(25) ? self.draw(20...60) : 0
        settings.concurrentCalls = self.pick([2, 8, 16, 64])
        settings.registering = self.pick([0, 1_000, 3_000])
        settings.building = self.pick([0, 5_000, 20_000])
        settings.deploying = self.pick([0, 2_000, 8_000])
        settings.sessionTimeout = self.pick([20_000, 30_000, 45_000])
        settings.transactionTimeout = self.pick([5_000, 10_000])
        settings.revocationTimeout = self.pick([3_000, 10_000, 30_000])
        if settings.models == 1 {
            // Each run of it has to wait for the one before.
            settings.building = 0
            settings.deploying = 0
            settings.pollMinimum = 1_000
        }
        settings.maximumUnfinished = self.chance(10) ? self.draw(4...12) : 20_000
        if Int.random(in: 0..<5, using: &self.quotas) == 0 {
            settings.underWay = Int.random(in: 4...16, using: &self.quotas)
        }
        // A topic that takes less than it says, but for what usually comes.
        if self.chance(15) { settings.topicRecordBytes = 2_600 }
        settings.pollLimit = self.pick([1, 5, 20, 100])
        settings.deploysEveryRun = settings.models == 1 || self.chance(50)
        settings.namesByFacts = self.chance(35)
        settings.verifies = self.chance(25)
        // A model alone has all its runs deployed, so that there is something to see.
        settings.compares = settings.models > 1 && self.seed % 3 == 0
        return settings
    }

    // MARK: Events

    private mutating func nextID() -> Int {
        self.lastID += 1
        return self.lastID
    }

    private mutating func events(_ settings: PlanSettings) -> [PlanEvent] {
        let count = self.draw(64...72)
        let length = self.draw(60...180) * 1_000
        var events: [PlanEvent] = []
        var runs = Array(repeating: 0, count: settings.models)
        for index in 0..<count {
            let model = settings.models == 1 ? 0 : self.draw(0...(settings.models - 1))
            guard runs[model] < settings.runs - 1 else { continue }
            events.append(self.event(.run, length * index / count + self.draw(0...2_000), settings, model, runs[model]))
            runs[model] += 1
        }
        self.swap(&events)
        if settings.topicRecordBytes < settings.maximumRecordBytes {
            for _ in 0..<2 { events[self.draw(0...(events.count - 1))].kind = .large }
        }
        for _ in 0..<self.draw(3...8) {
            guard let other = events.filter({ $0.kind == .run }).randomElement(using: &self.generator) else { break }
            events.append(self.further(of: other, settings))
        }
        for _ in 0..<self.draw(0...2) { self.addOvertakingReplay(to: &events, settings) }
        return events.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
    }

    private mutating func event(
        _ kind: PlanEvent.Kind,
        _ at: Int,
        _ settings: PlanSettings,
        _ model: Int,
        _ run: Int
    ) -> PlanEvent {
        PlanEvent(
            id: self.nextID(),
            kind: kind,
            at: at,
            topic: self.draw(0...(settings.eventTopics - 1)),
            partition: self.draw(0...(settings.eventPartitions - 1)),
            model: model,
            run: run
        )
    }

    /// Lets a few events of older runs come after those of newer ones.
    private mutating func swap(_ events: inout [PlanEvent]) {
        for index in events.indices where self.chance(8) {
            let later = events.indices.filter { $0 > index && events[$0].model == events[index].model }
            guard let other = later.first else { continue }
            (events[index].at, events[other].at) = (events[other].at, events[index].at)
        }
    }

    private mutating func further(of other: PlanEvent, _ settings: PlanSettings) -> PlanEvent {
        let at = max(0, other.at + self.draw(-5_000...40_000))
        switch self.draw(0...11) {
        case 0, 1, 2:
            var event = self.event(.again, max(at, other.at), settings, other.model, other.run)
            event.of = other.id
            return event
        case 3: return self.event(.running, at, settings, other.model, other.run)
        // Another event about the same run, at once or when it may be live: a duplicate, or another try.
        case 9: return self.event(.run, max(at, other.at), settings, other.model, other.run)
        case 10: return self.event(.run, other.at + self.draw(30_000...90_000), settings, other.model, other.run)
        case 4, 5: return self.event(.unreadable, at, settings, other.model, other.run)
        case 6: return self.event(.unrouted, at, settings, other.model, other.run)
        case 7, 8: return self.event(.replay, other.at + self.draw(10_000...60_000), settings, other.model, other.run)
        default: return self.event(.rollback, other.at + self.draw(10_000...60_000), settings, other.model, other.run)
        }
    }

    /// Lets a replay come before the event that it repeats, behind a run of the same model that keeps both waiting.
    ///
    /// Both then know what the workbench names with the run before either of them has registered it.
    private mutating func addOvertakingReplay(to events: inout [PlanEvent], _ settings: PlanSettings) {
        let followers = events.indices.filter { index in
            let event = events[index]
            return event.kind == .run
                && events.contains { $0.kind == .run && $0.model == event.model && $0.run == event.run - 1 }
        }
        guard let index = followers.randomElement(using: &self.generator) else { return }
        let (model, run) = (events[index].model, events[index].run)
        guard let before = events.first(where: { $0.kind == .run && $0.model == model && $0.run == run - 1 }) else {
            return
        }
        let at = before.at + self.draw(200...3_000)
        events[index].at = at + self.draw(50...1_500)
        events.append(self.event(.replay, at, settings, model, run))
    }

    /// In a third of the worlds another command has the id of one, soon after it or when its partition may have moved.
    private mutating func addNamesake(to plan: inout Plan) {
        let commands = plan.events.filter { $0.replayID != nil }
        let runs = plan.events.filter { $0.kind == .run }
        guard Int.random(in: 0..<3, using: &self.namesakes) == 0,
            let first = commands.randomElement(using: &self.namesakes),
            var other = runs.randomElement(using: &self.namesakes)
        else { return }
        other.id = self.nextID()
        other.kind = .namesake
        other.of = first.id
        other.at = first.at + Int.random(in: 1...60_000, using: &self.namesakes)
        plan.events.append(other)
        plan.events.sort { ($0.at, $0.id) < ($1.at, $1.id) }
    }

    // MARK: Faults

    private mutating func faults(_ plan: Plan) -> [PlanFault] {
        guard !self.kinds.isEmpty else { return [] }
        // Who refuses the only model that there is leaves nothing to be seen.
        let kinds = self.kinds.filter { $0 != .refusedModel || plan.settings.models > 1 }
        var on = kinds.filter { _ in self.chance(60) }
        while on.count < min(6, kinds.count) {
            let kind = self.pick(kinds)
            if !on.contains(kind) { on.append(kind) }
        }
        let length = (plan.events.last?.at ?? 0) + 20_000
        var faults: [PlanFault] = []
        // Each kind that is on at least once, as far as there is room.
        let first = on.shuffled(using: &self.generator).prefix(17)
        for kind in first { faults.append(self.fault(kind, plan, length)) }
        while faults.count < 18 { faults.append(self.fault(self.pick(on), plan, length)) }
        return faults.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
    }

    private mutating func fault(_ kind: FaultKind, _ plan: Plan, _ length: Int) -> PlanFault {
        var fault = PlanFault(id: self.nextID(), kind: kind, at: self.draw(3_000...length))
        fault.worker = self.draw(0...(plan.settings.workers - 1))
        let settings = plan.settings
        switch kind {
        case .crash: fault.lasts = self.draw(100...8_000)
        case .crashAtOrder:
            fault.lasts = self.draw(100...8_000)
            fault.target = self.draw(0...60)
        case .freeze: fault.lasts = self.pick([500, 3_000, 8_000, settings.sessionTimeout + 10_000])
        case .freezeAtOrder:
            fault.lasts = self.pick([500, 6_000, settings.sessionTimeout + 10_000])
            fault.target = self.draw(0...60)
        case .freezeAtCall:
            // Long enough for another worker to take over, to look and to wait, and to make the same call.
            fault.lasts =
                settings.sessionTimeout + settings.requestTimeout + settings.settle + self.draw(5_000...25_000)
            fault.target = self.draw(0...1)
        case .stop: fault.lasts = self.draw(100...5_000)
        case .visitor: fault.lasts = self.draw(5_000...40_000)
        case .clock:
            fault.lasts = self.draw(5_000...60_000)
            fault.delay = self.pick([-3_600_000, -2_000, 2_000, 1_800_000])
        case .abortedCommit: fault.count = self.draw(1...4)
        case .unknownCommit: fault.target = self.draw(0...1)
        case .lateCommit:
            fault.count = self.draw(1...8)
            fault.delay = self.pick([3, 10, 50, 500])
        case .leaderless:
            fault.lasts = self.draw(500...10_000)
            fault.target = self.draw(0...(settings.inboxPartitions - 1))
        case .grownTopic, .lostOffsets: fault.target = self.draw(0...3)
        case .strayRecord:
            fault.lasts = self.draw(1_000...40_000)
            fault.target = self.draw(0...(StrayRecord.forms * settings.models - 1))
        default: self.drawWorkbenchFault(&fault, settings)
        }
        return fault
    }

    private mutating func drawWorkbenchFault(_ fault: inout PlanFault, _ settings: PlanSettings) {
        fault.lasts = self.draw(2_000...30_000)
        switch fault.kind {
        case .latency: fault.delay = self.draw(50...2_000)
        case .cutBefore, .cutAfter:
            fault.count = self.draw(1...4)
            fault.every = self.draw(1...7)
        case .unavailable, .unreachable: fault.lasts = self.pick([500, 3_000, 30_000])
        case .stall:
            fault.count = self.draw(1...4)
            fault.delay = self.pick([500, settings.requestTimeout + 2_000])
        case .appliedLate:
            fault.count = self.draw(1...4)
            fault.delay = settings.requestTimeout + settings.settle / 2
            fault.target = self.draw(0...1)
        case .rateLimit:
            fault.count = self.draw(1...20)
            fault.delay = self.draw(1...5) * 1_000
        case .serverError:
            fault.count = self.draw(1...3)
            fault.every = self.draw(2...5)
        // Together with a call that is applied late they stay below what `settle` allows.
        case .staleLists:
            fault.delay = self.draw(100...(settings.settle / 5))
            fault.target = self.draw(0...1)
        case .refusedModel: fault.target = self.draw(0...(settings.models - 1))
        case .sparse: fault.target = self.draw(0...1)
        case .inBetween:
            fault.count = self.chance(50) ? 0 : self.draw(1...3)
            fault.target = self.draw(0...9)
            fault.status = self.pick([0, 200, 302, 400, 403, 404, 500, 502])
        case .twins:
            fault.count = self.draw(1...3)
            fault.target = self.draw(0...1)
        case .appliedTooLate:
            fault.count = self.draw(1...3)
            fault.delay = (settings.requestTimeout + settings.settle) * 3
        case .familyDown: fault.target = self.draw(0...(FaultKind.workbenchParts * FaultKind.outageForms - 1))
        case .lateReads:
            fault.delay = self.draw(500...(settings.settle / 5))
            fault.target = self.draw(0...1)
        default: break
        }
    }
}
