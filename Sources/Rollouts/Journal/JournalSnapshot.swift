// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
package import Values

/// What a journal partition says, built up record by record in the order of their offsets.
///
/// One record that can't be read is no reason to stop: it is kept as a defect of its key, until a later record or a tombstone
/// of that key heals it. What it parks is said with it (rule 18).
package struct JournalSnapshot: Sendable {
    /// A record that is decoded once all are read.
    private struct Body: Sendable {
        var value: [UInt8]
        var headers: JournalHeaders
        var offset: Offset?
    }

    /// Where a record stands and what its header fields say.
    private struct Place {
        var key: UnsafeRawBufferPointer
        var offset: Offset?
        var headers: JournalHeaders
    }

    /// Records of rollouts that are not over: not ended, or still to be swept.
    private var unfinished: [RolloutID: Body] = [:]
    private var lanes: [Lane.Key: Body] = [:]
    private var known = KnownRollouts()
    /// What the partition belongs to; `nil` where no worker has had it yet, or its record can't be read.
    package private(set) var start: StartRecord?
    /// Up to where the commands are done; `nil` where none was ever read, or its record can't be.
    package private(set) var commands: CommandsPosition?
    /// The commands that are done, so that no other ones of their ids are.
    package private(set) var doneCommands = DoneCommands()
    /// Records added.
    package private(set) var recordCount = 0
    private var defects: [[UInt8]: JournalDefect] = [:]
    private var foreign: [[UInt8]: Offset?] = [:]

    /// Ended rollouts of the last hour, of routes that count them.
    private var acceptedLately: [RolloutID: RecentAcceptance] = [:]

    /// For records that have no time.
    private let now: Timestamp
    /// Routes of which is kept what they have taken within the hour.
    private let hourlyRoutes: Set<String>

    /// Creates the snapshot of an empty journal.
    ///
    /// - Parameters:
    ///   - now: Now, for records that have no time of their own, and for the last hour.
    ///   - hourlyRoutes: Routes of which is kept what they have taken within the last hour; for others nothing is read of
    ///     rollouts that have ended.
    package init(now: Timestamp = .latest, hourlyRoutes: Set<String> = []) {
        self.now = now
        self.hourlyRoutes = hourlyRoutes
    }

    /// Adds the next record.
    ///
    /// - Parameters:
    ///   - key: The record's key; lent, and copied where it is kept.
    ///   - offset: Where it stands, where that is known.
    ///   - time: The record's time, where it has one.
    ///   - headers: What its header fields say.
    ///   - value: The record's value; asked for only where it is kept.
    package mutating func add(
        key: UnsafeRawBufferPointer,
        offset: Offset? = nil,
        time: Timestamp? = nil,
        headers: JournalHeaders,
        value: () -> [UInt8]?
    ) {
        self.recordCount += 1
        // A later record of a key counts, whatever stood there before.
        if !self.defects.isEmpty { self.defects[Array(key)] = nil }
        let place = Place(key: key, offset: offset, headers: headers)
        switch JournalKey(key) {
        case .rollout(let id): self.addRollout(id, place, time, value)
        case .lane(let lane): self.addLane(lane, place, value())
        case .start: self.addStart(place, value())
        case .commands: self.addCommands(place, value())
        case .command(let name): self.addCommand(name, place, time, value())
        case nil: self.addForeign(place, isTombstone: headers.kind == nil && value() == nil)
        }
    }

    private mutating func addRollout(_ id: RolloutID, _ place: Place, _ time: Timestamp?, _ value: () -> [UInt8]?) {
        let headers = place.headers
        // A tombstone says nothing of a kind: what it names is older than the horizon, and known no longer.
        if headers.kind == nil, value() == nil {
            self.unfinished[id] = nil
            self.known.forget(id)
            return
        }
        if let reason = headers.objection(allowed: [.rollout, .moved]) {
            self.park(id, Self.defect(place, reason, parks: headers.parksOfRollout))
            return
        }
        // A record without a time counts as new: it is forgotten a horizon after the first restore that met it.
        guard headers.kind == .rollout else {
            // It goes on elsewhere: known here, and over.
            self.known.restore(id, endedAt: time ?? self.now)
            self.unfinished[id] = nil
            return
        }
        let endedAt = headers.isTerminal ? time ?? self.now : nil
        self.known.restore(id, endedAt: endedAt, isFailed: headers.isFailed)
        if headers.isTerminal, !headers.isToBeSwept {
            if !self.unfinished.isEmpty { self.unfinished[id] = nil }
            self.keepIfRecent(id, endedAt: time ?? self.now, value)
        } else {
            self.unfinished[id] = value().map { Body(value: $0, headers: headers, offset: place.offset) }
        }
    }

    /// What has ended before the hour was accepted before it, too, so that few records are read at all.
    private mutating func keepIfRecent(_ id: RolloutID, endedAt: Timestamp, _ value: () -> [UInt8]?) {
        guard !self.hourlyRoutes.isEmpty else { return }
        let begin = self.now.advanced(by: .zero - HourCounts.window)
        guard endedAt > begin, let bytes = value() else { return }
        let found: RecentAcceptance?
        do {
            found = RecentAcceptance(id, try JSONValue(parsing: bytes))
        } catch {
            // Nothing of an ended rollout can be unreadable: it is over, and parks nothing.
            found = nil
        }
        guard let found, found.at > begin, self.hourlyRoutes.contains(found.route) else { return }
        self.acceptedLately[id] = found
    }

    private mutating func addLane(_ lane: Lane.Key, _ place: Place, _ value: [UInt8]?) {
        self.lanes[lane] = nil
        guard let value else { return }
        if let reason = place.headers.objection(allowed: [.lane]) {
            self.note(Self.defect(place, reason, parks: .lane(lane)))
        } else {
            self.lanes[lane] = Body(value: value, headers: place.headers, offset: place.offset)
        }
    }

    private mutating func addStart(_ place: Place, _ value: [UInt8]?) {
        self.start = nil
        guard let value else { return }
        if let reason = place.headers.objection(allowed: [.start]) {
            self.note(Self.defect(place, reason, parks: .partition))
            return
        }
        do {
            self.start = StartRecord(try JSONValue(parsing: value))
            guard self.start == nil else { return }
            let reason = JournalDefect.Reason.undecodable("it says no partitions, group and workbench")
            self.note(Self.defect(place, reason, parks: .partition))
        } catch {
            self.note(Self.defect(place, .undecodable(String(describing: error)), parks: .partition))
        }
    }

    /// Without its position a partition would do every command a second time: it waits until the record is healed.
    private mutating func addCommands(_ place: Place, _ value: [UInt8]?) {
        self.commands = nil
        guard let value else { return }
        if let reason = place.headers.objection(allowed: [.position]) {
            self.note(Self.defect(place, reason, parks: .partition))
            return
        }
        do {
            self.commands = CommandsPosition(try JSONValue(parsing: value))
            guard self.commands == nil else { return }
            self.note(Self.defect(place, .undecodable("it says no next command"), parks: .partition))
        } catch {
            self.note(Self.defect(place, .undecodable(String(describing: error)), parks: .partition))
        }
    }

    /// What was asked for by a record that can't be read nobody knows: no other command of that id is done.
    private mutating func addCommand(_ name: CommandName, _ place: Place, _ time: Timestamp?, _ value: [UInt8]?) {
        self.doneCommands[name] = nil
        guard let value else { return }
        self.doneCommands[name] = DoneCommand(nil, at: time ?? self.now)
        if let reason = place.headers.objection(allowed: [.command]) {
            self.note(Self.defect(place, reason, parks: .command))
            return
        }
        do {
            if let command = DoneCommand(try JSONValue(parsing: value)) {
                self.doneCommands[name] = command
            } else {
                self.note(Self.defect(place, .undecodable("it says no rollout, wish and time"), parks: .command))
            }
        } catch {
            self.note(Self.defect(place, .undecodable(String(describing: error)), parks: .command))
        }
    }

    /// A key that is nobody's of ours is ignored, unless its record names a lane: then a newer version wrote it.
    private mutating func addForeign(_ place: Place, isTombstone: Bool) {
        if !isTombstone, let lane = place.headers.laneKey {
            let reason = place.headers.unknownSchema.map { JournalDefect.Reason.unknownSchema(Self.text($0)) }
            self.note(Self.defect(place, reason ?? .notOurs, parks: .lane(lane)))
            return
        }
        let key = Array(place.key.prefix(Self.mostForeignBytes))
        guard !isTombstone else {
            self.foreign[key] = nil
            return
        }
        guard self.foreign[key] != nil || self.foreign.count < JournalFindings.mostForeign else { return }
        self.foreign[key] = .some(place.offset)
    }

    /// How much of a foreign key is kept; what is longer counts as one with all that begin so.
    private static let mostForeignBytes = 256

    /// Whether something stands under a key, read or not.
    package func holds(_ key: [UInt8]) -> Bool {
        guard self.defects[key] == nil else { return true }
        return switch key.withUnsafeBytes({ JournalKey($0) }) {
        case .rollout(let id): self.known.contains(id)
        case .lane(let lane): self.lanes[lane] != nil
        case .start: self.start != nil
        case .commands: self.commands != nil
        case .command(let name): self.doneCommands[name] != nil
        case nil: self.foreign[Array(key.prefix(Self.mostForeignBytes))] != nil
        }
    }

    // MARK: Defects

    /// The rollout stays known, so that its event is not accepted a second time, and nobody ends or forgets it.
    private mutating func park(_ id: RolloutID, _ defect: JournalDefect) {
        self.unfinished[id] = nil
        self.known.forget(id)
        self.known.restore(id, endedAt: nil)
        self.note(defect)
    }

    private mutating func note(_ defect: JournalDefect) { self.defects[defect.key] = defect }

    private static func defect(
        _ place: Place,
        _ reason: JournalDefect.Reason,
        parks: JournalDefect.Parks
    ) -> JournalDefect {
        JournalDefect(key: Array(place.key), offset: place.offset, reason: reason, parks: parks)
    }

    fileprivate static func text(_ bytes: [UInt8]) -> String { JournalKeyText.text(bytes.prefix(200)) }

    // MARK: What it comes to

    /// Returns what the journal says; decodes the unfinished rollouts and the lanes.
    package consuming func restored() -> Coordinator.Restored {
        let states = self.decodeRollouts()
        let lanes = self.decodeLanes()
        let defects = self.defects.values.sorted { left, right in
            (left.offset?.rawValue ?? 0, left.keyText) < (right.offset?.rawValue ?? 0, right.keyText)
        }
        let foreign = self.foreign.map { JournalFindings.ForeignKey(key: $0.key, offset: $0.value) }
            .sorted { ($0.offset?.rawValue ?? 0, $0.keyText) < ($1.offset?.rawValue ?? 0, $1.keyText) }
        return Coordinator.Restored(
            unfinished: states.filter { !$0.phase.isTerminal },
            known: self.known,
            lanes: lanes,
            unswept: states.filter(\.phase.isTerminal),
            acceptedLately: self.acceptedLately.values.sorted { ($0.at, $0.id) < ($1.at, $1.id) },
            findings: JournalFindings(defects: defects, foreign: foreign)
        )
    }

    private mutating func decodeRollouts() -> [RolloutState] {
        let decoder = JSONDecoder()
        var texts = NeighbourTexts()
        var states: [RolloutState] = []
        states.reserveCapacity(self.unfinished.count)
        // In one order always: hash tables have another one in each process, and what is decided must not depend on it.
        for (id, body) in self.unfinished.sorted(by: { $0.key < $1.key }) {
            do throws(JournalDefect.Reason) {
                var state = try Self.decode(RolloutState.self, body.value, decoder)
                guard state.id == id else { throw .impossible("its value is of rollout \(state.id)") }
                if let reason = state.impossibility { throw .impossible(reason) }
                texts.share(with: &state)
                states.append(state)
            } catch {
                let defect = JournalDefect(
                    key: Array(id.description.utf8),
                    offset: body.offset,
                    reason: error,
                    parks: body.headers.parksOfRollout
                )
                self.park(id, defect)
            }
        }
        return states
    }

    private mutating func decodeLanes() -> [LaneState] {
        let decoder = JSONDecoder()
        var lanes: [LaneState] = []
        for (key, body) in self.lanes.sorted(by: { $0.key.journalText < $1.key.journalText }) {
            do throws(JournalDefect.Reason) {
                let lane = try Self.decode(LaneState.self, body.value, decoder)
                guard lane.key == key else { throw .impossible("its value is of lane '\(lane.key.journalText)'") }
                if let reason = lane.impossibility { throw .impossible(reason) }
                lanes.append(lane)
            } catch {
                self.note(
                    JournalDefect(key: JournalKey.bytes(of: key), offset: body.offset, reason: error, parks: .lane(key))
                )
            }
        }
        return lanes
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type,
        _ bytes: [UInt8],
        _ decoder: JSONDecoder
    ) throws(JournalDefect.Reason) -> Value {
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch {
            throw .undecodable(Self.text(Array(String(describing: error).utf8)))
        }
    }
}

extension JournalHeaders {
    /// Why a record under a key of ours is none of these kinds, in a format that is known; `nil` where it is.
    fileprivate func objection(allowed: [Kind]) -> JournalDefect.Reason? {
        guard let kind = self.kind else { return .notOurs }
        if let schema = self.unknownSchema { return .unknownSchema(JournalSnapshot.text(schema)) }
        return allowed.contains(kind) ? nil : .notOurs
    }

    fileprivate var laneKey: Lane.Key? { self.lane.flatMap { Lane.Key(journalText: $0) } }

    /// What an unreadable record of a rollout parks.
    ///
    /// A rollout that is not resolved, that ended without anything to be swept, or that has moved, holds no lane: it stands
    /// still alone. Every other one names its lane; one that doesn't may be any model's.
    fileprivate var parksOfRollout: JournalDefect.Parks {
        if let lane = self.laneKey { return .lane(lane) }
        switch self.kind {
        case .moved: return .rollout
        case .rollout where self.isResolving || self.isTerminal && !self.isToBeSwept: return .rollout
        case .rollout, .lane, .start, .position, .command, .foreign, nil: return .partition
        }
    }
}
