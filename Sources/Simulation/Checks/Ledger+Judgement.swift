// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values
import WorkbenchSandbox

/// What is judged when everything has come to an end.
extension Ledger {
    func judge(_ world: World) {
        self.output.read(world.kafka, world.topics)
        self.objects.read(world.gateway)
        self.judgeRollouts()
        self.judgeDeadLetters()
        self.judgeCommands()
        self.judgeJournal(world)
        self.judgeObjects(world)
        self.judgeOrder()
        self.judgeSuperseded()
        if self.isTimeOver { self.judgeReadiness(world) }
        for group in world.kafka.groups where group.regressions > 0 {
            self.note(.positionWentBack, "\(group.regressions) offsets of \(group.name) went back")
        }
    }

    private func judgeRollouts() {
        for id in self.expectedOrder {
            guard let expected = self.expected[id] else { continue }
            let name = "rollout \(id) of event \(expected.event.id)"
            guard let statuses = self.output.statuses[id] else {
                self.note(.lost, "\(name) has no status", id)
                continue
            }
            if statuses.ends.isEmpty { self.note(.unended, "\(name) has no last status", id) }
            if statuses.ends.count > 1 {
                let words = statuses.ends.map(\.rawValue).joined(separator: ", ")
                self.note(.endedTwice, "\(name) has ended \(statuses.ends.count) times: \(words)", id)
            }
            guard !expected.endsAtIntake, expected.event.kind != .large,
                !self.modelsThatMayFail.contains(expected.event.model)
            else { continue }
            if statuses.ends.contains(.failed) {
                self.note(.failed, "\(name): \(String(decoding: statuses.lastBody, as: UTF8.self))", id)
            }
        }
        for id in self.output.order where self.expected[id] == nil {
            self.note(.unasked, "rollout \(id) comes of no event", id)
        }
    }

    /// Each command is answered as often as it was said, and accepted once.
    private func judgeCommands() {
        for (id, count) in self.expectedCommands.sorted(by: { $0.key < $1.key }) {
            let outcomes = self.output.commands[id] ?? []
            let accepted = outcomes.count { $0 == "accepted" }
            if accepted == 0 { self.note(.lost, "\(id) was not accepted: \(outcomes)") }
            if accepted > 1 { self.note(.endedTwice, "\(id) was accepted \(accepted) times") }
            if outcomes.count > count { self.note(.unasked, "\(id) was said \(count) times: \(outcomes)") }
        }
        for id in self.output.commands.keys.sorted() where self.expectedCommands[id] == nil {
            self.note(.unasked, "\(id) was never said")
        }
    }

    private func judgeDeadLetters() {
        var counts: [Origin: Int] = [:]
        for origin in self.output.dead {
            guard let origin else {
                self.note(.unasked, "a dead letter without an origin")
                continue
            }
            counts[origin, default: 0] += 1
            if counts[origin] == 2, !self.mayRepeatDeadLetters {
                self.note(.deadTwice, "two dead letters of \(origin)")
            }
        }
        for origin in self.expectedDead where counts.removeValue(forKey: origin) == nil {
            self.note(
                .lost,
                "the unreadable event at \(origin.topic) \(origin.partition) \(origin.offset) has no dead letter"
            )
        }
        if !counts.isEmpty { self.note(.unasked, "\(counts.count) dead letters of events that can be understood") }
    }

    // MARK: The journal

    private func judgeJournal(_ world: World) {
        for partition in 0..<world.kafka.partitionCount(of: world.topics.journal) {
            let log = LogID(topic: world.topics.journal, partition: partition)
            var newest: (generation: Int, process: String)?
            _ = world.kafka.read(log, from: world.kafka[log].low, to: .max, limit: .max) { offset, record in
                guard let writer = Self.writer(of: record) else { return }
                if let newest {
                    if writer.generation < newest.generation {
                        self.note(
                            .staleWrite,
                            "journal \(partition) at \(offset): generation \(writer.generation) after \(newest.generation)"
                        )
                    } else if writer.generation == newest.generation, writer.process != newest.process {
                        self.note(
                            .staleWrite,
                            "journal \(partition) at \(offset): two writers in generation \(writer.generation)"
                        )
                    }
                }
                newest = writer
            }
        }
    }

    private static func writer(of record: PartitionLog.Record) -> (generation: Int, process: String)? {
        var (generation, process): (Int?, String?) = (nil, nil)
        for header in record.headers {
            switch header.name {
            case JournalRecord.HeaderName.generation: generation = header.text.flatMap { Int($0) }
            case JournalRecord.HeaderName.process: process = header.text
            default: break
            }
        }
        guard let generation, let process else { return nil }
        return (generation, process)
    }

    // MARK: Objects

    private func judgeObjects(_ world: World) {
        var groups: [String: [Objects.Making]] = [:]
        var order: [String] = []
        for making in self.objects.makings {
            if groups[making.thing] == nil { order.append(making.thing) }
            groups[making.thing, default: []].append(making)
        }
        for thing in order {
            guard let makings = groups[thing] else { continue }
            let known = makings.filter { self.isKnown($0) }
            let right = known.last?.id ?? makings[0].id
            guard !self.isNeverPolled(makings) else { continue }
            for making in makings where making.id != right || (known.isEmpty && making.rollout != nil) {
                self.judgeStray(making, isSurplus: making.id != right)
            }
        }
    }

    /// Whether they are a gateway's twins of what was ready in the very answer to its creation, or of a version.
    ///
    /// Nothing is asked again then, and a look of its own for each thing that is made would be a request too many.
    private func isNeverPolled(_ makings: [Objects.Making]) -> Bool {
        guard makings.allSatisfy(\.isTwin), makings.contains(where: \.isAnswered) else { return false }
        return switch makings[0].kind {
        case .version: true
        case .model: false
        case .build: self.plan.settings.building == 0
        case .deployment: self.plan.settings.deploying == 0
        }
    }

    /// Whether its rollout has told that it goes by it.
    func isKnown(_ making: Objects.Making) -> Bool {
        guard let rollout = making.rollout, let statuses = self.output.statuses[rollout] else {
            return making.rollout == nil
        }
        // Whose rollout has not ended may still come to know it; that it has not ended is told elsewhere.
        return statuses.ends.isEmpty || statuses.lastBody.holds(making.id)
    }

    private func judgeStray(_ making: Objects.Making, isSurplus: Bool) {
        let object = "\(making.kind.rawValue) \(making.id) (\(making.thing))"
        guard let explanation = self.explanation(of: making) else {
            self.note(isSurplus ? .duplicated : .unexplainedOrphan, object, making.rollout)
            return
        }
        guard making.kind != .model, let rollout = making.rollout else { return }
        let isTold = self.output.statuses[rollout]?.orphanReports.contains { $0.holds(making.id) } ?? false
        if !isTold { self.note(.untoldOrphan, "\(object): \(explanation)", rollout) }
    }

    /// What, outside the worker's power, made an object.
    private func explanation(of making: Objects.Making) -> String? {
        if making.isLate { return "applied late" }
        if making.isTwin { return "sent on twice by a gateway" }
        // Nothing is handed over after the last check has failed, but what was handed over before is sent after a thaw.
        if making.isZombie { return "sent by a worker that had stood still with it" }
        // A replay and its event may register one run at a time when no list shows it; both go by the older version then.
        if making.kind == .version, self.goesByAnotherVersion(than: making) {
            return "its rollout goes by a version that another rollout of the run has registered"
        }
        // Nothing more could be written of it, so that it ended at once, whatever its last call had done.
        if let rollout = making.rollout, let end = self.output.statuses[rollout]?.lastBody,
            end.holds(CauseClass.recordTooLarge.rawValue)
        {
            return "its rollout could not be written down any more"
        }
        return nil
    }

    private func goesByAnotherVersion(than making: Objects.Making) -> Bool {
        guard let rollout = making.rollout, let end = self.output.statuses[rollout]?.lastBody,
            let run = self.objects.runOfVersion[making.id]
        else { return false }
        return self.objects.makings.contains { other in
            other.kind == .version && other.rollout != rollout && self.objects.runOfVersion[other.id] == run
                && end.holds(other.id)
        }
    }

    // MARK: The end

    private func judgeReadiness(_ world: World) {
        for process in world.processes where !process.isGone {
            for (name, condition) in process.conditions.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                self.note(.notReady, "process \(process.number), \(name.rawValue): \(condition.cause)")
            }
            if !process.isIdle {
                self.note(
                    .notReady,
                    "process \(process.number) is at work: \(process.machine.rollouts.unfinishedCount) rollouts, "
                        + "\(process.machine.rollouts.unsweptCount) clean-ups, \(process.machine.planner.count) entries"
                )
            }
        }
        for worker in 0..<self.plan.settings.workers where world.process(of: worker) == nil {
            self.note(.notReady, "worker \(worker) is gone")
        }
    }
}

extension [UInt8] {
    /// Whether a text is somewhere in it.
    fileprivate func holds(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, self.count >= bytes.count else { return false }
        for start in 0...(self.count - bytes.count) where self[start] == first {
            if self[start..<(start + bytes.count)].elementsEqual(bytes) { return true }
        }
        return false
    }
}
